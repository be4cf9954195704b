"""Best overall response and success of each randomized patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from trialwright.derive.intercurrent import intercurrent
from trialwright.derive.response import response
from trialwright.derive.rows import as_date, columns, frame, grouped
from trialwright.stats import DAYS_PER_WEEK

if TYPE_CHECKING:
    import polars as pl

    from trialwright.protocol import Protocol, ResponseEndpoint
    from trialwright.records import TrialData

__all__ = ["BEST_RESPONSE_COLUMNS", "Assessed", "assessed_by_subject", "best_response", "bests", "up_to_progression"]

BEST_RESPONSE_COLUMNS = {
    "subject": "text",
    "endpoint": "text",
    "best": "text",
    "unconfirmed": "text",
    "success": "yes/no",
    "best_on": "date",
    "why": "text",
    "source": "text",
}


class Assessed(NamedTuple):
    """One assessment after baseline with its response; days are whole days since 1970-01-01."""

    number: int
    assessed_on: int
    response_on: int
    known_on: int
    response: str
    source: str


@dataclass(frozen=True)
class _Case:
    """One patient's assessments that count, and the day from which stable disease counts."""

    counted: tuple[Assessed, ...]
    stable_from: int
    confirmation_days: int | None

    def first(self, responses: Sequence[str], since: int | None = None) -> Assessed | None:
        """Return the first assessment with one of these responses, on or after a day."""
        days = (row for row in self.counted if row.response in responses)
        return next((row for row in days if since is None or row.response_on >= since), None)


@dataclass(frozen=True)
class _BestRule:
    """One candidate for the best response, in order of preference."""

    best: str
    why: str
    find: Callable[[_Case], Assessed | None]


BEST: tuple[_BestRule, ...] = (
    _BestRule("CR", "complete response", lambda case: _responded(case, "CR")),
    _BestRule("PR", "partial response", lambda case: _responded(case, "PR")),
    _BestRule(
        "SD", "stable disease of the minimum duration", lambda case: case.first(("CR", "PR", "SD"), case.stable_from)
    ),
    _BestRule(
        "NON-CR/NON-PD",
        "non-target lesions left for the minimum duration",
        lambda case: case.first(("NON-CR/NON-PD",), case.stable_from),
    ),
    _BestRule("PD", "progression", lambda case: case.first(("PD",))),
    _BestRule("NE", "stable disease shorter than the minimum", lambda case: case.first(("CR", "PR", "SD"))),
    _BestRule("NE", "non-target lesions left, seen too early", lambda case: case.first(("NON-CR/NON-PD",))),
    _BestRule("NE", "no evaluable assessment", lambda case: case.first(("NE",))),
)
"""The first rule that finds an assessment decides; with none, the patient is not evaluable."""


def best_response(
    data: TrialData, protocol: Protocol, endpoint: str, responses: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return one row per randomized subject with the best overall response and whether it is a success.

    ``best`` follows the endpoint's settings; ``unconfirmed`` is the best response had no confirmation been asked for.
    ``best_on`` is the assessment that decided ``best``, ``source`` the one that decided ``success``. Assessments after
    the first progression do not count; assessments after a new therapy do. Stable disease counts from
    ``stable_disease_minimum_weeks`` after randomization. A success is one of the endpoint's responses, or a lasting
    CR, PR, SD or NON-CR/NON-PD at or after ``stable_weeks`` less ``stable_window_days``. Pass ``responses`` (of
    ``response``) to save deriving them again. Raises ValueError when the endpoint is no response endpoint.
    """
    plan = protocol.endpoint(endpoint)
    if plan.kind != "response":
        raise ValueError(f"endpoint {endpoint!r} must be a response endpoint; its kind is {plan.kind!r}")
    if responses is None:
        responses = response(data, protocol, plan.evaluator)
    return bests(data, plan, assessed_by_subject(responses, plan.evaluator))


def bests(data: TrialData, plan: ResponseEndpoint, assessed: Mapping[str, Sequence[Assessed]]) -> pl.DataFrame:
    """Return the rows of one endpoint from the assessments of its evaluator, up to its intercurrent events if any."""
    randomized = zip(*columns(data["allocations"], "subject", "randomized_on"), strict=True)
    last = _last_days(data, plan)
    seen = {
        subject: tuple(s for s in scans if s.response_on <= last.get(subject, s.response_on))
        for subject, scans in assessed.items()
    }
    rows = (_row(subject, on, seen.get(subject, ()), plan) for subject, on in randomized)
    return frame(BEST_RESPONSE_COLUMNS, rows)


def _last_days(data: TrialData, plan: ResponseEndpoint) -> dict[str, int]:
    """Return the day of the first of the events after which assessments do not count, of those who had one."""
    found = intercurrent(data) if plan.until else {}
    days: dict[str, int] = {}
    for kind in plan.until:
        for subject, event in found[kind].items():
            days[subject] = min(event.on, days.get(subject, event.on))
    return days


def assessed_by_subject(responses: pl.DataFrame, evaluator: str) -> Mapping[str, tuple[Assessed, ...]]:
    """Return the assessments after baseline of each subject by one evaluator, in order of number of the frame."""
    import polars as pl

    after = responses.filter((pl.col("evaluator") == evaluator) & pl.col("response").is_not_null())
    rows = grouped(after, *Assessed._fields)
    return {subject: tuple(Assessed(*row) for row in found) for subject, found in rows.items()}


def up_to_progression(assessed: Sequence[Assessed]) -> tuple[Assessed, ...]:
    """Return the assessments up to and including the first progression.

    >>> scan = Assessed(1, 10, 10, 10, "PD", "")
    >>> len(up_to_progression([scan, scan._replace(number=2, response="SD")]))
    1
    """
    end = next((index for index, row in enumerate(assessed) if row.response == "PD"), len(assessed))
    return tuple(assessed[: end + 1])


def _row(subject: str, randomized_on: int, assessed: Sequence[Assessed], plan: ResponseEndpoint) -> tuple[object, ...]:
    stable_from = randomized_on + round(plan.stable_disease_minimum_weeks * DAYS_PER_WEEK)
    case = _Case(up_to_progression(assessed), stable_from, plan.confirmation_days)
    best, why, found = _best(case)
    unconfirmed = best if plan.confirmation_days is None else _best(_Case(case.counted, stable_from, None))[0]
    success, reason, proof = _success(case, best, found, plan, randomized_on)
    decided = found.response_on if found else None
    return subject, plan.id, best, unconfirmed, success, decided, f"{best}: {why}; {reason}", proof


def _best(case: _Case) -> tuple[str, str, Assessed | None]:
    for rule in BEST:
        found = rule.find(case)
        if found:
            return rule.best, f"{rule.why}, {as_date(found.response_on)}", found
    return "NE", "no assessment after baseline", None


def _success(
    case: _Case, best: str, found: Assessed | None, plan: ResponseEndpoint, randomized_on: int
) -> tuple[bool, str, str]:
    if best in plan.success and found:
        return True, "success by response", found.source
    if plan.stable_weeks is not None:
        since = randomized_on + round(plan.stable_weeks * DAYS_PER_WEEK) - plan.stable_window_days
        lasting = case.first(("CR", "PR", "SD", "NON-CR/NON-PD"), since)
        if lasting:
            return True, f"success by disease control at {as_date(lasting.response_on)}", lasting.source
    return False, "no success", found.source if found else "none"


def _responded(case: _Case, wanted: str) -> Assessed | None:
    """Return the first response of this kind, or the first that a later assessment confirms."""
    if case.confirmation_days is None:
        return case.first((wanted,))
    confirmed = (row for index, row in enumerate(case.counted) if row.response == wanted and _is_confirmed(case, index))
    return next(confirmed, None)


def _is_confirmed(case: _Case, index: int) -> bool:
    """Return whether a response is confirmed (Eisenhauer et al. 2009, section 4.6 and table 3).

    The first later response at least as good, at least ``confirmation_days`` on, confirms it; in between only responses
    as good and at most one NE are allowed, and no PR may follow a CR.
    """
    start = case.counted[index]
    good = ("CR",) if start.response == "CR" else ("CR", "PR")
    between: list[str] = []
    for row in case.counted[index + 1 :]:
        if row.response not in (*good, "NE") or (row.response == "PR" and "CR" in between):
            return False
        between.append(row.response)
        if row.response != "NE" and row.response_on - start.response_on >= (case.confirmation_days or 0):
            return between.count("NE") <= 1
    return False
