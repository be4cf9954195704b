"""Response at each tumor assessment, from the lesions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.lesions import Lesion, Scan, Seen, Sighting, diameter_of, gone, growth_shown_on, new_sightings
from trialwright.derive.recist import OverallRule, nontarget_response, overall_response, target_response
from trialwright.derive.rows import columns, frame, grouped, source
from trialwright.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["RESPONSE_COLUMNS", "response"]

RESPONSE_COLUMNS = {
    "subject": "text",
    "evaluator": "text",
    "number": "integer",
    "assessed_on": "date",
    "response_on": "date",
    "known_on": "date",
    "sum": "integer",
    "complete": "yes/no",
    "baseline_sum": "integer",
    "nadir": "integer",
    "target": "text",
    "nontarget": "text",
    "new": "yes/no",
    "response": "text",
    "why": "text",
    "source": "text",
}


_Sums = tuple[int | None, int | None, int | None]
"""Current sum, baseline sum and nadir in tenths of a millimeter."""


class _Row(NamedTuple):
    """One assessment; the fields are the columns of the frame."""

    subject: str
    evaluator: str
    number: int
    assessed_on: int
    response_on: int
    known_on: int
    sum: int | None
    complete: bool
    baseline_sum: int | None
    nadir: int | None
    target: str | None
    nontarget: str | None
    new: bool
    response: str | None
    why: str
    source: str


class _Patient(NamedTuple):
    """One patient as one evaluator sees him or her."""

    subject: str
    evaluator: str
    targets: Sequence[Lesion]
    nontargets: Sequence[Lesion]
    new: Sequence[Lesion]
    scans: Sequence[Scan]


def response(data: TrialData, protocol: Plan, evaluator: str = "investigator") -> pl.DataFrame:
    """Return one row per subject and assessment performed, with the response by RECIST 1.1.

    The baseline (number 0) has its sum and no response. ``sum``, ``baseline_sum`` and ``nadir`` are tenths of a
    millimeter; ``sum`` adds what was measured, ``complete`` says whether that is every target; ``baseline_sum`` and
    ``nadir`` are null where no complete set exists, and the nadir never includes the current assessment.
    ``assessed_on`` is the latest scan of the assessment. ``response_on`` is the day that counts: of a progression the
    earliest scan that shows it, of any other response the latest scan. ``known_on`` is the day from which the response
    was certain: it is later than the assessment when an equivocal new lesion was confirmed afterwards. Raises
    ValueError for an evaluator who is not in the protocol, DataError for a measurement of a lesion that is not listed.
    """
    if evaluator not in protocol.assessments.evaluators:
        known = ", ".join(protocol.assessments.evaluators)
        raise ValueError(f"evaluator {evaluator!r} is not in the protocol; known: {known}")
    rows = (row for patient in _patients(data, evaluator) for row in _read(patient))
    return frame(RESPONSE_COLUMNS, rows)


def _patients(data: TrialData, evaluator: str) -> Iterator[_Patient]:
    import polars as pl

    assessments, lesions, measurements = (
        data[name].filter(pl.col("evaluator") == evaluator) for name in ("assessments", "lesions", "measurements")
    )
    _check_listed(lesions, measurements)
    seen = _seen(measurements)
    followed = grouped(lesions, "role", "lesion", "node")
    performed = grouped(assessments.filter(pl.col("assessed_on").is_not_null()), "number", "assessed_on")
    for subject in sorted(performed.keys() | seen.keys()):
        by_role: dict[str, list[Lesion]] = {"target": [], "non-target": [], "new": []}
        for role, name, node in followed.get(subject, ()):
            by_role[role].append(Lesion(name, node))
        scans = _scans(dict(performed.get(subject, ())), seen.get(subject, {}))
        yield _Patient(subject, evaluator, by_role["target"], by_role["non-target"], by_role["new"], scans)


def _check_listed(lesions: pl.DataFrame, measurements: pl.DataFrame) -> None:
    """A lesion that is measured and not listed has no role: leaving it out would hide a progression."""
    listed = set(zip(*columns(lesions, "subject", "lesion"), strict=True))
    stray = sorted(set(zip(*columns(measurements, "subject", "lesion"), strict=True)) - listed)
    if stray:
        subject, lesion = stray[0]
        raise DataError(
            f"measurements of subject {subject}: lesion {lesion!r} is not in the table lesions; list it there"
        )


def _seen(measurements: pl.DataFrame) -> dict[str, dict[int, dict[str, Seen]]]:
    found: dict[str, dict[int, dict[str, Seen]]] = defaultdict(lambda: defaultdict(dict))
    names = ("subject", "number", "lesion", "diameter", "state", "assessed_on")
    for subject, number, lesion, diameter, state, on in zip(*columns(measurements, *names), strict=True):
        found[subject][number][lesion] = Seen(diameter, state, on)
    return found


def _scans(performed: Mapping[int, int], seen: Mapping[int, Mapping[str, Seen]]) -> list[Scan]:
    """Return the time points in order of their dates.

    A time point that only its measurements prove is performed too: a cut-off may have removed its planned date.
    """
    scans = []
    for number in performed.keys() | seen.keys():
        shown = seen.get(number, {})
        dates = [lesion.on for lesion in shown.values()]
        scans.append(Scan(number, max([performed[number], *dates] if number in performed else dates), shown))
    return sorted(scans, key=lambda scan: (scan.on, scan.number))


def _read(patient: _Patient) -> Iterator[_Row]:
    """Return the patient's rows; the nadir is carried from one to the next."""
    baseline: int | None = None
    nadir: int | None = None
    sightings = new_sightings(patient.new, patient.scans) if patient.new else {}
    for scan in patient.scans:
        diameters = [diameter_of(scan.seen.get(lesion.name)) for lesion in patient.targets]
        complete = None not in diameters
        total = sum(diameter for diameter in diameters if diameter is not None) if patient.targets else None
        if scan.number == 0:
            baseline = total if complete else None
            yield _baseline_row(patient, scan, total, complete)
        else:
            yield _row(patient, scan, diameters, (total, baseline, nadir), sightings.get(scan.number))
        if complete and total is not None:
            nadir = total if nadir is None else min(nadir, total)


def _baseline_row(patient: _Patient, scan: Scan, total: int | None, complete: bool) -> _Row:
    missing = _unmeasured(patient, scan)
    why = f"baseline, {', '.join(missing)} without a measurement" if missing else "baseline"
    return _Row(
        patient.subject,
        patient.evaluator,
        scan.number,
        scan.on,
        scan.on,
        scan.on,
        total,
        complete,
        total if complete else None,
        None,
        None,
        None,
        False,
        None,
        why,
        source("assessments", patient.subject, number=scan.number),
    )


def _row(
    patient: _Patient,
    scan: Scan,
    diameters: list[int | None],
    sums: _Sums,
    sighting: Sighting | None,
) -> _Row:
    total, baseline, nadir = sums
    target = target_response(diameters, [lesion.node for lesion in patient.targets], baseline, nadir)
    progressed = _progressed(patient, scan)
    states = [gone(scan.seen.get(lesion.name), lesion.node) for lesion in patient.nontargets]
    nontarget = nontarget_response(states, bool(progressed))
    rule = overall_response(target, nontarget, sighting is not None)
    shown = [(seen.on, seen.on) for seen in progressed]
    if target == "PD" and nadir is not None:
        shown.append((growth_shown_on(scan, patient.targets, nadir),) * 2)
    if sighting:
        shown.append((sighting.on, sighting.known_on))
    return _Row(
        patient.subject,
        patient.evaluator,
        scan.number,
        scan.on,
        min((on for on, _ in shown), default=scan.on),
        min((known_on for _, known_on in shown), default=scan.on),
        total,
        None not in diameters,
        baseline,
        nadir,
        target,
        nontarget,
        sighting is not None,
        rule.response,
        _why(rule, patient, scan, sums, (target, sighting)),
        source("assessments", patient.subject, number=scan.number),
    )


def _progressed(patient: _Patient, scan: Scan) -> list[Seen]:
    seen = (scan.seen.get(lesion.name) for lesion in patient.nontargets)
    return [found for found in seen if found is not None and found.state == "progressed"]


def _why(
    rule: OverallRule, patient: _Patient, scan: Scan, sums: _Sums, shown: tuple[str | None, Sighting | None]
) -> str:
    target, sighting = shown
    if sighting:
        doubt = ", equivocal until confirmed by a later scan" if sighting.known_on > scan.on else ""
        return f"{rule.why} {sighting.lesion}{doubt}"
    if target == "NE" and rule.response == "NE":
        missing = _unmeasured(patient, scan)
        return f"{rule.why}: {', '.join(missing)}" if missing else f"{rule.why}: no complete baseline to compare with"
    total, baseline, nadir = sums
    if total is None:
        return rule.why
    return f"{rule.why}: sum {_mm(total)}, baseline {_mm(baseline)}, nadir {_mm(nadir)}{_review(total, nadir, target)}"


def _review(total: int, nadir: int | None, target: str | None) -> str:
    """Growth from nothing by less than 5 mm is no progression by the letter; a reader should look at it."""
    return "; reappeared below 5 mm, to be reviewed" if nadir == 0 and total > 0 and target != "PD" else ""


def _unmeasured(patient: _Patient, scan: Scan) -> list[str]:
    return [lesion.name for lesion in patient.targets if diameter_of(scan.seen.get(lesion.name)) is None]


def _mm(tenths: int | None) -> str:
    return "unknown" if tenths is None else f"{tenths / 10:.1f} mm"
