"""The tables of a trial: plain names, one row per thing that happened, each with the date that a data cut-off looks at.

Diameters are whole tenths of a millimetre, dates are dates, a missing value is null. CDISC names appear only in the
room ``exchange``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["TABLES", "Column", "Table"]

Kind = Literal["text", "integer", "number", "yes/no", "date"]


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind
    label: str
    unit: str | None = None
    required: bool = True
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table; a cut-off removes rows by the first of ``dated_by`` that is known, and blanks ``open_until``."""

    name: str
    label: str
    columns: tuple[Column, ...]
    dated_by: tuple[str, ...]
    open_until: str | None = None
    key: tuple[str, ...] = ("subject",)


def _column(
    name: str,
    kind: Kind,
    label: str,
    unit: str | None = None,
    *,
    required: bool = True,
    values: tuple[str, ...] = (),
) -> Column:
    return Column(name, kind, label, unit, required, values)


_SUBJECT = _column("subject", "text", "Subject number")
_EVALUATOR = _column("evaluator", "text", "Who assessed")
_LESION = _column("lesion", "text", "Lesion, unique within subject and evaluator")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "screened",
            "Everyone who gave consent",
            (
                _SUBJECT,
                _column("site", "text", "Site"),
                _column("country", "text", "Country"),
                _column("screened_on", "date", "Date of consent and screening"),
                _column(
                    "outcome",
                    "text",
                    "What became of the screening",
                    values=(
                        "randomized",
                        "not eligible",
                        "cannot tell",
                        "no dose stated",
                        "declined",
                        "closed",
                        "screen failure",
                    ),
                ),
            ),
            ("screened_on",),
        ),
        Table(
            "answers",
            "Screening data as given, one row per variable",
            (
                _SUBJECT,
                _column("variable", "text", "Variable of the protocol"),
                _column("value", "text", "Value as JSON; null when it is not known", required=False),
                _column("answered_on", "date", "Date"),
            ),
            ("answered_on",),
            key=("subject", "variable"),
        ),
        Table(
            "screenings",
            "Answer of each criterion",
            (
                _SUBJECT,
                _column("criterion", "text", "Criterion of the protocol"),
                _column("answer", "text", "Answer", values=("met", "not met", "cannot tell", "not in source")),
                _column("because", "text", "Deciding data, or the data still missing", required=False),
                _column("screened_on", "date", "Date"),
            ),
            ("screened_on",),
            key=("subject", "criterion"),
        ),
        Table(
            "allocations",
            "Assignments, in the order in which they were made",
            (
                _SUBJECT,
                _column("stratum", "text", "Stratum used, factor=level joined by |", required=False),
                _column("position", "integer", "Position within the stratum, from 0", required=False),
                _column("block", "integer", "Block within the stratum, from 0", required=False),
                _column("arm", "text", "Arm"),
                _column("randomized_on", "date", "Date of randomization"),
            ),
            ("randomized_on",),
        ),
        Table(
            "strata",
            "Level of each stratification factor as used for allocation",
            (
                _SUBJECT,
                _column("factor", "text", "Stratification factor"),
                _column("level", "text", "Level"),
                _column("randomized_on", "date", "Date"),
            ),
            ("randomized_on",),
            key=("subject", "factor"),
        ),
        Table(
            "visits",
            "Visits, kept or missed",
            (
                _SUBJECT,
                _column("visit", "text", "Visit of the protocol"),
                _column("number", "integer", "Repetition, from 1"),
                _column("planned_on", "date", "Planned date", required=False),
                _column("visited_on", "date", "Date of the visit; null when missed", required=False),
            ),
            ("visited_on", "planned_on"),
            key=("subject", "visit", "number"),
        ),
        Table(
            "doses",
            "Treatment as taken, one row per drug and cycle",
            (
                _SUBJECT,
                _column("intervention", "text", "Intervention of the protocol"),
                _column("product", "text", "Product given"),
                _column("cycle", "integer", "Cycle, from 1"),
                _column("dose", "number", "Dose per day; null where the protocol does not state it", required=False),
                _column("unit", "text", "Unit of the dose", required=False),
                _column(
                    "change",
                    "text",
                    "Change at the start of the cycle",
                    values=("none", "reduced", "delayed", "interrupted", "increased"),
                ),
                _column("started_on", "date", "First day of the cycle's dosing"),
                _column("ended_on", "date", "Last day of the cycle's dosing", required=False),
                _column("planned", "number", "Dose per day planned for these days", required=False),
                _column("reason", "text", "Why the dose was changed", required=False),
            ),
            ("started_on",),
            open_until="ended_on",
            key=("subject", "intervention", "cycle"),
        ),
        Table(
            "assessments",
            "Tumor assessments, kept or missed; number 0 is the baseline",
            (
                _SUBJECT,
                _EVALUATOR,
                _column("number", "integer", "Assessment, baseline 0"),
                _column("planned_on", "date", "Planned date", required=False),
                _column("assessed_on", "date", "Date of the scan; null when missed", required=False),
                _column("accepted", "yes/no", "Accepted where readers differ, by adjudication", required=False),
            ),
            ("assessed_on", "planned_on"),
            key=("subject", "evaluator", "number"),
        ),
        Table(
            "lesions",
            "Lesions",
            (
                _SUBJECT,
                _EVALUATOR,
                _LESION,
                _column("role", "text", "Role", values=("target", "non-target", "new")),
                _column("organ", "text", "Organ"),
                _column("node", "yes/no", "Lymph node, measured by its short axis"),
                _column("found_on", "date", "Date of the scan that first showed it"),
                _column("split_from", "text", "Lesion of which it is a part, since that one split", required=False),
                _column("merged_into", "text", "Lesion whose diameter holds it, once it has merged", required=False),
                _column("irradiated", "yes/no", "Irradiated, or treated locally, before the trial", required=False),
                _column("grown_since", "yes/no", "Has grown since it was irradiated", required=False),
                _column("soft_tissue", "yes/no", "Bone lesion with a part of soft tissue", required=False),
            ),
            ("found_on",),
            key=("subject", "evaluator", "lesion"),
        ),
        Table(
            "measurements",
            "What each scan showed of each lesion",
            (
                _SUBJECT,
                _EVALUATOR,
                _column("number", "integer", "Assessment, baseline 0"),
                _LESION,
                _column("assessed_on", "date", "Date of the scan"),
                _column("assessed_as", "text", "Date as recorded, where it is partial", required=False),
                _column("diameter", "integer", "Longest diameter, or short axis of a node", "0.1 mm", required=False),
                _column(
                    "state",
                    "text",
                    "State; targets are measured, too small, absent, merged or not evaluable",
                    values=(
                        "measured",
                        "too small",
                        "merged",
                        "present",
                        "absent",
                        "progressed",
                        "equivocal",
                        "unequivocal",
                        "not evaluable",
                    ),
                ),
            ),
            ("assessed_on",),
            key=("subject", "evaluator", "number", "lesion"),
        ),
        Table(
            "recorded_responses",
            "Responses as somebody recorded them, to be compared with those derived from lesions",
            (
                _SUBJECT,
                _EVALUATOR,
                _column("number", "integer", "Assessment, baseline 0; null when it is not known", required=False),
                _column("visit", "text", "Visit as recorded", required=False),
                _column("kind", "text", "What responded", values=("target", "non-target", "new lesion", "overall")),
                _column("response", "text", "Response as recorded"),
                _column("assessed_on", "date", "Date as recorded", required=False),
                _column("record", "text", "Record it was read from", required=False),
            ),
            ("assessed_on",),
            key=("subject", "evaluator", "number", "visit", "kind", "record"),
        ),
        Table(
            "adverse_events",
            "Adverse events",
            (
                _SUBJECT,
                _column("number", "integer", "Event within the subject, from 1"),
                _column("system", "text", "Organ system"),
                _column("term", "text", "Term"),
                _column("grade", "integer", "Worst CTCAE grade, 1 to 5; null when not recorded", required=False),
                _column("serious", "yes/no", "Serious; null when not recorded", required=False),
                _column("started_on", "date", "Start; null when it is not known to the day", required=False),
                _column("ended_on", "date", "End; null while it lasts, or not known to the day", required=False),
                _column("severity", "text", "Severity", required=False, values=("mild", "moderate", "severe")),
                _column("verbatim", "text", "Term as reported", required=False),
                _column("related", "text", "Relation to treatment as recorded", required=False),
                _column("action", "text", "Action taken with the treatment", required=False),
                _column("outcome", "text", "Outcome", required=False),
                _column("started_as", "text", "Start as recorded, ISO 8601, may be partial", required=False),
                _column("ended_as", "text", "End as recorded, ISO 8601, may be partial", required=False),
            ),
            ("started_on",),
            open_until="ended_on",
            key=("subject", "number"),
        ),
        Table(
            "laboratory",
            "Laboratory results, one row per test and sample",
            (
                _SUBJECT,
                _column("number", "integer", "Result within the subject, from 1"),
                _column("test", "text", "Test, by a name of ``derive.lab_tests`` where it has one"),
                _column("specimen", "text", "Specimen, such as serum or urine", required=False),
                _column("value", "number", "Numeric result", required=False),
                _column("text", "text", "Result as recorded", required=False),
                _column("unit", "text", "Unit of value, low and high", required=False),
                _column("low", "number", "Lower limit of the site's normal range", required=False),
                _column("high", "number", "Upper limit of the site's normal range", required=False),
                _column("sampled_on", "date", "Date of the sample", required=False),
                _column("visit", "text", "Visit as recorded", required=False),
            ),
            ("sampled_on",),
            key=("subject", "number"),
        ),
        Table(
            "samples",
            "Planned samples, taken or not",
            (
                _SUBJECT,
                _column("sample", "text", "Sample of the protocol"),
                _column("planned_on", "date", "Planned date"),
                _column("taken_on", "date", "Date taken", required=False),
                _column("reason", "text", "Why it is missing", required=False),
            ),
            ("taken_on", "planned_on"),
            key=("subject", "sample"),
        ),
        Table(
            "biomarkers",
            "Markers found in samples",
            (
                _SUBJECT,
                _column("sample", "text", "Sample"),
                _column("marker", "text", "Marker"),
                _column("finding", "text", "Finding", values=("altered", "not altered", "not evaluable")),
                _column("sampled_on", "date", "Date of the sample"),
            ),
            ("sampled_on",),
            key=("subject", "sample", "marker"),
        ),
        Table(
            "dispositions",
            "End of treatment and end of study",
            (
                _SUBJECT,
                _column("ended", "text", "What ended", values=("treatment", "study")),
                _column(
                    "reason",
                    "text",
                    "Why",
                    values=(
                        "progression",
                        "clinical progression",
                        "adverse event",
                        "withdrawal",
                        "lost to follow-up",
                        "death",
                        "never treated",
                        "completed",
                        "lack of efficacy",
                        "protocol deviation",
                        "physician decision",
                        "sponsor decision",
                        "other",
                    ),
                ),
                _column("ended_on", "date", "Date"),
            ),
            ("ended_on",),
            key=("subject", "ended"),
        ),
        Table(
            "therapies",
            "Anticancer therapy after the trial's treatment",
            (
                _SUBJECT,
                _column("therapy", "text", "Therapy"),
                _column("chemotherapy", "yes/no", "Chemotherapy; null when not recorded", required=False),
                _column("started_on", "date", "Start"),
                _column("progressed_on", "date", "Progression on this therapy; null before it", required=False),
            ),
            ("started_on",),
            open_until="progressed_on",
            key=("subject", "therapy", "started_on"),
        ),
        Table(
            "contacts",
            "Dates on which the patient was known to be alive",
            (_SUBJECT, _column("alive_on", "date", "Date")),
            ("alive_on",),
            key=("subject", "alive_on"),
        ),
        Table(
            "deaths",
            "Deaths",
            (
                _SUBJECT,
                _column("cause", "text", "Cause", values=("disease", "other", "adverse event", "unknown")),
                _column("died_on", "date", "Date"),
            ),
            ("died_on",),
        ),
    )
}
"""Every table of ``TrialData`` by name."""
