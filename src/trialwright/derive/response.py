"""Response at each tumor assessment, from the lesions: patient by patient, the readable reference.

Large tables go by columns (``response_columns``), with the same rows; a property test holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.lesions import (
    Lesion,
    Reading,
    Scan,
    Seen,
    Sighting,
    diameter_of,
    gone,
    growth_shown_on,
    new_sightings,
    readings,
)
from trialwright.derive.recist import OverallRule, nontarget_response, overall_response, target_response
from trialwright.derive.rows import columns, frame, grouped, source
from trialwright.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.records import TrialData

__all__ = ["RESPONSE_COLUMNS", "patient_by_patient", "response"]

MANY = 20_000
"""Measurements from which the path by columns is faster, its kernel to be loaded."""

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
    "marks": "text",
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
    marks: str | None
    source: str


class _Patient(NamedTuple):
    """One patient as one evaluator sees him or her."""

    subject: str
    evaluator: str
    lesions: Sequence[Lesion]
    scans: Sequence[Scan]


def response(data: TrialData, protocol: Plan, evaluator: str = "investigator") -> pl.DataFrame:
    """Return one row per subject and assessment performed, with the response by RECIST 1.1.

    The baseline (number 0) has its sum and no response. ``sum``, ``baseline_sum`` and ``nadir`` are tenths of a
    millimeter; ``sum`` adds what was measured, ``complete`` says whether that is every target; ``baseline_sum`` and
    ``nadir`` are null where no complete set exists, and the nadir never includes the current assessment.
    ``assessed_on`` is the latest scan of the assessment. ``response_on`` is the day that counts: of a progression the
    earliest scan that shows it, of any other response the latest scan. ``known_on`` is the day from which the response
    was certain: it is later than the assessment when an equivocal new lesion was confirmed afterwards. ``marks`` names
    what a reader of the sum should know: lesions too small to measure, merged, parts of one that split, progression
    called from an incomplete set. Raises ValueError for an evaluator who is not in the protocol, DataError for a
    measurement of a lesion that is not listed.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> response(TrialData.from_rows("", {}, virtual=True), load(study_names()[0])).columns[:4]
    ['subject', 'evaluator', 'number', 'assessed_on']
    """
    if evaluator not in protocol.assessments.evaluators:
        known = ", ".join(protocol.assessments.evaluators)
        raise ValueError(f"evaluator {evaluator!r} is not in the protocol; known: {known}")
    if len(data["measurements"]) >= MANY:
        from trialwright.derive.response_columns import by_columns

        return by_columns(data, evaluator)
    return patient_by_patient(data, evaluator)


def patient_by_patient(data: TrialData, evaluator: str) -> pl.DataFrame:
    """Return the rows of ``response``, each patient read as a person would."""
    return frame(RESPONSE_COLUMNS, (row for patient in _patients(data, evaluator) for row in _read(patient)))


def _patients(data: TrialData, evaluator: str) -> Iterator[_Patient]:
    import polars as pl

    assessments, lesions, measurements = (
        data[name].filter(pl.col("evaluator") == evaluator) for name in ("assessments", "lesions", "measurements")
    )
    _check_listed(lesions, measurements)
    seen = _seen(measurements)
    followed = grouped(lesions, "lesion", "node", "role", "split_from", "merged_into")
    performed = grouped(assessments.filter(pl.col("assessed_on").is_not_null()), "number", "assessed_on")
    for subject in sorted(performed.keys() | seen.keys()):
        listed = [Lesion(*row) for row in followed.get(subject, ())]
        scans = _scans(dict(performed.get(subject, ())), seen.get(subject, {}))
        yield _Patient(subject, evaluator, _with_wholes(listed), scans)


def _with_wholes(lesions: Sequence[Lesion]) -> list[Lesion]:
    """Give each part the lesion it comes from in the end, and its role; one that is not listed is no whole."""
    named = {lesion.name: lesion for lesion in lesions}
    return [_part(lesion, named) for lesion in lesions]


def _part(lesion: Lesion, named: Mapping[str, Lesion]) -> Lesion:
    whole = lesion
    for _ in named:
        whole = named.get(whole.whole or "", whole)
    if whole.whole in named or whole is lesion:  # parts of each other, or no part at all
        return lesion._replace(whole=None)
    return lesion._replace(whole=whole.name, role=whole.role)


def _check_listed(lesions: pl.DataFrame, measurements: pl.DataFrame) -> None:
    """A lesion that is measured and not listed has no role: leaving it out would hide a progression."""
    listed = set(zip(*columns(lesions, "subject", "lesion"), strict=True))
    stray = sorted(set(zip(*columns(measurements, "subject", "lesion"), strict=True)) - listed)
    if stray:
        raise unlisted(*stray[0])


def unlisted(subject: str, lesion: str) -> DataError:
    """Return the error for a measurement of a lesion without a role."""
    return DataError(f"measurements of subject {subject}: lesion {lesion!r} is not in the table lesions; list it there")


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
    """Return the patient's rows; the nadir and the parts seen are carried from one to the next."""
    baseline: int | None = None
    nadir: int | None = None
    parts = frozenset[str]()
    own_parts = {lesion.name for lesion in patient.lesions if lesion.whole}
    sightings = new_sightings([lesion for lesion in patient.lesions if lesion.role == "new"], patient.scans)
    for scan in patient.scans:
        parts |= own_parts & scan.seen.keys()
        targets, others = (readings(patient.lesions, scan, parts, role) for role in ("target", "non-target"))
        total, complete = _sum(targets)
        if scan.number == 0:
            baseline = total if complete else None
            yield _baseline_row(patient, scan, targets)
        else:
            yield _row(patient, scan, (targets, others), (total, baseline, nadir), sightings.get(scan.number))
        if complete and total is not None:
            nadir = total if nadir is None else min(nadir, total)


def _sum(targets: Sequence[Reading]) -> tuple[int | None, bool]:
    """Return the sum of what was measured, None without a target, and whether that was every target."""
    diameters = [diameter_of(reading.seen) for reading in targets]
    known = [diameter for diameter in diameters if diameter is not None]
    return sum(known) if targets else None, len(known) == len(diameters)


def _baseline_row(patient: _Patient, scan: Scan, targets: Sequence[Reading]) -> _Row:
    missing = _unmeasured(targets)
    total, complete = _sum(targets)
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
        _marks(targets, False),
        source("assessments", patient.subject, number=scan.number),
    )


def _row(
    patient: _Patient,
    scan: Scan,
    shown_of: tuple[Sequence[Reading], Sequence[Reading]],
    sums: _Sums,
    sighting: Sighting | None,
) -> _Row:
    (targets, others), (total, baseline, nadir) = shown_of, sums
    diameters = [diameter_of(reading.seen) for reading in targets]
    target = target_response(diameters, [reading.lesion.node for reading in targets], baseline, nadir)
    progressed = [each.seen for each in others if each.seen and each.seen.state == "progressed"]
    nontarget = nontarget_response([gone(each.seen, each.lesion.node) for each in others], bool(progressed))
    rule = overall_response(target, nontarget, sighting is not None)
    shown = [(seen.on, seen.on) for seen in progressed]
    if target == "PD" and nadir is not None:
        shown.append((growth_shown_on((each.seen for each in targets if each.seen), nadir),) * 2)
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
        _why(rule, scan, targets, sums, (target, sighting)),
        _marks(targets, target == "PD" and None in diameters),
        source("assessments", patient.subject, number=scan.number),
    )


def _why(
    rule: OverallRule,
    scan: Scan,
    targets: Sequence[Reading],
    sums: _Sums,
    shown: tuple[str | None, Sighting | None],
) -> str:
    target, sighting = shown
    if sighting:
        doubt = ", equivocal until confirmed by a later scan" if sighting.known_on > scan.on else ""
        return f"{rule.why} {sighting.lesion}{doubt}"
    if target == "NE" and rule.response == "NE":
        missing = _unmeasured(targets)
        return f"{rule.why}: {', '.join(missing)}" if missing else f"{rule.why}: no complete baseline to compare with"
    total, baseline, nadir = sums
    if total is None:
        return rule.why
    return f"{rule.why}: sum {_mm(total)}, baseline {_mm(baseline)}, nadir {_mm(nadir)}{_review(total, nadir, target)}"


def _review(total: int, nadir: int | None, target: str | None) -> str:
    """Growth from nothing by less than 5 mm is no progression by the letter; a reader should look at it."""
    return "; reappeared below 5 mm, to be reviewed" if nadir == 0 and total > 0 and target != "PD" else ""


def _unmeasured(targets: Sequence[Reading]) -> list[str]:
    return [reading.lesion.name for reading in targets if diameter_of(reading.seen) is None]


def _marks(targets: Sequence[Reading], from_part: bool) -> str | None:
    """Return what a reader of the sum should know, None where it is a plain sum of what was measured."""
    marks = [reading.mark for reading in targets if reading.mark]
    return "; ".join([*marks, *(["progression shown by the part measured"] if from_part else [])]) or None


def _mm(tenths: int | None) -> str:
    return "unknown" if tenths is None else f"{tenths / 10:.1f} mm"
