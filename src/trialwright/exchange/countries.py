"""Codes of countries by ISO 3166-1 alpha-3, for the English names that protocols use."""

from __future__ import annotations

__all__ = ["COUNTRY_CODES"]

COUNTRY_CODES = {
    "Argentina": "ARG", "Australia": "AUS", "Austria": "AUT", "Belgium": "BEL", "Brazil": "BRA", "Bulgaria": "BGR",
    "Canada": "CAN", "Chile": "CHL", "China": "CHN", "Colombia": "COL", "Croatia": "HRV", "Czech Republic": "CZE",
    "Czechia": "CZE", "Denmark": "DNK", "Egypt": "EGY", "Estonia": "EST", "Finland": "FIN", "France": "FRA",
    "Georgia": "GEO", "Germany": "DEU", "Greece": "GRC", "Hong Kong": "HKG", "Hungary": "HUN", "India": "IND",
    "Ireland": "IRL", "Israel": "ISR", "Italy": "ITA", "Japan": "JPN", "Korea, Republic of": "KOR", "Latvia": "LVA",
    "Lithuania": "LTU", "Malaysia": "MYS", "Mexico": "MEX", "Netherlands": "NLD", "New Zealand": "NZL", "Norway": "NOR",
    "Peru": "PER", "Philippines": "PHL", "Poland": "POL", "Portugal": "PRT", "Romania": "ROU", "Russia": "RUS",
    "Russian Federation": "RUS", "Serbia": "SRB", "Singapore": "SGP", "Slovakia": "SVK", "Slovenia": "SVN",
    "South Africa": "ZAF", "South Korea": "KOR", "Spain": "ESP", "Sweden": "SWE", "Switzerland": "CHE",
    "Taiwan": "TWN", "Thailand": "THA", "Turkey": "TUR", "Ukraine": "UKR", "United Kingdom": "GBR",
    "United States": "USA", "Vietnam": "VNM",
}  # fmt: skip
"""Name: code; a country that is not here stands in SDTM by its name."""
