"""Made-up results in the vocabulary of the analysis, for any protocol: the report is tested without running a trial."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from trialwright.evidence import Achieved, Claim, Claims, Link, check, compare
from trialwright.protocol import AnalysisItem, Protocol
from trialwright.results import Method, Result, Results
from trialwright.stats import days

METHODS = {
    m.id: m
    for m in (
        Method("count", "Count", "Subjects are counted.", ""),
        Method("km", "Kaplan-Meier estimate", "Product of (1 - d/n); log-log limits.", "Kaplan and Meier 1958, eq. 2b"),
        Method("cox", "Cox model", "Partial likelihood, Efron's rule for ties.", "Cox 1972; Efron 1977"),
        Method("exact", "Exact proportion", "Limits of Clopper and Pearson.", "Clopper and Pearson 1934"),
    )
}
TERMS = ("neutropenia", "fatigue", "nausea", "arthralgia", "leukopenia", "anemia", "headache", "alopecia")


@dataclass
class Made:
    """Rows and subjects as they are made."""

    protocol: Protocol
    chance: random.Random
    rows: list[Result] = field(default_factory=list)
    subjects: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, group: str, statistic: str, value: float | None, *, of: int = 0, **more: object) -> None:
        where = {"cut": self.cut, "endpoint": self.endpoint, "population": self.population} | more
        name = f"{where['population']}/{group}/{of}"
        self.subjects.setdefault(name, tuple(f"V{i:03}" for i in range(of)))
        problem = None if value is not None else "too few events"
        row = Result(
            group=group, statistic=statistic, value=value, problem=problem, subjects=name, **{"method": "count"} | where
        )
        self.rows.append(row)

    def at(self, cut: str, endpoint: str, population: str) -> None:
        self.cut, self.endpoint, self.population = cut, endpoint, population


def results_for(protocol: Protocol, seed: int = 1) -> Results:
    made = Made(protocol, random.Random(seed))
    arms = [arm.id for arm in protocol.arms]
    ratio = protocol.randomization.ratio
    size = {arm: protocol.design.enrollment * ratio[arm] // sum(ratio.values()) for arm in arms}
    for cut in protocol.analysis.cuts:
        _flow(made, cut.id, size)
        _baseline(made, cut.id, size)
        for item in protocol.analysis.items:
            makers = {"time to event": _times, "response": _response, "adverse events": _harms}
            makers[protocol.endpoint(item.endpoint).kind](made, cut.id, item, size)
        _course(made, cut.id, size)
    return Results(tuple(made.rows), METHODS, made.subjects)


def _flow(made: Made, cut: str, size: dict[str, int]) -> None:
    made.at(cut, "flow", "screened")
    total = sum(size.values())
    lost = {"not eligible": 31, "cannot tell": 2, "no dose stated": 4, "declined": 6, "closed": 0}
    made.add("all", "assessed", total + sum(lost.values()), of=total + sum(lost.values()))
    for name, count in lost.items():
        made.add("all", name, count, of=count)
    for i, criterion in enumerate(made.protocol.eligibility.criteria[:6]):
        made.add("all", "not eligible", 12 - 2 * i, of=12 - 2 * i, item=criterion.id)
    made.add("all", "randomized", total, of=total)
    made.add("all", "sites", 41, of=total)
    for arm, n in size.items():
        made.add(arm, "allocated", n, of=n)
        made.add(arm, "treated", n - 1, of=n - 1)
        made.add(arm, "never treated", 1, of=1)
        made.add(arm, "discontinued treatment", n - 7, of=n - 7)
        made.add(arm, "discontinued treatment", n - 12, of=n - 12, item="progression")
        made.add(arm, "discontinued treatment", 5, of=5, item="adverse event")
        made.add(arm, "on treatment", 6, of=6)
        for population in made.protocol.analysis.populations:
            made.add(arm, "in population", n - (population.members == "treated"), of=n - 1, item=population.id)


def _baseline(made: Made, cut: str, size: dict[str, int]) -> None:
    made.at(cut, "baseline", made.protocol.analysis.populations[0].id)
    sizes = size | {"all": sum(size.values())}
    for name, variable in made.protocol.variables.items():
        if not variable.baseline:
            continue
        for group, n in sizes.items():
            if variable.type == "number":
                for statistic, value in (("median", 59.0), ("minimum", 33.0), ("maximum", 85.0)):
                    made.add(group, statistic, value, of=n, item=name, unit=variable.unit or "", n=n)
            for i, level in enumerate(variable.levels or ("yes", "no")):
                if variable.type in {"choice", "yes/no"}:
                    count = n // 2 if i < 2 else 0
                    item = f"{name}={level}"
                    made.add(group, "share", count / n, of=count, item=item, unit="share", n=n, events=count)


def _times(made: Made, cut: str, item: AnalysisItem, size: dict[str, int]) -> None:
    made.at(cut, item.endpoint, item.population)
    median = 900 if made.protocol.endpoint(item.endpoint).events == ("death",) else 140
    for k, (arm, n) in enumerate(size.items()):
        _curve(made, arm, n, median * (1 - 0.2 * k), item)
    for arm in size:
        if arm != made.protocol.analysis.control:
            group = f"{arm} v {made.protocol.analysis.control}"
            more = {"n": sum(size.values()), "conventions": "Efron ties, stratified as randomized"}
            made.add(
                group,
                "hazard ratio",
                0.84,
                of=99,
                lower=0.66,
                upper=1.07,
                level=0.95,
                method="cox",
                unit="ratio",
                **more,
            )
            made.add(group, "log-rank P", 0.1492, of=99, **more)


def _curve(made: Made, arm: str, n: int, median: float, item: AnalysisItem) -> None:
    times = sorted(
        (max(1, round(made.chance.expovariate(0.693 / median))), made.chance.random() < 0.85) for _ in range(n)
    )
    times = [(min(day, 900), event and day < 900) for day, event in times]
    left, share, events, half = n, 1.0, 0, None
    for day in sorted({day for day, _ in times}):
        here = sum(d == day and e for d, e in times)
        gone = sum(d == day and not e for d, e in times)
        share *= 1 - here / left
        events += here
        half = day if half is None and share <= 0.5 else half
        if here:
            limits = {"lower": max(0.0, share - 0.1), "upper": min(1.0, share + 0.1), "level": 0.95}
            made.add(arm, "survival", share, at=day, unit="share", n=left, events=events, method="km", **limits)
        if gone:
            made.add(arm, "censored at", gone, at=day)
        left -= here + gone
    for k in range(0, 31, 3):
        day = round(days(k))
        made.add(arm, "at risk", sum(d >= day for d, _ in times), at=day, of=n)
    _summary(made, arm, n, events, half, item)


def _summary(made: Made, arm: str, n: int, events: int, half: float | None, item: AnalysisItem) -> None:
    made.add(arm, "events", events, of=events, n=n)
    made.add(arm, "censored", n - events, of=n - events, n=n)
    made.add(arm, "censoring reason", n - events, of=n - events, n=n, item="last adequate assessment")
    limits = {"lower": (half or 600) * 0.8, "upper": None if half is None else half * 1.3, "level": 0.95}
    made.add(
        arm, "median", half, of=n, unit="days", n=n, events=events, method="km", conventions="log-log limits", **limits
    )
    made.add(arm, "follow-up", 515.0, of=n, unit="days", n=n, lower=480.0, upper=560.0, level=0.95, method="km")
    for month in item.at_months:
        share = {"lower": 0.33, "upper": 0.5, "level": 0.95, "at": float(round(days(month)))}
        made.add(arm, "rate", 0.4213, of=n, unit="share", n=n, method="km", **share)


def _response(made: Made, cut: str, item: AnalysisItem, size: dict[str, int]) -> None:
    made.at(cut, item.endpoint, item.population)
    for arm, n in size.items():
        good = n // 8
        made.add(
            arm,
            "rate",
            good / n,
            of=good,
            unit="share",
            n=n,
            events=good,
            lower=0.05,
            upper=0.2,
            level=0.95,
            method="exact",
        )
        for name, count in (
            ("CR", 0),
            ("PR", good),
            ("SD", n // 3),
            ("PD", n // 2),
            ("NE", n - good - n // 3 - n // 2),
        ):
            made.add(arm, "best response", count, of=count, item=name, n=n)
    for arm in size:
        if arm != made.protocol.analysis.control:
            group = f"{arm} v {made.protocol.analysis.control}"
            made.add(group, "difference", -0.021, of=50, lower=-0.1, upper=0.06, level=0.95, unit="share")
            made.add(group, "difference P", 0.00001, of=50)


def _harms(made: Made, cut: str, item: AnalysisItem, size: dict[str, int]) -> None:
    made.at(cut, item.endpoint, item.population)
    for k, (arm, n) in enumerate(size.items()):
        for j, term in enumerate(("any", *TERMS)):
            grades = [
                n // (3 + j + k),
                n // (6 + j),
                n // (8 + j * (1 + 2 * k)) if j < 5 else 0,
                n // 40 if j < 2 else 0,
                0,
            ]
            for grade, count in enumerate(grades, 1):
                made.add(arm, f"grade {grade}", count / n, of=count, item=term, n=n, events=count, unit="share")
            for name, some in (("any grade", grades), ("grade 3 or higher", grades[2:])):
                made.add(arm, name, sum(some) / n, of=sum(some), item=term, n=n, events=sum(some), unit="share")

    for arm in size:
        if arm != made.protocol.analysis.control:
            group = f"{arm} v {made.protocol.analysis.control}"
            for statistic, value in (("difference", 0.1), ("difference P", 0.03)):
                made.add(
                    group, statistic, value, of=50, item="any grade", lower=0.01, upper=0.2, level=0.95, unit="share"
                )


def _course(made: Made, cut: str, size: dict[str, int]) -> None:
    for arm, n in size.items():
        made.at(cut, "exposure", made.protocol.analysis.populations[0].id)
        made.add(arm, "cycles started", 6.0, of=n, n=n, unit="cycles")
        for treatment in made.protocol.arm(arm).interventions:
            made.add(arm, "dose reduced", 0.25, of=n // 4, item=treatment, n=n, events=n // 4, unit="share")
        made.at(cut, "samples", made.protocol.analysis.populations[0].id)
        for sample in made.protocol.samples:
            made.add(arm, "taken", 0.5, of=n // 2, item=sample.id, n=n, events=n // 2, unit="share")
        made.at(cut, "biomarkers", made.protocol.analysis.populations[0].id)
        made.add(arm, "altered", 0.35, of=n // 3, item="ESR1", n=n, events=n // 3, unit="share")


def claims_for(results: Results) -> Claims:
    """One claim for each median and hazard ratio, one that nothing answers, one that is text."""
    rows = [row for row in results if row.statistic in {"median", "hazard ratio"} and row.endpoint != "baseline"]
    printed = [_claim(f"c-{i}", row) for i, row in enumerate(rows)]
    more = {"cited": "S", "cut": rows[0].cut}
    alone = Claim(id="c-alone", label="Nothing answers", value=42.1, unit="percent", kind="derived", n=136, **more)
    text = Claim(
        id="c-text",
        label="A median",
        value="not reached",
        unit="months",
        kind="reported",
        result=_link(rows[0]),
        **more,
    )
    return Claims(sources={"S": "Someone et al., Journal 2025;1:1"}, claims=(*printed, alone, text))


def _claim(id: str, row: Result) -> Claim:
    ratio = row.statistic == "hazard ratio"
    value, lower, upper = (0.84, 0.66, 1.07) if ratio else (4.9, 3.6, 6.1)
    return Claim(
        id=id, label=f"{row.endpoint} {row.statistic} {row.group}", cited="S", kind="reported", cut=row.cut,
        value=value, unit="" if ratio else "months", lower=lower, upper=upper, level=0.95, n=198, result=_link(row),
    )  # fmt: skip


def _link(row: Result) -> Link:
    fields = ("cut", "endpoint", "population", "group", "statistic", "at", "item")
    return Link(**{name: getattr(row, name) for name in fields})


def evidence_for(results: Results) -> dict[str, object]:
    """The arguments of ``report.write`` that the room evidence gives."""
    claims, chance = claims_for(results), random.Random(2)
    keys = [claim.result.key for claim in claims.claims if claim.result]
    replays = {key: [chance.gauss(0.8, 0.1) * (1 if "ratio" in key else 180) for _ in range(200)] for key in keys}
    calibration = (
        Achieved("PFS at 6 months, A", "h", 0.421, 0.4198, 0.0012, -1.0, True, None),
        Achieved("ORR", "p", 0.1, 0.12, 0.003, 6.7, False, "0.12 is 6.7 standard errors from 0.1"),
    )
    return {
        "claims": claims,
        "comparison": compare(claims, results, replays),
        "findings": check(claims),
        "calibration": calibration,
    }


MANIFEST = {"study": "made up", "seed": 1, "versions": {"trialwright": "0.1.0"}, "cuts": ["first", "final"]}
