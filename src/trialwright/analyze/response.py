"""Response endpoints: rates, best responses and the difference between the arms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialwright.analyze.proportions import Compared, comparison, proportion
from trialwright.analyze.study import Finding, Place, Study

if TYPE_CHECKING:
    from trialwright.protocol import AnalysisItem

__all__ = ["BEST", "responses"]

SOURCE = "derive.best_response"
BEST = ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE")
"""Best responses in the order in which they are listed."""


def responses(study: Study, item: AnalysisItem) -> Iterator[Finding]:
    """Return the rate of success, the best responses, and the comparison of each arm with the control."""
    place = Place(study.cut, item.endpoint, item.population)
    best = _column(study, item.endpoint, "best")
    successes = {subject for subject, success in _column(study, item.endpoint, "success").items() if success}
    groups = study.groups(item.population)
    fields = {"conventions": _conventions(study, item.endpoint), "source": SOURCE}
    for group in groups:
        own = group.of_endpoint(item.endpoint)
        won = own.only("success", successes)
        yield proportion(place, group, won, study.protocol.analysis, fields)
        for kind in BEST:
            with_it = own.only(f"best {kind}", (s for s in group.subjects if best[s] == kind))
            yield place.count(group, "best response", with_it, SOURCE, item=kind)
    if item.compare:
        for experimental, control, both in study.comparisons(groups):
            compared = Compared(place, experimental, control, both, frozenset(successes), SOURCE)
            yield from comparison(compared, study)


def _column(study: Study, endpoint: str, name: str) -> dict[str, object]:
    import polars as pl

    frame = study.derived.best_responses.filter(pl.col("endpoint") == endpoint)
    return dict(zip(frame["subject"].to_list(), frame[name].to_list(), strict=True))


def _conventions(study: Study, endpoint: str) -> str:
    plan = study.protocol.endpoint(endpoint)
    if plan.kind != "response":
        raise ValueError(f"endpoint {endpoint!r} must be a response endpoint; its kind is {plan.kind!r}")
    kinds = " or ".join(plan.success)
    stable = f", or disease control at {plan.stable_weeks:g} weeks" if plan.stable_weeks else ""
    confirmed = (
        f"confirmed after {plan.confirmation_days} days" if plan.confirmation_days is not None else "unconfirmed"
    )
    return f"success: {kinds}, {confirmed}{stable}; patients not evaluable are no success"
