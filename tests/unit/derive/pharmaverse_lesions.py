"""The lesions and recorded responses of the pharmaverse test studies as a trial, renamed for the tests of RECIST."""

import csv
import gzip
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from trialwright.records import TrialData

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "pharmaverse" / "sdtm"
READERS = {"": "investigator", "RADIOLOGIST 1": "first reader", "RADIOLOGIST 2": "second reader"}
ROLES = {"TARGET": "target", "NON-TARGET": "non-target", "NEW": "new"}
STATES = {"PRESENT": "present", "ABSENT": "absent", "EQUIVOCAL": "equivocal", "UNEQUIVOCAL": "unequivocal"}
KINDS = {"TRGRESP": "target", "NTRGRESP": "non-target", "OVRLRESP": "overall", "NEWLPROG": "new lesion"}


def rows_of(name):
    path = next(path for path in (FOLDER / f"{name}.csv", FOLDER / f"{name}.csv.gz") if path.exists())
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def who(row, prefix):
    return {"subject": row["USUBJID"], "evaluator": READERS[row[f"{prefix}EVALID"]]}


def day(text):
    """Return the date; where only the month is known, its middle, which keeps the order of the visits."""
    return date.fromisoformat(text[:10] if len(text) >= 10 else f"{text}-15")


def number(row, prefix):
    """Return the visit in hundredths, the baseline 0; one subject's unscheduled visit was held twice."""
    if row["VISIT"] in ("SCREENING", "BASELINE"):
        return 0
    again = row["USUBJID"] == "01-711-1143" and row[f"{prefix}DTC"][:10] == "2013-09-22"
    return int(Decimal(row["VISITNUM"]) * 100) + again


def state_of(row, role):
    if row["TRSTAT"] == "NOT DONE":
        return "not evaluable"
    if row["TRSTRESC"] == "UNEQUIVOCAL" and role == "non-target":
        return "progressed"
    return STATES[row["TRSTRESC"]]


AXES = {
    "as the source sums it": lambda place: "DIAMETER",
    "long axis, of a node the short one": lambda place: "LPERP" if place == "LYMPH NODE" else "LDIAM",
    "short axis": lambda place: "LPERP",
}


def random_lesions(axis="as the source sums it"):
    """Return the study of random lesions: every subject, three evaluators, with the responses they recorded."""
    rows = defaultdict(list)
    roles = {}
    for row in rows_of("tu_onco"):
        own, role = who(row, "TU"), ROLES[row["TUSTRESC"]]
        roles[*own.values(), row["TULNKID"]] = role, AXES[axis](row["TULOC"])
        rows["lesions"].append(
            own
            | {"lesion": row["TULNKID"], "role": role, "organ": row["TULOC"] or "unknown"}
            | {"node": row["TULOC"] == "LYMPH NODE", "found_on": day(row["TUDTC"])}
        )
    scanned = {}
    for row in rows_of("tr_onco"):
        own = who(row, "TR")
        role, measured = roles.get((*own.values(), row["TRLNKID"]), (None, None))
        if role is None or row["TRTESTCD"] != (measured if role == "target" else "TUMSTATE"):
            continue
        at = own | {"number": number(row, "TR"), "assessed_on": day(row["TRDTC"])}
        scanned[*own.values(), at["number"]] = max(
            at["assessed_on"], scanned.get((*own.values(), at["number"]), date.min)
        )
        seen = {"lesion": row["TRLNKID"], "diameter": None}
        if role == "target" and row["TRSTRESN"]:
            seen |= {"diameter": int(Decimal(row["TRSTRESN"]) * 10), "state": "measured"}
        else:
            seen |= {"state": "not evaluable" if role == "target" else state_of(row, role)}
        rows["measurements"].append(at | seen)
    for (subject, evaluator, at), on in scanned.items():
        scan = {"subject": subject, "evaluator": evaluator, "number": at}
        rows["assessments"].append(scan | {"planned_on": on, "assessed_on": on})
    rows["recorded_responses"] = [recorded(row) for row in rows_of("rs_onco")]
    return TrialData.from_rows("pharmaverse", rows, virtual=True)


def recorded(row):
    said = {"kind": KINDS[row["RSTESTCD"]], "response": row["RSSTRESC"], "record": f"RS {row['RSSEQ']}"}
    return (
        who(row, "RS") | said | {"number": number(row, "RS"), "visit": row["VISIT"], "assessed_on": day(row["RSDTC"])}
    )
