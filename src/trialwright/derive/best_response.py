"""Best overall response and success of each randomized patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.derive.assessed import (
    Assessed,
    assessed_by_subject,
    first_confirmed,
    in_time,
    up_to_progression,
    visible_after_complete,
)
from trialwright.derive.intercurrent import firsts, intercurrent
from trialwright.derive.recorded import responses_of
from trialwright.derive.rows import as_date, columns, frame
from trialwright.stats import DAYS_PER_WEEK

if TYPE_CHECKING:
    import polars as pl

    from trialwright.derive.plan import Plan
    from trialwright.protocol import ResponseEndpoint
    from trialwright.records import TrialData

__all__ = ["BEST_RESPONSE_COLUMNS", "best_response", "bests"]

BEST_RESPONSE_COLUMNS = {
    "subject": "text",
    "endpoint": "text",
    "best": "text",
    "unconfirmed": "text",
    "success": "yes/no",
    "best_on": "date",
    "responded_on": "date",
    "success_on": "date",
    "why": "text",
    "source": "text",
}
MANY = 20_000
"""Assessments from which an endpoint that can go by columns does; the rows are the same."""
LASTING = ("CR", "PR", "SD", "NON-CR/NON-PD")
"""Responses that show control of the disease."""


@dataclass(frozen=True)
class _Case:
    """One patient's assessments that count, and the days from which stable disease counts."""

    counted: tuple[Assessed, ...]
    stable_from: int
    controlled_from: int | None
    confirmation_days: int | None
    not_evaluable_between: int

    def first(self, responses: Sequence[str], since: int | None = None) -> Assessed | None:
        """Return the first assessment with one of these responses, on or after a day."""
        days = (row for row in self.counted if row.response in responses)
        return next((row for row in days if since is None or row.response_on >= since), None)

    def responded(self, *wanted: str) -> Assessed | None:
        """Return the first response of these kinds that counts: confirmed, where confirmation is asked for."""
        return first_confirmed(self.counted, wanted, self.confirmation_days, self.not_evaluable_between)


@dataclass(frozen=True)
class _BestRule:
    """One candidate for the best response, in order of preference."""

    best: str
    why: str
    find: Callable[[_Case], Assessed | None]


BEST: tuple[_BestRule, ...] = (
    _BestRule("CR", "complete response", lambda case: case.responded("CR")),
    _BestRule("PR", "partial response", lambda case: case.responded("PR")),
    _BestRule(
        "SD", "stable disease of the minimum duration", lambda case: case.first(("CR", "PR", "SD"), case.stable_from)
    ),
    _BestRule(
        "NON-CR/NON-PD",
        "non-target lesions left for the minimum duration",
        lambda case: case.first(("NON-CR/NON-PD",), case.stable_from),
    ),
    _BestRule("PD", "progression", lambda case: case.first(("PD",))),
    _BestRule("NE", "", lambda case: case.first((*LASTING, "NE"))),
)
"""The first rule that finds an assessment decides; with none, the patient was not assessed."""

NOT_EVALUABLE = {
    "NON-CR/NON-PD": "non-target lesions left, seen too early",
    "NE": "no evaluable assessment",
}
"""Why the last rule applies, by the response it finds; of any other ``TOO_EARLY``."""
TOO_EARLY = "stable disease shorter than the minimum"


def best_response(
    data: TrialData, protocol: Plan, endpoint: str, responses: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row per randomized subject with the best overall response and whether it is a success.

    ``best`` follows the endpoint's settings; ``unconfirmed`` is the best response had no confirmation been asked for.
    ``best_on`` is the assessment that decided ``best``, ``responded_on`` the first CR or PR that counts, ``success_on``
    the assessment that first made the success, ``source`` the record of ``success_on`` (of ``best_on`` without
    success). Assessments after the first progression do not count, nor do those after the endpoint's ``until``. Stable
    disease counts from ``stable_disease_minimum_weeks`` after the reference day. A success is one of the endpoint's
    responses, or a lasting CR, PR, SD or NON-CR/NON-PD at or after ``stable_weeks`` less ``stable_window_days``. Pass
    ``responses`` (of ``response``) to save deriving them again. Raises ValueError when the endpoint is no response
    endpoint.

    >>> from trialwright.protocol import load, study_names
    >>> from trialwright.records import TrialData
    >>> best_response(TrialData.from_rows("", {}, virtual=True), load(study_names()[0]), "ORR").height
    0
    """
    plan = protocol.endpoint(endpoint)
    if plan.kind != "response":
        raise ValueError(f"endpoint {endpoint!r} must be a response endpoint; its kind is {plan.kind!r}")
    if responses is None:
        responses = responses_of(data, protocol, plan.evaluator)
    if len(responses) >= MANY:
        from trialwright.derive.best_columns import best_goes_by_columns, bests_by_columns

        if best_goes_by_columns(plan):
            return bests_by_columns(data, plan, responses)
    return bests(data, plan, assessed_by_subject(responses, plan.evaluator))


def bests(data: TrialData, plan: ResponseEndpoint, assessed: Mapping[str, Sequence[Assessed]]) -> pl.DataFrame:
    """Return the rows of one endpoint from the assessments of its evaluator, up to its intercurrent events if any."""
    randomized = zip(*columns(data["allocations"], "subject", "randomized_on"), strict=True)
    last, dosed = _last_days(data, plan), _first_doses(data, plan)
    seen = {
        subject: tuple(s for s in scans if s.response_on <= last.get(subject, s.response_on))
        for subject, scans in assessed.items()
    }
    rows = (_row(subject, dosed.get(subject, on), seen.get(subject, ()), plan) for subject, on in randomized)
    return frame(BEST_RESPONSE_COLUMNS, rows)


def _last_days(data: TrialData, plan: ResponseEndpoint) -> dict[str, int]:
    """Return the day of the first of the events after which assessments do not count, of those who had one."""
    found = intercurrent(data) if plan.until else {}
    days: dict[str, int] = {}
    for kind in plan.until:
        for subject, event in found[kind].items():
            days[subject] = min(event.on, days.get(subject, event.on))
    return days


def _first_doses(data: TrialData, plan: ResponseEndpoint) -> dict[str, int]:
    """Return the reference days that are not the day of randomization; who had no dose keeps that one."""
    if plan.reference == "randomization":
        return {}
    return {subject: dose.on for subject, dose in firsts(data["doses"], "started_on", "first dose", "doses").items()}


def _row(subject: str, reference: int, assessed: Sequence[Assessed], plan: ResponseEndpoint) -> tuple[object, ...]:
    case = _case(reference, assessed, plan)
    best, why, found = _best(case, plan)
    free = case if plan.confirmation_days is None else _case(reference, assessed, plan, confirmed=False)
    success, reason, proof = _success(case, best, found, plan)
    responded = case.responded("CR", "PR")
    days = (_day(found), _day(responded), _day(proof) if success else None)
    proved = proof.source if proof else "none"
    return subject, plan.id, best, _best(free, plan)[0], success, *days, f"{best}: {why}; {reason}", proved


def _case(reference: int, assessed: Sequence[Assessed], plan: ResponseEndpoint, *, confirmed: bool = True) -> _Case:
    read = tuple(in_time(assessed, plan.progression_within_days, reference))
    if plan.after_complete == "progression":
        read = tuple(visible_after_complete(read))
    controlled = None if plan.stable_weeks is None else _weeks(reference, plan.stable_weeks) - plan.stable_window_days
    return _Case(
        up_to_progression(read),
        _weeks(reference, plan.stable_disease_minimum_weeks),
        controlled,
        plan.confirmation_days if confirmed else None,
        plan.not_evaluable_between,
    )


def _weeks(reference: int, weeks: float) -> int:
    return reference + round(weeks * DAYS_PER_WEEK)


def _day(found: Assessed | None) -> int | None:
    return found.response_on if found else None


def _best(case: _Case, plan: ResponseEndpoint) -> tuple[str, str, Assessed | None]:
    for rule in BEST:
        found = rule.find(case)
        if found:
            why = rule.why or NOT_EVALUABLE.get(found.response, TOO_EARLY)
            return rule.best, f"{why}, {_told(found)}", found
    return plan.without_assessment, "no assessment after baseline", None


def _told(found: Assessed) -> str:
    return as_date(found.response_on) + (f" ({found.note})" if found.note else "")


def _success(
    case: _Case, best: str, found: Assessed | None, plan: ResponseEndpoint
) -> tuple[bool, str, Assessed | None]:
    """Return whether there is success, why, and the assessment that first made it (of no success, the best one)."""
    response = _by_response(case, best, found, plan)
    lasting = None if case.controlled_from is None else case.first(LASTING, case.controlled_from)
    if response and (lasting is None or response.response_on <= lasting.response_on):
        return True, "success by response", response
    if lasting:
        return True, f"success by disease control at {as_date(lasting.response_on)}", lasting
    return False, "no success", found


def _by_response(case: _Case, best: str, found: Assessed | None, plan: ResponseEndpoint) -> Assessed | None:
    if best not in plan.success:
        return None
    return case.responded(*(kind for kind in plan.success if kind in ("CR", "PR"))) or found
