"""The patterns of the grammar: numbers, intervals, P values, names of statistics, counts, context."""

from __future__ import annotations

import re

__all__ = [
    "AGAINST",
    "ANCHORS",
    "BARE",
    "CONTEXT",
    "COUNTS",
    "ENDPOINTS",
    "INTERVAL",
    "NUMERAL",
    "P_VALUE",
    "SHARES",
    "UNIT",
    "plain",
]

_DASHES, _BLANKS = "\u2013\u2014\u2212\u2010\u2011", "\u00a0\u2009\u202f\t"
_SAME = str.maketrans(dict.fromkeys(_DASHES, "-") | dict.fromkeys(_BLANKS, " ") | {"\u00b7": "."})


def plain(text: str) -> str:
    """Return the text with one kind of dash, blank and decimal point, every character at its old place.

    >>> plain("0\u00b784 (0\u00b766\u20131\u00b707)")
    '0.84 (0.66-1.07)'
    """
    return text.translate(_SAME)


def _any(*patterns: str) -> re.Pattern[str]:
    """Return one pattern for any of them; a blank outside brackets stands for any stretch of blanks."""
    return re.compile(re.sub(r"(?<!\[) (?!-?\])", r"\\s+", "|".join(patterns)), re.IGNORECASE)


N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?![\d.]*%|\.\d)"
# Names that hold digits (CDK4/6, HER2, NCT03809988, PALOMA-2) and DOIs are swallowed whole: they are no numbers.
NUMERAL = re.compile(rf"[A-Za-z]+-?\d\w*(?:/\d+)*|10\.\d{{4,9}}/\S+|(?P<number>{N})")
INTERVAL = re.compile(
    r"(?:(?P<level>\d{2}(?:\.\d+)?)\s*%\s*)?(?:CIs?|confidence interval)\b"
    r"\s*[,:=\[(]*\s*(?:of|was|is|from)?\s*[\[(]?\s*"
    rf"(?P<lower>{N})\s*%?\s*(?:to|-|and|,)\s*(?P<upper>{N})",
    re.IGNORECASE,
)
BARE = re.compile(rf"\(\s*(?P<lower>{N})\s*%?\s*(?:to|-)\s*(?P<upper>{N})\s*%?\s*[),;]")
P_VALUE = re.compile(
    r"(?:(?P<sides>one|two|1|2)[ -]sided\s+)?(?:log-?\s?rank\s+)?\bP(?:[ -]?value)?"
    r"\s*(?P<operator>=|<|>|≤|of|was|is)\s*"
    rf"(?P<p>{N})",
    re.IGNORECASE,
)
AGAINST = re.compile(r"(?<![\w.])(?:v|vs\.?|versus|compared (?:with|to)|against|and|;|v\.)(?!\w)", re.IGNORECASE)
UNIT = re.compile(r"\s*(?:%|percent\b|per cent\b|months?\b|mo\b|weeks?\b|years?\b|days?\b)?", re.IGNORECASE)

_ENDPOINTS = {
    "PFS": r"progression[- ]free survival|PFS",
    "OS": r"overall survival|OS",
    "TTP": r"time to progression|TTP",
    "DOR": r"duration of response|DoR",
    "follow-up": r"follow[- ]up",
    "age": r"age",
}
ENDPOINTS = {name: _any(rf"\b(?:{words})\b") for name, words in _ENDPOINTS.items()}
_TIMES = "|".join(_ENDPOINTS.values())
_GRADES = r"grades?\s+(?:≥\s?3|3\s?(?:-|to|or|and)\s?(?:[45]|higher|more|greater|above)|3|4)[\w -]*?"
_HARMS = r"(?:adverse events?|AEs|TEAEs|toxicit\w+|events?)"
SHARES = "|".join(
    (
        r"(?:objective|overall) response(?: rates?)?|ORR|clinical benefit(?: rates?)?|CBR|disease control(?: rates?)?",
        r"(?:complete|partial) responses?(?: rates?)?",
        rf"{_GRADES}{_HARMS}|{_GRADES}",
        r"neutropenia|leukopenia|an(?:a)?emia|thrombocytopenia|fatigue|nausea",
    )
)
ANCHORS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("hazard ratio", _any(r"\b(?:hazard ratio|HR)\b(?!\+)")),
    ("odds ratio", re.compile(r"\b(?:[Oo]dds ratio|OR)\b(?=\s*[,:=(]?\s*\d)")),
    ("risk ratio", _any(r"\b(?:(?:risk|rate) ratio|RR)\b")),
    ("median", _any(rf"\bmedian\s+(?:[\w-]+\s+){{0,3}}?(?:{_TIMES})\b|\bm(?:PFS|OS)\b")),
    ("rate", _any(rf"\b(?P<at>\d+)-(?:month|year)\s+(?:{_TIMES})(?:\s+rates?)?")),
    ("share", _any(rf"(?<!\w)(?:{SHARES})(?!\w)")),
    ("alpha", _any(r"\b(?:alpha|type I error|significance level)\b")),
)
"""Names of statistics whose number follows."""
COUNTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("power", _any(rf"(?P<value>{N})\s*%\s+power|\bpower\s+(?:of\s+)?(?P<behind>{N})\s*%")),
    (
        "count",
        _any(rf"(?P<value>{_WHOLE})\s*(?:of|/)\s*(?P<of>{_WHOLE})(?:\s+patients)?(?:\s*\(\s*(?P<percent>{N})\s*%)?"),
    ),
    ("patients", _any(rf"\bn\s*=\s*(?P<value>{_WHOLE})")),
    ("patients", _any(rf"(?P<value>{_WHOLE})\s+(?:\w+\s+)?(?:patients|participants|women|men|subjects)\b")),
    (
        "patients",
        _any(
            rf"(?<![\w.])(?!(?:19|20)\d\d\b)(?P<value>{_WHOLE})\s+(?:were\s+)?(?:(?:randomly\s+)?(?:assigned|allocated)\s+)?to\s+(?=[a-z])"
        ),
    ),
    ("patients", _any(rf"\benroll?ment\b[^\d.;]{{0,30}}(?P<value>{_WHOLE})")),
    ("events", _any(rf"(?P<value>{_WHOLE})\s+(?:PFS\s+|OS\s+|progression\s+)?(?:events|deaths)\b")),
    ("sites", _any(rf"(?P<value>{_WHOLE})\s+(?:sites|cent(?:er|re)s|countries|hospitals)\b")),
)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*"
_SPAN = rf"(?:{N})(?:\s*(?:or|and|to|-)\s*(?:{N}))?"
CONTEXT: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "identifier",
        _any(r"\b\d{4}-\d{6}-\d{2}\b", r"\b\d+\(\w+\):[\w-]+", r"\b\d{4};\d+(?:\(\w+\))?:[\w-]+", r"\babstract\s+\w+"),
    ),
    (
        "date",
        _any(
            r"\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b",
            rf"\b\d{{1,2}}\s+{_MONTH}(?:\s+\d{{4}})?",
            rf"\b{_MONTH}\.?\s+(?:\d{{1,2}},?\s*)?(?:\d{{4}})?",
            r"\b(?:19|20)\d\d\b",
        ),
    ),
    ("ratio of allocation", _any(r"\b\d+\s*:\s*\d+(?:\s*:\s*\d+)*\b")),
    ("dose", _any(rf"{_SPAN}\s*(?:mg|mcg|µg|g|mL|IU|Gy)\b(?:/\w+)?")),
    ("duration", _any(rf"{_SPAN}[ -]?(?:days?|weeks?|months?|years?|hours?)\b", r"\b(?:day|week|month|cycle)s?\s+\d+")),
    (
        "line, phase, grade or version",
        _any(
            r"\b\d(?:st|nd|rd|th)\b",
            r"\bphase\s+\d\w?",
            r"\bgrades?\s+[1-5](?:\s*(?:-|to|or|and)\s*[1-5])?",
            r"\bECOG[\w ]*\d(?:\s*(?:-|to|or)\s*\d)?",
            r"\b(?:version|RECIST(?:\s+version)?)\s+v?[\d.]+",
        ),
    ),
)
"""Numbers that are no results."""
