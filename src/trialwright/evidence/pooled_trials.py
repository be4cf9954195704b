"""From a ledger to the studies of a synthesis: one hazard ratio of each trial, chosen by a rule that is printed.

Of a trial's reported hazard ratios with an interval and its level, the one that enters is of the comparison and
population that the file names first, at its latest dated cut, and there again the first. The others of the same
comparison and population (an earlier cut, another reader of the scans, another source) are kept beside it: each is a
row of the sensitivity table. A file whose feature ``evidence`` is ``meta-analysis`` never enters: its trials would
count twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trialwright.errors import CheckFailed
from trialwright.evidence.claims import Claim
from trialwright.evidence.ledger import Ledger, LedgerFile
from trialwright.evidence.printed import standard_error
from trialwright.evidence.studies import Study

__all__ = ["Poolable", "PooledTrial", "poolable"]


_META_ANALYSIS = "meta-analysis"


@dataclass(frozen=True)
class PooledTrial:
    """A trial with the claim that enters the synthesis."""

    trial: str
    claim: Claim
    study: Study
    possible_events: int | None
    """Events printed with the claim, else its patients; None where neither is printed."""
    others: tuple[Claim, ...]
    """What else is printed of the same comparison and population."""

    @property
    def capped(self) -> Study:
        """Return the study with the smallest standard error its possible events allow, where it prints a smaller one.

        SE >= 2 / sqrt(D) for D events whatever the allocation (Schoenfeld 1981). What rounding of the printed limits
        explains is left as it is.
        """
        least = 2 / math.sqrt(self.possible_events) if self.possible_events else 0.0
        explained = standard_error(self.claim, self.claim.level or 0.0).high >= least
        return self.study if explained else replace(self.study, se=least)


@dataclass(frozen=True)
class Poolable:
    """The trials of a ledger that print a hazard ratio of an endpoint, and why the others do not enter."""

    endpoint: str
    by: str | None
    """Feature of the trials that groups them."""
    trials: tuple[PooledTrial, ...]
    left_out: Mapping[str, str]
    """Trial: why."""

    @property
    def studies(self) -> tuple[Study, ...]:
        """Return the studies as printed."""
        return tuple(each.study for each in self.trials)


def poolable(
    ledger: Ledger,
    endpoint: str,
    *,
    by: str | None = None,
    use: Sequence[str] = (),
    leave_out: Sequence[str] = (),
) -> Poolable:
    """Return what a synthesis of an endpoint takes from a ledger.

    ``by``: a feature that every trial that enters must state. ``use``: ids of claims to take instead of those that the
    rule chooses. ``leave_out``: trials that shall not enter. ValueError for unknown names; CheckFailed with file and
    line where a claim cannot be used, or only one trial has one.

    >>> from trialwright.evidence import ledger
    >>> found = poolable(ledger("rechallenge"), "PFS", by="inhibitor")
    >>> [(each.trial, each.study.group, each.claim.id) for each in found.trials][1:3]
    [('PACE', 'same drug', 'pace-096'), ('MAINTAIN', 'switched drug', 'maintain-077')]
    >>> found.left_out
    {'BioPER': 'no hazard ratio of PFS with an interval and its level'}
    """
    _require_known(ledger, endpoint, use, leave_out)
    trials, left_out = [], {}
    for file in ledger.files:
        if file.claims.features.get("evidence") == _META_ANALYSIS:
            left_out[file.trial] = "a meta-analysis: its trials would count twice"
            continue
        if file.trial in leave_out:
            left_out[file.trial] = "left out as asked"
            continue
        candidates = [claim for claim in file.claims.claims if _usable(claim, endpoint)]
        chosen = _chosen(file, candidates, use)
        if chosen is None:
            left_out[file.trial] = f"no hazard ratio of {endpoint} with an interval and its level"
            continue
        trials.append(_pooled(ledger, file, chosen, by))
    if len(trials) < 2:
        alone = f"{ledger.place(trials[0].claim.id)}: only {trials[0].trial} prints one" if trials else "no trial does"
        needed = f"a hazard ratio of {endpoint}, an interval and its level"
        raise CheckFailed(f"pooling needs two trials with {needed}; {alone}")
    return Poolable(endpoint, by, tuple(trials), left_out)


def as_study(claim: Claim, label: str, group: str = "", *, level: float | None = None) -> Study:
    """Return a hazard ratio as a study; ``level`` reads its interval at another level than is printed."""
    if claim.number is None or claim.lower is None or claim.upper is None or claim.level is None:
        raise ValueError(f"{claim.id} must print a hazard ratio with an interval and its level")
    read_at = level or claim.level
    return Study.of_ratio(label, claim.number, claim.lower, claim.upper, level=read_at, group=group, source=claim.cited)


def possible_events(claim: Claim) -> int | None:
    """Return the most events that a claim can stand for."""
    return claim.n if claim.events is None else claim.events


def _usable(claim: Claim, endpoint: str, *kinds: str) -> bool:
    printed = claim.number is not None and claim.lower is not None and claim.level is not None
    return claim.is_hazard_ratio and claim.measure[0] == endpoint and printed and claim.kind in {"reported", *kinds}


def _chosen(file: LedgerFile, candidates: Sequence[Claim], use: Sequence[str]) -> Claim | None:
    for id in use:
        if id in file.lines:
            return file.claims.claim(id)
    alike = [claim for claim in candidates if _like(claim, candidates[0])]
    # max keeps the first of equals; a cut that is not dated comes before those that are
    return max(alike, key=lambda claim: _order(file, claim), default=None)


def _order(file: LedgerFile, claim: Claim) -> int:
    place = file.claims.order(claim.cut)
    return -1 if place is None else place


def _like(one: Claim, other: Claim) -> bool:
    """Say whether two claims are of the same comparison, endpoint, population and item, whoever read the scans."""
    (endpoint, _, population, item), (endpoint2, _, population2, item2) = one.measure, other.measure
    return (one.group, endpoint, population, item) == (other.group, endpoint2, population2, item2)


def _pooled(ledger: Ledger, file: LedgerFile, claim: Claim, by: str | None) -> PooledTrial:
    group = "" if by is None else file.claims.features.get(by)
    if group is None:
        known = ", ".join(file.claims.features) or "none"
        raise ValueError(f"{file.path}: {file.trial} does not say its {by!r}; features it states: {known}")
    others = tuple(
        each
        for each in file.claims.claims
        if each is not claim and _usable(each, claim.measure[0], "contradicted") and _like(each, claim)
    )
    try:
        study = as_study(claim, file.trial, group)
    except ValueError as error:
        raise CheckFailed(f"{ledger.place(claim.id)}: {error}") from error
    return PooledTrial(file.trial, claim, study, possible_events(claim), others)


def _require_known(ledger: Ledger, endpoint: str, use: Sequence[str], leave_out: Sequence[str]) -> None:
    for trial in leave_out:
        ledger.of(trial)
    known = dict.fromkeys(claim.measure[0] for claim in ledger.claims if claim.is_hazard_ratio)
    if endpoint not in known:
        raise ValueError(f"no hazard ratio of {endpoint!r} is in the ledger; endpoints with one: {', '.join(known)}")
    for id in use:
        usable = [claim.id for claim in ledger.claims if _usable(claim, endpoint, "contradicted")]
        if id not in usable:
            raise ValueError(f"{id!r} is no hazard ratio of {endpoint} with an interval; known: {', '.join(usable)}")
