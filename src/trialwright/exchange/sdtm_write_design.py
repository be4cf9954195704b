"""TA, TE, TV, TI and TS from the protocol: what the protocol does not know has a null flavor, nothing is invented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trialwright.exchange.countries import COUNTRY_CODES
from trialwright.exchange.datasets import Dataset, dtype
from trialwright.exchange.sdtm_specification import SDTM
from trialwright.exchange.sdtm_visits import ASSESSMENT, assessment_base, visit_names, visit_numbers
from trialwright.exchange.specification import built

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["design_datasets"]

Row = dict[str, Any]
_TEXT_BYTES = 200


def design_datasets(data: TrialData, protocol: Protocol) -> Iterator[Dataset]:
    """Yield the datasets of the trial's design."""
    study = data.study.upper()
    yield _dataset("TA", study, _arms(protocol))
    yield _dataset("TE", study, _elements(protocol))
    yield _dataset("TV", study, _visits(data, protocol))
    yield _dataset("TI", study, _criteria(protocol))
    yield _dataset("TS", study, _summary(data, protocol))


def _dataset(domain: str, study: str, rows: Iterator[Row]) -> Dataset:
    import polars as pl

    spec = SDTM[domain]
    schema = {variable.name: dtype(variable.kind) for variable in spec.variables}
    whole = [{"STUDYID": study, "DOMAIN": domain, **row} for row in rows]
    return built(spec, pl.DataFrame(whole, schema=pl.Schema(schema), orient="row"), "protocol")


def _arms(protocol: Protocol) -> Iterator[Row]:
    for at, arm in enumerate(protocol.arms):
        shared = {"ARMCD": arm.id, "ARM": arm.label}
        start = {"TABRANCH": f"Randomized to {arm.label}", "EPOCH": "SCREENING"}
        yield {**shared, "TAETORD": 1, "ETCD": "SCRN", "ELEMENT": "Screening", **start}
        treated = {"ETCD": f"TRT{at + 1}", "ELEMENT": _fitting(arm.short), "EPOCH": "TREATMENT"}
        yield {**shared, "TAETORD": 2, **treated}
        yield {**shared, "TAETORD": 3, "ETCD": "FU", "ELEMENT": "Follow-up", "EPOCH": "FOLLOW-UP"}


def _elements(protocol: Protocol) -> Iterator[Row]:
    yield {"ETCD": "SCRN", "ELEMENT": "Screening", "TESTRL": "Informed consent", "TEENRL": "First dose"}
    for at, arm in enumerate(protocol.arms):
        rules = {"TESTRL": "First dose", "TEENRL": "End of treatment"}
        yield {"ETCD": f"TRT{at + 1}", "ELEMENT": _fitting(arm.short), **rules}
    yield {"ETCD": "FU", "ELEMENT": "Follow-up", "TESTRL": "End of treatment", "TEENRL": "End of study or death"}


def _visits(data: TrialData, protocol: Protocol) -> Iterator[Row]:
    """Return every visit and tumor assessment that was planned for somebody, with its planned day where it has one.

    Visits that repeat have no planned last time: the trial data say how often they came.
    """
    names, numbers, times = visit_names(protocol), visit_numbers(protocol), _times(data["visits"], "visit")
    for visit in protocol.visits:
        repeats = visit.repeat_days or 0
        for time in range(times.get(visit.id, 1)):
            rule = f"Day {visit.day + time * repeats} from {visit.anchor}, within {visit.window_days} days"
            yield {
                "VISITNUM": float(numbers[visit.id] + time),
                "VISIT": f"{names[visit.id]} {time + 1}" if repeats else names[visit.id],
                "VISITDY": visit.day + time * repeats if visit.anchor == "randomization" else None,
                "TVSTRL": rule,
            }
    yield from _assessments(data, protocol)


def _times(visits: pl.DataFrame, name: str) -> dict[str, int]:
    import polars as pl

    return dict(visits.group_by(name).agg(pl.col("number").max()).iter_rows())


def _assessments(data: TrialData, protocol: Protocol) -> Iterator[Row]:
    window, last = protocol.assessments.window_days, data["assessments"]["number"].max()
    for number in range((last if isinstance(last, int) else 0) + 1):
        baseline = f"Within {protocol.assessments.baseline_within_days} days before randomization"
        later = f"By the schedule of tumor assessments, within {window} days"
        yield {
            "VISITNUM": float(assessment_base(protocol) + number),
            "VISIT": f"{ASSESSMENT} {number}",
            "TVSTRL": later if number else baseline,
        }


def _criteria(protocol: Protocol) -> Iterator[Row]:
    for criterion in protocol.eligibility.criteria:
        rule = criterion.rule if criterion.rule and len(criterion.rule.encode()) <= _TEXT_BYTES else None
        yield {
            "IETESTCD": criterion.id,
            "IETEST": criterion.short,
            "IECAT": criterion.kind.upper(),
            "TIRL": rule,
            "TIVERS": protocol.identification.version,
        }


def _summary(data: TrialData, protocol: Protocol) -> Iterator[Row]:
    """Return the parameters of TS, each value of a parameter with its number."""
    counted: dict[str, int] = {}
    for code, name, value in _parameters(data, protocol):
        counted[code] = counted.get(code, 0) + 1
        first, *further = _parts(str(value)) if value is not None else [None]
        yield {
            "TSSEQ": counted[code],
            "TSPARMCD": code,
            "TSPARM": name,
            "TSVAL": first,
            **{f"TSVAL{at}": part for at, part in enumerate(further[:2], 1)},
            "TSVALNF": "UNK" if value is None else None,
        }


def _parameters(data: TrialData, protocol: Protocol) -> Iterator[tuple[str, str, Any]]:
    """Yield code, name and value of each parameter; None is what the protocol does not know."""
    yield from _about_the_study(protocol)
    yield from _about_the_design(protocol)
    yield from _about_the_subjects(data, protocol)
    for level, code, name in (
        ("primary", "OBJPRIM", "Trial Primary Objective"),
        ("secondary", "OBJSEC", "Trial Secondary Objective"),
    ):
        texts: list[str | None] = [objective.text for objective in protocol.objectives if objective.level == level]
        unknown: list[str | None] = [None] if level == "primary" else []
        yield from ((code, name, text) for text in texts or unknown)
    for level, code, name in (
        ("primary", "OUTMSPRI", "Primary Outcome Measure"),
        ("secondary", "OUTMSSEC", "Secondary Outcome Measure"),
    ):
        yield from ((code, name, endpoint.measure) for endpoint in protocol.endpoints if endpoint.level == level)


def _about_the_study(protocol: Protocol) -> Iterator[tuple[str, str, Any]]:
    known, registry = protocol.identification, protocol.registry
    yield "TITLE", "Trial Title", known.official_title or known.brief_title
    yield "SPONSOR", "Clinical Study Sponsor", protocol.organization.sponsor
    for registered in [known.nct_id, *(other.id for other in known.secondary_ids)]:
        if registered:
            yield "REGID", "Registry Identifier", registered
    yield "SSTDTC", "Study Start Date", registry.start.date if registry and registry.start else None
    yield "SENDTC", "Study End Date", registry.completion.date if registry and registry.completion else None
    yield "SDTIGVER", "SDTM IG Version", "3.4"
    yield "SDTMVER", "SDTM Version", "2.0"


def _about_the_design(protocol: Protocol) -> Iterator[tuple[str, str, Any]]:
    design = protocol.design
    phases = {
        "PHASE1": "PHASE I TRIAL",
        "PHASE2": "PHASE II TRIAL",
        "PHASE3": "PHASE III TRIAL",
        "PHASE4": "PHASE IV TRIAL",
    }
    yield "STYPE", "Study Type", design.study_type
    yield from (("TPHASE", "Trial Phase Classification", phases.get(phase)) for phase in design.phases)
    yield "INTMODEL", "Intervention Model", design.model
    kinds = dict.fromkeys(found.type for found in protocol.interventions)
    yield from (("INTTYPE", "Intervention Type", kind) for kind in kinds)
    yield "PCLAS", "Pharmacologic Class", None
    yield "TBLIND", "Trial Blinding Schema", {"NONE": "OPEN LABEL", "DOUBLE": "DOUBLE BLIND"}.get(design.masking)
    yield "RANDOM", "Trial is Randomized", "Y"
    yield "RANDQT", "Randomization Quotient", _quotient(protocol)
    yield from (("STRATFCT", "Stratification Factor", factor.label) for factor in protocol.randomization.strata)
    yield "NARMS", "Planned Number of Arms", len(protocol.arms)
    yield "ADAPT", "Adaptive Design", None
    yield "TTYPE", "Trial Type", None
    yield "LENGTH", "Trial Length", None
    yield "INDIC", "Trial Disease/Condition Indication", protocol.description.disease
    yield from (("TRT", "Investigational Therapy or Treatment", name) for name in _experimental(protocol))


def _quotient(protocol: Protocol) -> str | None:
    """Return the share of subjects randomized to experimental arms, where the arms say which these are."""
    ratio = protocol.randomization.ratio
    experimental = [arm.id for arm in protocol.arms if arm.type == "EXPERIMENTAL"]
    if not experimental:
        return None
    return f"{sum(ratio[arm] for arm in experimental) / sum(ratio.values()):.4f}"


def _experimental(protocol: Protocol) -> list[str | None]:
    """Return the interventions that only experimental arms have; None stands for not known."""
    controls = {name for arm in protocol.arms if arm.type != "EXPERIMENTAL" for name in arm.interventions}
    own = [found.name for found in protocol.interventions if found.id not in controls]
    return [*own] or [None]


def _about_the_subjects(data: TrialData, protocol: Protocol) -> Iterator[tuple[str, str, Any]]:
    eligible = protocol.eligibility
    yield "AGEMIN", "Planned Minimum Age of Subjects", _years(eligible.minimum_age)
    yield "AGEMAX", "Planned Maximum Age of Subjects", _years(eligible.maximum_age)
    yield "SEXPOP", "Sex of Participants", {"FEMALE": "F", "MALE": "M", "ALL": "BOTH"}[eligible.sex]
    yield "HLTSUBJI", "Healthy Subject Indicator", "Y" if eligible.healthy_volunteers else "N"
    yield "PLANSUB", "Planned Number of Subjects", protocol.sample_size.patients
    yield "ACTSUB", "Actual Number of Subjects", len(data["allocations"])
    yield "DCUTDTC", "Data Cutoff Date", data.cutoff
    yield "STOPRULE", "Study Stop Rules", None
    for country in dict.fromkeys(site.country for site in protocol.sites):
        yield "FCNTRY", "Planned Country of Investigational Sites", COUNTRY_CODES.get(country, country)


def _years(age: int | None) -> str | None:
    return None if age is None else f"P{age}Y"


def _parts(text: str) -> list[str]:
    """Return a text in parts of at most 200 bytes, broken between words, as SDTM continues long values."""
    parts, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if len(longer.encode()) > _TEXT_BYTES:
            parts.append(line)
            longer = word
        line = longer
    return [*parts, line]


def _fitting(text: str) -> str:
    """Return a short description that fits into 40 characters, broken between words."""
    words = text.split()
    while len(" ".join(words)) > 40 and len(words) > 1:
        words.pop()
    return " ".join(words)
