"""ADRS: responses at each assessment, and what follows from them, under the parameter codes of the industry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.exchange.adam_rows import Study, evaluator_name, numbered, study_day, visit, with_subjects
from trialwright.exchange.adam_spec_efficacy import ADRS
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive import Derived
    from trialwright.exchange.datasets import Dataset
    from trialwright.protocol import ResponseEndpoint
    from trialwright.records import TrialData

__all__ = ["adrs", "response_numbers"]

_NUMBERS = {"CR": 1, "PR": 2, "SD": 3, "NON-CR/NON-PD": 4, "PD": 5, "NE": 6, "MISSING": 7, "Y": 1, "N": 0}


@dataclass(frozen=True)
class _Parameter:
    """One parameter: its code and name; rows have subject, on, value, number, why and source."""

    code: str
    name: str
    rows: pl.DataFrame
    evaluator: str | None
    category: str | None = "Tumor Response"


def response_numbers(value: pl.Expr) -> pl.Expr:
    """Return AVAL of responses and answers.

    >>> import polars as pl
    >>> pl.DataFrame({"AVALC": ["CR", "N"]}).select(response_numbers(pl.col("AVALC")))["AVALC"].to_list()
    [1, 0]
    """
    import polars as pl

    return value.replace_strict(_NUMBERS, default=None, return_dtype=pl.Int64)


def adrs(study: Study, data: TrialData, derived: Derived, endpoints: Iterable[ResponseEndpoint]) -> Dataset:
    """Return the responses as ADRS; every subject of ``study`` has a row of each parameter but OVR."""
    import polars as pl

    parameters = [*_of_evaluators(study, data, derived), *_of_endpoints(study, derived, endpoints)]
    rows = pl.concat([_rows(parameter) for parameter in (*parameters, _deaths(study, data))])
    rows = with_subjects(study, rows.join(study.subjects, on="subject", how="semi")).with_columns(
        ADY=study_day("ADT", "randomized_on"),
        AVISIT=visit("AVISITN"),
        AVAL=response_numbers(pl.col("AVALC")),
    )
    rows = _flagged(numbered(rows, "PARAMCD", "ADT", "AVISITN"))
    return built(ADRS, _traced(rows).select([variable.name for variable in ADRS.variables]))


def _rows(parameter: _Parameter) -> pl.DataFrame:
    import polars as pl

    who = parameter.evaluator
    return parameter.rows.select(
        "subject",
        PARAMCD=pl.lit(parameter.code),
        PARAM=pl.lit(parameter.name if who is None else f"{parameter.name} by {evaluator_name(who)}"),
        PARCAT1=pl.lit(parameter.category, dtype=pl.String),
        PARCAT2=pl.lit(None if who is None else evaluator_name(who), dtype=pl.String),
        PARCAT3=pl.lit(None if who is None else "RECIST 1.1", dtype=pl.String),
        ADT="on",
        AVALC="value",
        AVISITN="number",
        REASON="why",
        SRCREC="source",
    )


def _of_evaluators(study: Study, data: TrialData, derived: Derived) -> Iterator[_Parameter]:
    """Yield what each evaluator saw: the responses, the first progression, the last assessment, the lesions."""
    import polars as pl

    for place, who in enumerate(derived.responses["evaluator"].unique(maintain_order=True)):
        seen = derived.responses.filter(pl.col("evaluator") == who, pl.col("response").is_not_null())
        seen = seen.select("subject", "number", "why", "source", on="response_on", value="response")
        end = "" if not place else str(place + 1)
        yield _Parameter(f"OVR{end}", "Overall Response", seen, who)
        first = seen.filter(pl.col("value") == "PD").sort("on", "number").unique("subject", keep="first")
        answered = first.with_columns(value=pl.lit("Y"))
        yield _Parameter(f"PD{end}", "Disease Progression", _everyone(study, answered, "N"), who)
        last = seen.sort("on", "number").unique("subject", keep="last")
        yield _Parameter(f"LSTA{end}", "Last Disease Assessment", _everyone(study, last, None), who)
        yield _Parameter(f"MDIS{end}", "Measurable Disease at Baseline", _measurable(study, data, who), who, None)


def _measurable(study: Study, data: TrialData, who: str) -> pl.DataFrame:
    import polars as pl

    targets = data["lesions"].filter((pl.col("role") == "target") & (pl.col("evaluator") == who))
    first = (
        targets.sort("subject", "lesion")
        .unique("subject", keep="first", maintain_order=True)
        .select(
            "subject",
            number=pl.lit(None, dtype=pl.Int64),
            why=pl.lit("target lesion at baseline"),
            source=pl.format("lesions {} / lesion {}", "subject", "lesion"),
            on=pl.lit(None, dtype=pl.Date),
            value=pl.lit("Y"),
        )
    )
    return _everyone(study, first, "N")


def _of_endpoints(study: Study, derived: Derived, endpoints: Iterable[ResponseEndpoint]) -> Iterator[_Parameter]:
    """Yield best response, response and benefit by each endpoint; equal settings give one set of parameters."""
    taken: dict[str, pl.DataFrame] = {}
    for plan in endpoints:
        for code, name, rows in _of_endpoint(study, derived, plan):
            answers = rows.drop("why")
            if any(answers.equals(other) for known, other in taken.items() if _stem(known) == code):
                continue
            own = code if code not in taken else f"{code[:6]}{sum(_stem(known) == code for known in taken) + 1}"
            taken[own] = answers
            yield _Parameter(own, name if own == code else f"{name}, {plan.label}", rows, plan.evaluator)


def _stem(code: str) -> str:
    return code.rstrip("23456789")


def _of_endpoint(study: Study, derived: Derived, plan: ResponseEndpoint) -> Iterator[tuple[str, str, pl.DataFrame]]:
    import polars as pl

    rows = derived.best_responses.filter(pl.col("endpoint") == plan.id)
    seen = _seen_on(derived, plan.evaluator)
    confirmed = plan.confirmation_days is not None
    letter, said = ("C", "Confirmed ") if confirmed else ("", "")
    best = _valued(rows, seen, "best_on", pl.col("best"))
    yield f"{letter}BOR", f"Best {said}Overall Response", _everyone(study, best, plan.without_assessment)
    responded = _valued(rows, seen, "responded_on", pl.lit("Y"))
    yield f"{letter}RSP", f"{said}Response", _everyone(study, responded, "N")
    good = _valued(rows.filter(pl.col("best").is_in(["CR", "PR"])), seen, "best_on", pl.lit("Y"))
    yield ("CBCP" if confirmed else "BCP"), f"Best {said}Response of CR/PR", _everyone(study, good, "N")
    if plan.stable_weeks is not None:
        benefit = _valued(rows.filter("success"), seen, "success_on", pl.lit("Y"))
        yield ("CCB" if confirmed else "CB"), f"{said}Clinical Benefit", _everyone(study, benefit, "N")


def _seen_on(derived: Derived, evaluator: str) -> pl.DataFrame:
    """Return the assessment of each subject and day that counts, which a dated answer rests on."""
    import polars as pl

    seen = derived.responses.filter(pl.col("evaluator") == evaluator, pl.col("response").is_not_null())
    return seen.unique(["subject", "response_on"], keep="last", maintain_order=True).select(
        "subject", "number", on="response_on", record="source"
    )


def _valued(rows: pl.DataFrame, seen: pl.DataFrame, on: str, value: pl.Expr) -> pl.DataFrame:
    """Return the rows that have the date, each with the assessment of that day."""
    import polars as pl

    dated = rows.filter(pl.col(on).is_not_null()).select("subject", "why", on=on, value=value)
    found = dated.join(seen, on=["subject", "on"], how="left", maintain_order="left")
    return found.select("subject", "number", "why", "on", "value", source="record")


def _deaths(study: Study, data: TrialData) -> _Parameter:
    import polars as pl

    died = data["deaths"].select(
        "subject",
        number=pl.lit(None, dtype=pl.Int64),
        why=pl.lit("death"),
        source=pl.format("deaths {}", "subject"),
        on="died_on",
        value=pl.lit("Y"),
    )
    return _Parameter("DEATH", "Death", _everyone(study, died, "N"), None, "Reference Event")


def _everyone(study: Study, rows: pl.DataFrame, without: str | None) -> pl.DataFrame:
    """Return a row of each subject; of those without one, the value ``without`` and no date."""
    import polars as pl

    found = rows.with_columns(pl.col("value").fill_null(without) if without else pl.col("value"))
    rest = study.subjects.select("subject").join(found, on="subject", how="anti")
    blank = rest.with_columns(value=pl.lit(without, dtype=pl.String))
    return pl.concat([found, blank], how="diagonal_relaxed")


def _flagged(rows: pl.DataFrame) -> pl.DataFrame:
    """Flag, of the responses, one record of each day (the worst); and what rests on one up to the first progression."""
    import polars as pl

    ranks: Mapping[str, int] = {"NE": 0, "CR": 1, "PR": 2, "SD": 3, "NON-CR/NON-PD": 4, "PD": 5}
    response = pl.col("PARAMCD").str.starts_with("OVR")
    rank = pl.col("AVALC").replace_strict(ranks, default=-1, return_dtype=pl.Int64) * rows.height + pl.col("ASEQ")
    worst = rank == rank.max().over("USUBJID", "PARAMCD", "ADT")
    progression = pl.col("ADT").filter(response & (pl.col("AVALC") == "PD")).min().over("USUBJID", "PARCAT2")
    early = pl.col("AVISITN").is_not_null() & (progression.is_null() | (pl.col("ADT") <= progression))
    return rows.with_columns(
        ANL01FL=pl.when(~response | worst).then(pl.lit("Y")),
        ANL02FL=pl.when(early).then(pl.lit("Y")),
    )


def _traced(rows: pl.DataFrame) -> pl.DataFrame:
    """Say where each row comes from: responses from lesions, all else from the responses of the same evaluator."""
    import polars as pl

    sequence = rows.filter(pl.col("PARAMCD").str.starts_with("OVR")).select(
        "USUBJID", "PARCAT2", "SRCREC", SRCSEQ="ASEQ"
    )
    sequence = sequence.unique(["USUBJID", "PARCAT2", "SRCREC"], keep="first", maintain_order=True)
    found = rows.join(sequence, on=["USUBJID", "PARCAT2", "SRCREC"], how="left", maintain_order="left")
    response = pl.col("PARAMCD").str.starts_with("OVR")
    own, death, lesion = (
        pl.col("SRCSEQ").is_not_null(),
        pl.col("PARAMCD") == "DEATH",
        pl.col("SRCREC").str.starts_with("lesions"),
    )
    dated = pl.col("SRCREC").is_not_null()
    return found.with_columns(
        SRCDOM=pl.when(response)
        .then(pl.lit("TR"))
        .when(own)
        .then(pl.lit("ADRS"))
        .when(death & dated)
        .then(pl.lit("ADSL"))
        .when(lesion)
        .then(pl.lit("TU")),
        SRCVAR=pl.when(response)
        .then(pl.lit("TRDTC"))
        .when(own)
        .then(pl.lit("ADT"))
        .when(death & dated)
        .then(pl.lit("DTHDT"))
        .when(lesion)
        .then(pl.lit("TUDTC")),
        SRCSEQ=pl.when(~response).then("SRCSEQ"),
    )
