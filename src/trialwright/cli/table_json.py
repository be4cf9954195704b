"""An analysis of a table as JSON: every block with its numbers, its conventions and, where one is missing, why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from trialwright.analyze import ArmSummary, Model, TableAnalysis, Term
    from trialwright.stats import Contrast, Estimate, LogRank, Test

__all__ = ["as_json"]


def as_json(found: TableAnalysis, file: Path) -> str:
    """Return everything found; null is never zero, and a ``problem`` beside it says why there is no number."""
    import json

    return json.dumps(_content(found, file), indent=1, ensure_ascii=False, allow_nan=False)


def _content(found: TableAnalysis, file: Path) -> dict[str, Any]:
    return {
        "table": _table(found, file),
        "n": found.everyone.curve.subjects,
        "events": found.everyone.curve.total_events,
        "unit": found.question.unit,
        "level": found.question.level,
        "conventions": _conventions(found),
        "arms": {arm.arm: _arm(arm, found) for arm in found.arms},
        "overall": _arm(found.everyone, found),
        "log_rank": {name: _log_rank(test, found, name) for name, test in found.log_ranks.items()},
        "cox": {name: _model(model, found) for name, model in found.models.items()},
        "rmst": _means(found),
        "notes": list(found.notes),
    }


def _table(found: TableAnalysis, file: Path) -> dict[str, Any]:
    rows, columns = found.subjects, found.subjects.columns
    return {
        "file": file.name,
        "rows_read": rows.rows_read,
        "rows_used": len(rows.times),
        "dropped": dict(rows.dropped),
        "time": columns.time,
        "event": columns.event,
        "event_value": "1 or true" if columns.event_value is None else columns.event_value,
        "arm": columns.arm,
        "control": rows.times.arms[0],
        "strata": list(columns.strata),
        "covariates": list(columns.covariates),
    }


def _conventions(found: TableAnalysis) -> dict[str, Any]:
    rules = found.question.conventions
    return {
        "preset": rules.preset,
        "conf_type": rules.interval,
        "ties": rules.ties,
        "flat_quantile": rules.flat,
        "rate_beyond_follow_up": rules.beyond,
        "at_risk": rules.at_risk,
        "times": found.subjects.times_in_words(rules.merge),
    }


def _arm(arm: ArmSummary, found: TableAnalysis) -> dict[str, Any]:
    rules = found.question.conventions
    return {
        "n": arm.curve.subjects,
        "events": arm.curve.total_events,
        "censored": arm.curve.subjects - arm.curve.total_events,
        "median": _estimate(arm.quantiles[0.5], rules.quantile),
        "quartiles": {f"{100 * p:g}": _estimate(found, rules.quantile) for p, found in arm.quantiles.items()},
        "landmarks": [
            {"time": at, **_estimate(rate, rules.rate), "at_risk": arm.at_risk[at]} for at, rate in arm.rates.items()
        ],
        "follow_up": _estimate(arm.follow_up, f"reverse Kaplan-Meier, events censored; {rules.interval} limits"),
        "at_risk": {
            "times": list(arm.at_risk),
            "numbers": list(arm.at_risk.values()),
            "conventions": rules.number_at_risk,
        },
    }


def _estimate(estimate: Estimate, conventions: str) -> dict[str, Any]:
    limits = {"lower": _finite(estimate.lower), "upper": _finite(estimate.upper), "level": estimate.level}
    more = {"conventions": conventions, "problem": estimate.problem}
    return {"value": _finite(estimate.value), "se": _finite(estimate.se), **limits, **more}


def _log_rank(test: LogRank, found: TableAnalysis, name: str) -> dict[str, Any]:
    by = f"strata: {', '.join(found.subjects.columns.strata)}" if name == "stratified" else "no strata"
    return _test(test.test, "chi_square") | {
        "z": _finite(test.z),
        "p_one_sided": _finite(test.p_one_sided),
        "observed": dict(zip(test.arms, test.observed.tolist(), strict=True)),
        "expected": dict(zip(test.arms, test.expected.tolist(), strict=True)),
        "uninformative_strata": list(test.uninformative_strata) if name == "stratified" else [],
        "conventions": f"log-rank, hypergeometric variance; {by}; p two-sided; z below 0 and a small one-sided p favor "
        "the second arm over the control",
    }


def _test(test: Test, statistic: str = "statistic") -> dict[str, Any]:
    return {statistic: _finite(test.statistic), "df": test.df, "p": _finite(test.p), "problem": test.problem}


def _model(model: Model, found: TableAnalysis) -> dict[str, Any]:
    return {
        "model": model.description,
        "n": model.subjects,
        "events": model.events,
        "terms": [_term(term, found.question.level) for term in model.terms],
        "likelihood_ratio": _test(model.likelihood_ratio),
        "wald": _test(model.wald),
        "score": _test(model.score),
        "proportional_hazards": _proportional_hazards(model),
        "log_likelihood": _finite(model.log_likelihood),
        "log_likelihood_null": _finite(model.log_likelihood_null),
        "conventions": f"Cox model of {model.description}; {found.question.conventions.ties_in_words}; {model.limits}",
        "problem": model.problem,
    }


def _proportional_hazards(model: Model) -> dict[str, Any]:
    test = model.proportional_hazards
    if test is None:
        return {"terms": {}, "global": None, "problem": model.proportional_hazards_problem}
    return {
        "terms": {name: _test(each) for name, each in test.terms.items()},
        "global": _test(test.overall),
        "conventions": f"score test of Grambsch and Therneau (R survival 3), time transform {test.transform}",
        "problem": None,
    }


def _means(found: TableAnalysis) -> dict[str, Any]:
    means = found.means
    return {
        "tau": means.tau.time,
        "tau_rule": means.tau.rule,
        "arms": {
            name: {"mean": _estimate(arm.mean, _AREA), "lost": _estimate(arm.lost, _AREA)}
            for name, arm in means.arms.items()
        },
        "comparisons": {
            name: {
                "difference": _contrast(pair.difference),
                "ratio": _contrast(pair.ratio),
                "lost_ratio": _contrast(pair.lost_ratio),
            }
            for name, pair in means.comparisons.items()
        },
        "problem": means.problem,
    }


_AREA = "area under the Kaplan-Meier curve to tau, Greenwood variance without the factor m/(m-1); not stratified"


def _contrast(contrast: Contrast) -> dict[str, Any]:
    names = ("value", "lower", "upper", "se", "z", "p")
    scale = "log scale (delta method)" if contrast.scale == "log" else "plain scale"
    more = {"level": contrast.level, "conventions": f"Wald limits and P on the {scale}", "problem": contrast.problem}
    return {name: _finite(getattr(contrast, name)) for name in names} | more


def _term(term: Term, level: float) -> dict[str, Any]:
    names = ("coef", "se", "hazard_ratio", "lower", "upper", "z", "p")
    numbers: Mapping[str, float | None] = {name: _finite(getattr(term, name)) for name in names}
    return {"term": term.name, **numbers, "level": level, "problem": term.problem}


def _finite(value: float | None) -> float | None:
    """Return a number that JSON can hold; an infinite ratio or limit is null, and its problem says so."""
    return value if value is not None and math.isfinite(value) else None
