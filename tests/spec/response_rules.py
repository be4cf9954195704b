"""The rules of RECIST 1.1 as tables: each with its source, its histories, the answers and why.

Tests run them; docs/rules is written from them. A line of a history is a lesion and what each assessment showed of it,
the baseline first: ``T1 node: 150 120 NE -``. T is a target, N a non-target, X a new lesion; numbers are tenths of a
millimeter, ``-`` is no record. ``T1b of T1`` is a part of T1 since that split; ``T2 into T1`` has merged into T1 where
it is ``merged``.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from trialwright.derive.response import patient_by_patient
from trialwright.derive.response_columns import by_columns
from trialwright.records import TrialData

BASELINE = date(2023, 12, 25)
ROLES = {"T": "target", "N": "non-target", "X": "new"}
WORDS = {"gone": "absent", "left": "present", "PD": "progressed", "NE": "not evaluable", "small": "too small"}


@dataclass(frozen=True)
class Case:
    """One history: why it is there, the lesions, and the response at each assessment after baseline."""

    why: str
    lesions: str
    expected: str

    @property
    def lines(self):
        """Lesions with what each assessment showed."""
        return [Line.of(text) for text in self.lesions.strip().splitlines()]


@dataclass(frozen=True)
class Line:
    """One lesion."""

    name: str
    node: bool
    whole: str | None
    into: str | None
    shown: tuple[str, ...]

    @classmethod
    def of(cls, text):
        head, shown = text.split(":")
        name, *words = head.split()
        linked = {word: words[place + 1] for place, word in enumerate(words) if word in ("of", "into")}
        return cls(name, "node" in words, linked.get("of"), linked.get("into"), tuple(shown.split()))


@dataclass(frozen=True)
class Rule:
    """A rule with its histories."""

    id: str
    title: str
    source: str
    cases: tuple[Case, ...]


def rule(id, title, source, *cases):
    return Rule(id, title, source, tuple(Case(*case) for case in cases))


RULES = (
    rule(
        "target",
        "Target lesions",
        "Eisenhauer et al. 2009, section 4.3.1",
        ("30 percent below baseline is a partial response", "T1: 1000 700", "PR"),
        ("a little less is stable disease", "T1: 1000 701", "SD"),
        ("20 percent and 5 mm above the nadir is progression", "T1: 350 420", "PD"),
        ("a little less is stable disease, to the last tenth", "T1: 350 419", "SD"),
        ("20 percent but not 5 mm is stable disease", "T1: 100 120", "SD"),
        ("5 mm but not 20 percent is stable disease", "T1: 400 470", "SD"),
        ("progression counts from the smallest sum, not from baseline", "T1: 1000 500 600", "PR PD"),
        ("the nadir stays when the sum rises again", "T1: 1000 300 340 380", "PR PR PD"),
        ("progression comes before partial response", "T1: 1000 300 400", "PR PD"),
        ("all targets gone is a complete response", "T1: 400 0", "CR"),
        ("an absent target is gone", "T1: 400 gone", "CR"),
        ("any reappearance of 5 mm after nothing is progression", "T1: 400 0 50", "CR PD"),
        ("a reappearance below 5 mm is not; it is marked for review", "T1: 400 0 49", "CR PR"),
    ),
    rule(
        "nodes",
        "Lymph nodes among the targets",
        "Eisenhauer et al. 2009, section 4.3.2, lymph nodes",
        ("a node below 10 mm is normal", "T1 node: 200 99", "CR"),
        ("a node of 10 mm is not", "T1 node: 200 100", "PR"),
        ("the sum of normal nodes need not be zero", "T1 node: 200 99\nT2: 300 0", "CR"),
        ("a lesion that is no node has to disappear", "T1: 300 99", "PR"),
    ),
    rule(
        "incomplete",
        "Targets that were not all evaluated",
        "Eisenhauer et al. 2009, section 4.4.2",
        ("a target not evaluable makes the set not evaluable", "T1: 400 NE\nT2: 400 100", "NE"),
        ("a target without a measurement is not evaluable", "T1: 400 -\nT2: 400 100", "NE"),
        ("what was measured may show progression alone", "T1: 400 NE\nT2: 400 960", "PD"),
        ("the nadir is the smallest complete sum", "T1: 400 200 220\nT2: 400 NE 400", "NE SD"),
        ("without a complete baseline there is no stable disease", "T1: - 400\nT2: 300 300", "NE"),
        ("without a complete baseline all gone is still gone", "T1: - 0\nT2: 300 0", "CR"),
        ("a complete sum after an incomplete baseline is a nadir", "T1: - 400 500\nT2: 300 300 400", "NE PD"),
    ),
    rule(
        "small",
        "Targets too small to measure",
        "Eisenhauer et al. 2009, section 4.3.2, target lesions that become too small to measure",
        ("a lesion too small to measure counts 5 mm", "T1: 300 small\nT2: 200 300", "PR"),
        ("and no less", "T1: 300 small\nT2: 200 301", "SD"),
        ("it is not gone", "T1: 300 small", "PR"),
        ("a diameter that was given counts", "T1: 300 small\nT2: 200 0", "PR"),
        ("a node too small to measure is normal", "T1 node: 200 small", "CR"),
        ("growth from 5 mm needs 5 mm", "T1: 300 small 100", "PR PD"),
        ("a non-target too small to measure is left", "T1: 300 0\nN1: left small", "PR"),
    ),
    rule(
        "split",
        "Targets that split, or merge",
        "Eisenhauer et al. 2009, section 4.3.2, lesions that split or coalesce",
        ("the parts are added", "T1: 400 -\nT1a of T1: - 150\nT1b of T1: - 130", "PR"),
        ("the parts may show progression", "T1: 400 -\nT1a of T1: - 300\nT1b of T1: - 200", "PD"),
        ("a part without a record is not evaluable", "T1: 400 - -\nT1a of T1: - 150 150\nT1b of T1: - 130 -", "PR NE"),
        ("one part may keep the name", "T1: 400 200\nT1b of T1: - 80", "PR"),
        ("all parts gone is gone", "T1: 400 - -\nT1a of T1: - 150 0\nT1b of T1: - 130 gone", "PR CR"),
        ("merged lesions have one diameter", "T1: 300 400\nT2 into T1: 200 merged", "SD"),
        ("which counts once", "T1: 300 350\nT2 into T1: 200 merged", "PR"),
        ("and may show progression", "T1: 300 600\nT2 into T1: 200 merged", "PD"),
        ("merged into what was not evaluated is not evaluable", "T1: 300 NE\nT2 into T1: 200 merged", "NE"),
        ("merged into what is gone is gone", "T1: 300 0\nT2 into T1: 200 merged", "CR"),
    ),
    rule(
        "nontarget",
        "Target and non-target lesions together",
        "Eisenhauer et al. 2009, section 4.3.3 and table 1",
        ("both gone", "T1: 400 0\nN1: left gone", "CR"),
        ("a non-target left", "T1: 400 0\nN1: left left", "PR"),
        ("a non-target not evaluated", "T1: 400 0\nN1: left NE", "PR"),
        ("partial response with a non-target not evaluated", "T1: 400 200\nN1: left NE", "PR"),
        ("stable disease with the non-targets gone", "T1: 400 400\nN1: left gone", "SD"),
        ("targets not evaluable", "T1: 400 NE\nN1: left gone", "NE"),
        ("unequivocal progression of a non-target", "T1: 400 0\nN1: left PD", "PD"),
        ("progression needs no other lesion evaluated", "T1: 400 NE\nN1: left PD", "PD"),
        ("a new lesion", "T1: 400 0\nN1: left gone\nX1: - unequivocal", "PD"),
        ("a new lesion while the targets are not evaluable", "T1: 400 NE\nX1: - unequivocal", "PD"),
    ),
    rule(
        "unmeasurable",
        "Without measurable disease: never partial response, never stable disease",
        "Eisenhauer et al. 2009, section 4.3.3 and table 2",
        ("all gone", "N1: left gone", "CR"),
        ("a node below 10 mm is gone", "N1 node: 120 99", "CR"),
        ("a node of 10 mm is left", "N1 node: 120 100", "NON-CR/NON-PD"),
        ("something is left", "N1: left left", "NON-CR/NON-PD"),
        ("something is left, something was not evaluated", "N1: left left\nN2: left NE", "NON-CR/NON-PD"),
        ("something is gone, something was not evaluated", "N1: left gone\nN2: left NE", "NE"),
        ("nothing was evaluated", "N1: left NE", "NE"),
        ("unequivocal progression", "N1: left PD", "PD"),
        ("a new lesion", "N1: left left\nX1: - unequivocal", "PD"),
    ),
    rule(
        "none",
        "No lesion at baseline: progression, or nothing to evaluate",
        "Eisenhauer et al. 2009, section 4.3.5",
        ("a new lesion is progression", "X1: - unequivocal", "PD"),
        ("an equivocal one is not", "X1: - equivocal", "NE"),
        ("and is, once a later scan is certain", "X1: - equivocal unequivocal", "PD PD"),
    ),
    rule(
        "new",
        "New lesions, equivocal first",
        "Eisenhauer et al. 2009, section 4.3.5",
        ("an equivocal lesion is followed", "T1: 400 400 400\nX1: - equivocal equivocal", "SD SD"),
        ("it may go away", "T1: 400 400 400\nX1: - equivocal gone", "SD SD"),
        ("then it is seen anew", "T1: 400 400 400 400\nX1: - equivocal gone unequivocal", "SD SD PD"),
        (
            "certain at last, it counts from where it was first seen",
            "T1: 400 400 400 400\nX1: - equivocal NE unequivocal",
            "PD SD PD",
        ),
        ("a new lesion that is measured is certain", "T1: 400 400\nX1: - 120", "PD"),
        ("a part of a target is no new lesion", "T1: 400 200\nX1 of T1: - 100", "SD"),
    ),
)


def history(case):
    """Return the tables of one patient with this history; a scan every eight weeks."""
    rows = {"lesions": [], "measurements": [], "assessments": []}
    who = {"subject": "01", "evaluator": "investigator"}
    for line in case.lines:
        linked = {"node": line.node, "split_from": line.whole, "merged_into": line.into}
        fixed = {"lesion": line.name, "role": ROLES[line.name[0]], "organ": "lung", "found_on": BASELINE}
        rows["lesions"].append(who | fixed | linked)
        for number, shown in enumerate(line.shown):
            at = {"number": number, "lesion": line.name, "assessed_on": scanned(number)}
            if shown != "-":
                rows["measurements"].append(who | at | seen(shown))
    for number in range(max(len(line.shown) for line in case.lines)):
        at = {"number": number, "planned_on": scanned(number), "assessed_on": scanned(number)}
        rows["assessments"].append(who | at)
    return TrialData.from_rows("rules", rows, virtual=True)


def scanned(number):
    return BASELINE + timedelta(days=56 * number)


def seen(shown):
    if shown.isdigit():
        return {"state": "measured", "diameter": int(shown)}
    return {"state": WORDS.get(shown, shown), "diameter": None}


def answers(case, path=patient_by_patient):
    """Return response and reason at each assessment after baseline."""
    rows = path(history(case), "investigator").rows(named=True)
    return [(row["response"], row["why"]) for row in rows if row["number"] > 0]


PATHS = {"patient by patient": patient_by_patient, "by columns": by_columns}
