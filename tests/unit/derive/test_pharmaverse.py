"""Eight designed patients of the pharmaverse test study, three evaluators each: their responses follow from lesions."""

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from trialwright.derive import response
from trialwright.records import TrialData

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "pharmaverse" / "sdtm"
READERS = {"": "investigator", "RADIOLOGIST 1": "first reader", "RADIOLOGIST 2": "second reader"}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the folder {FOLDER} is not here")


def read(name):
    with (FOLDER / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def who(row, prefix):
    return {"subject": row["USUBJID"], "evaluator": READERS[row[f"{prefix}EVALID"]]}


def day(text):
    """Return the date; where only the month is known, its middle, which keeps the order of the visits."""
    return date.fromisoformat(text[:10] if len(text) >= 10 else f"{text}-15")


def measured(row, number):
    state = {"PRESENT": "present", "ABSENT": "absent"}.get(row["TRSTRESC"], "measured")
    # Down to the tenth: one patient's 4.95 mm after nothing would become the 5 mm that progression needs.
    diameter = int(Decimal(row["TRSTRESN"]) * 10) if row["TRSTRESN"] else None
    shown = {"lesion": row["TRLNKID"], "diameter": diameter, "state": state if diameter is None else "measured"}
    if diameter is None and row["TRTESTCD"] in ("LDIAM", "LPERP"):
        shown["state"] = "not evaluable"
    return who(row, "TR") | shown | {"number": number, "assessed_on": day(row["TRDTC"])}


def converted():
    """Return the lesions as a trial; of a lesion the long axis counts, of a node the short axis."""
    identified = {(*who(row, "TU").values(), row["TULNKID"]): row for row in read("tu_onco_recist")}
    rows = defaultdict(list)
    for (subject, evaluator, lesion), row in identified.items():
        node = row["TULOC"] == "LYMPH NODE"
        role = {"TARGET": "target", "NON-TARGET": "non-target"}.get(row["TUSTRESC"], "new")
        named = {"subject": subject, "evaluator": evaluator, "lesion": lesion}
        rows["lesions"].append(
            named | {"role": role, "organ": row["TULOC"], "node": node, "found_on": date(2014, 1, 1)}
        )
    performed = {}
    for row in read("tr_onco_recist"):
        own = tuple(who(row, "TR").values())
        lesion = identified[*own, row["TRLNKID"]]
        axis = "LPERP" if lesion["TULOC"] == "LYMPH NODE" else "LDIAM"
        number = 0 if row["VISIT"] == "SCREENING" else int(float(row["VISITNUM"]))
        if row["TRTESTCD"] == (axis if lesion["TUSTRESC"] == "TARGET" else "TUMSTATE"):
            shown = measured(row, number)
            performed[*own, number] = shown["assessed_on"]
            if shown not in rows["measurements"]:  # the source repeats some records word for word
                rows["measurements"].append(shown)
    for (subject, evaluator, number), on in performed.items():
        scan = {"subject": subject, "evaluator": evaluator, "number": number}
        rows["assessments"].append(scan | {"planned_on": on, "assessed_on": on})
    return TrialData.from_rows("pharmaverse", rows, virtual=True)


def test_all_published_overall_responses(protocol_with):
    protocol = protocol_with(assessments={"evaluators": list(READERS.values())})
    data = converted()
    found = {
        (row["subject"], row["evaluator"], row["number"]): row["response"]
        for evaluator in READERS.values()
        for row in response(data, protocol, evaluator).rows(named=True)
    }
    published = {
        (*who(row, "RS").values(), int(float(row["VISITNUM"]))): row["RSSTRESC"] for row in read("rs_onco_recist")
    }
    assert len(published) == 66
    assert {key: found.get(key) for key in published} == published
