"""A synthesis of a ledger for the terminal, and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from trialwright.evidence import (
    Inference,
    Ledger,
    Poolable,
    PooledTrial,
    PoolingTest,
    Prediction,
    PredictionKind,
    SensitivityRow,
    Subgroups,
    Synthesis,
    poolable,
    pooling_sensitivity,
)

__all__ = ["Answer", "answered", "as_json", "as_text", "finite"]

_TESTS = {"z": "z", "t": "t", "HK": "Hartung-Knapp", "HK ad hoc": "Hartung-Knapp, ad hoc"}
_SAID_BY_MODEL = "common effect: one true hazard ratio in all trials"


@dataclass(frozen=True)
class Answer:
    """What the command found."""

    ledger: Ledger
    poolable: Poolable
    rows: tuple[SensitivityRow, ...]
    """The first is the synthesis as printed."""

    @property
    def synthesis(self) -> Synthesis:
        """Return the synthesis as printed."""
        return self.rows[0].synthesis

    @property
    def groups(self) -> Subgroups | None:
        """Return it in groups."""
        return self.rows[0].groups


def answered(
    ledger: Ledger,
    endpoint: str,
    *,
    by: str | None,
    use: Sequence[str],
    leave_out: Sequence[str],
    method: str,
    test: str | None,
    level: float,
) -> Answer:
    """Return the synthesis of a ledger with everything that is printed of it; ValueError for unknown names."""
    found = poolable(ledger, endpoint, by=by, use=use, leave_out=leave_out)
    rows = pooling_sensitivity(found, method=method, test=test, level=level)  # type: ignore[arg-type]
    return Answer(ledger, found, rows)


def as_text(found: Answer) -> str:
    """Return what is printed on the terminal."""
    parts = [_head(found), *_trials(found), "", *_pooled(found.synthesis)]
    if found.groups is not None:
        parts += ["", *_groups(found.groups)]
    parts += ["", *_sensitivity(found)]
    return "\n".join(parts)


def _head(found: Answer) -> str:
    trials = len(found.poolable.trials)
    question = f"\n{found.ledger.question}" if found.ledger.question else ""
    return f"{found.ledger.name}: hazard ratios of {found.poolable.endpoint}, {trials} trials{question}\n"


def _trials(found: Answer) -> Iterator[str]:
    weights = dict(zip((s.label for s in found.synthesis.studies), found.synthesis.weights, strict=True))
    head = ("trial", found.poolable.by or "", "comparison", "cut", "claim", "hazard ratio", "SE", "weight")
    rows = [_trial(each, weights[each.trial]) for each in found.poolable.trials]
    yield from _table(head, rows, right={6, 7})
    for each in found.poolable.trials:
        if each.capped != each.study:
            yield f"  {each.trial}: {each.possible_events} possible events allow no SE below {each.capped.se:.4f}"
    for trial, why in found.poolable.left_out.items():
        yield f"  left out: {trial}, {why}"


def _trial(each: PooledTrial, weight: float) -> tuple[str, ...]:
    claim = each.claim
    limits = f"{claim.value:g} ({claim.lower:g} to {claim.upper:g}, {100 * (claim.level or 0):g}%)"
    place = (each.trial, each.study.group, claim.group, claim.cut, claim.id)
    return (*place, limits, f"{each.study.se:.4f}", f"{100 * weight:.1f}%")


def _pooled(found: Synthesis) -> Iterator[str]:
    spread, level = found.heterogeneity, f"{100 * found.inference.level:g}%"
    common = spread.method == "common"
    yield _SAID_BY_MODEL if common else f"random effects, tau2 by {spread.method}"
    for each in sorted(found.inferences, key=lambda inference: inference.test != found.test):
        chosen = "  <- taken" if each.test == found.test else ""
        yield f"  {_TESTS[each.test]:<22} {_ratio(each)}  P {_p(each.p)}{chosen}"
    if not common:
        limits = spread.problem or f"{level} Q-profile {spread.lower:.4g} to {spread.upper:.4g}"
        yield f"  tau2 {spread.tau2:.4g} ({limits})"
    yield f"  I2 {100 * spread.i2:.1f}%, H2 {spread.h2:.2f}; Q {spread.q:.2f} on {spread.df} df, P {_p(spread.p)}"
    for predicted in _predictions(found):
        if predicted.lower is not None and predicted.upper is not None:
            ends = f"{math.exp(predicted.lower):.2f} to {math.exp(predicted.upper):.2f}"
            yield f"  {level} prediction interval by {predicted.kind}, SE of {_TESTS[predicted.test]}: {ends}"
    yield from (f"  note: {note}" for note in found.notes)


def _predictions(found: Synthesis) -> list[Prediction]:
    return [found.predict(kind, found.test if kind != "z" else "z") for kind in get_args(PredictionKind)]


def _groups(found: Subgroups) -> Iterator[str]:
    shared = "one effect in each" if found.overall.heterogeneity.method == "common" else "tau2 shared"
    yield f"in groups, {shared}, limits by z"
    for name, mean in found.means.items():
        trials = ", ".join(study.label for study in found.groups[name])
        yield f"  {name:<22} {_ratio(mean)}  P {_p(mean.p)}  ({trials})"
    between = found.between
    yield f"  between groups: Q {between.statistic or 0:.2f} on {between.df} df, P {_p(between.p or 0)}"
    names = list(found.means)
    if len(names) == 2:
        difference = found.difference(*names)
        yield f"  {names[0]} over {names[1]}: {_ratio(difference)}, a ratio of hazard ratios"


def _sensitivity(found: Answer) -> Iterator[str]:
    names = list(found.groups.means) if found.groups is not None else []
    between = [f"{names[0]} / {names[1]}"] if len(names) == 2 else []
    yield "one thing changed at a time"
    taken: PoolingTest = found.synthesis.test
    beside: PoolingTest = "z" if taken != "z" else "HK"
    head = ("", _TESTS[taken], "P", _TESTS[beside], "P", "tau2", *between)
    rows = [_changed(row, (taken, beside), names) for row in found.rows]
    yield from _table(head, rows, right={2, 4, 5})


def _changed(row: SensitivityRow, tests: tuple[PoolingTest, ...], names: Sequence[str]) -> tuple[str, ...]:
    ratio: tuple[str, ...] = ()
    if len(names) == 2:
        groups = row.groups
        ratio = ("",) if groups is None or set(groups.means) != set(names) else (_ratio(groups.difference(*names)),)
    # a common effect has no Hartung-Knapp limits; its row says so by leaving them out
    allowed = {each.test: each for each in row.synthesis.inferences}
    found = [(_ratio(allowed[test]), _p(allowed[test].p)) if test in allowed else ("", "") for test in tests]
    return (row.label, *found[0], *found[1], f"{row.synthesis.heterogeneity.tau2:.4f}", *ratio)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], right: set[int]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        pairs = enumerate(zip(row, widths, strict=True))
        cells = [cell.rjust(width) if i in right else cell.ljust(width) for i, (cell, width) in pairs]
        yield "  " + "  ".join(cells).rstrip()


def _ratio(mean: Inference) -> str:
    value, lower, upper = mean.ratio
    return f"{value:.2f} ({lower:.2f} to {upper:.2f})"


def _p(p: float) -> str:
    return "<0.0001" if p < 0.00005 else f"{p:.4f}"


def as_json(found: Answer) -> str:
    """Return every number with all digits; effects are natural logarithms, and ``ratio`` is what they stand for."""
    printed = found.synthesis
    values = {
        "ledger": found.ledger.name,
        "question": found.ledger.question,
        "endpoint": found.poolable.endpoint,
        "by": found.poolable.by,
        "problems": list(found.ledger.problems),
        "trials": [_trial_values(found, each) for each in found.poolable.trials],
        "left out": dict(found.poolable.left_out),
        **_synthesis_values(printed),
        "prediction": [asdict(each) | {"ratio": _ends(each)} for each in _predictions(printed)],
        "groups": None if found.groups is None else _group_values(found.groups),
        "sensitivity": [_row_values(row) for row in found.rows],
    }
    return json.dumps(finite(values), indent=1, ensure_ascii=False, allow_nan=False)


def _trial_values(found: Answer, each: PooledTrial) -> dict[str, Any]:
    return {
        "trial": each.trial,
        "claim": each.claim.id,
        "place": found.ledger.place(each.claim.id),
        "comparison": each.claim.group,
        "cut": each.claim.cut,
        "printed": [each.claim.value, each.claim.lower, each.claim.upper],
        "level": each.claim.level,
        **asdict(each.study),
        "possible events": each.possible_events,
        "capped se": each.capped.se,
        "others": [claim.id for claim in each.others],
    }


def _synthesis_values(found: Synthesis) -> dict[str, Any]:
    return {
        "test": found.test,
        "inferences": [_inference_values(each) for each in found.inferences],
        "heterogeneity": asdict(found.heterogeneity),
        "weights": dict(zip((study.label for study in found.studies), found.weights, strict=True)),
        "notes": list(found.notes),
    }


def _inference_values(each: Inference) -> dict[str, Any]:
    return asdict(each) | {"ratio": list(each.ratio)}


def _ends(each: Prediction) -> list[float] | None:
    return None if each.lower is None or each.upper is None else [math.exp(each.lower), math.exp(each.upper)]


def _group_values(found: Subgroups) -> dict[str, Any]:
    names = list(found.means)
    return {
        "means": {name: _inference_values(mean) for name, mean in found.means.items()},
        "trials": {name: [study.label for study in studies] for name, studies in found.groups.items()},
        "tau2": {name: spread.tau2 for name, spread in found.within.items()},
        "between": asdict(found.between),
        "difference": _inference_values(found.difference(*names)) if len(names) == 2 else None,
    }


def _row_values(row: SensitivityRow) -> dict[str, Any]:
    groups = None if row.groups is None else _group_values(row.groups)
    return {"changed": row.changed, "label": row.label, **_synthesis_values(row.synthesis), "groups": groups}


def finite(value: Any) -> Any:
    """Return the values with null for infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
