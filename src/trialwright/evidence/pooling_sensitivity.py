"""How far a pooled answer hangs on single choices: the model, a data cut, a source, a level, what cannot be.

Each row changes one thing against the synthesis of the claims as printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from trialwright.evidence.claims import Claim
from trialwright.evidence.heterogeneity import PoolingMethod
from trialwright.evidence.inference import PoolingTest
from trialwright.evidence.pooled_trials import Poolable, PooledTrial, as_study
from trialwright.evidence.studies import Study
from trialwright.evidence.subgroups import Subgroups, pool_subgroups
from trialwright.evidence.synthesis import Synthesis, default_test, pool

__all__ = ["SensitivityRow", "pooling_sensitivity"]

Changed = Literal["nothing", "model", "information", "data cut", "assessment", "source", "level", "trial left out"]
_MODELS: tuple[PoolingMethod, ...] = ("common", "DL", "PM", "REML", "ML", "SJ")


@dataclass(frozen=True)
class SensitivityRow:
    """The synthesis with one thing changed."""

    changed: Changed
    label: str
    synthesis: Synthesis
    groups: Subgroups | None
    """The same in groups, where the trials are grouped and each group still has a trial."""


def pooling_sensitivity(
    found: Poolable, *, method: PoolingMethod = "REML", test: PoolingTest | None = None, level: float = 0.95
) -> tuple[SensitivityRow, ...]:
    """Return the synthesis as printed, then with one thing changed at a time.

    The model; every standard error at least what the possible events allow; a trial's other claims of the same
    comparison (data cut, reader of the scans, source); an interval printed at an unusual level read at the usual one;
    each trial left out, if three or more enter. ``test`` stays what it is for all trials as printed.

    >>> from trialwright.evidence import ledger, poolable
    >>> rows = pooling_sensitivity(poolable(ledger("rechallenge"), "PFS"))
    >>> [row.label for row in rows if row.changed in {"assessment", "level"}]
    ['postMONARCH by BICR: 0.55 (0.39-0.77)', 'PACE read at 95%, printed at 90%']
    """
    chosen = test or default_test(len(found.trials), method)

    def row(changed: Changed, label: str, studies: Sequence[Study], by: PoolingMethod = method) -> SensitivityRow:
        how = _test_for(by, chosen)
        groups = None
        if found.by is not None and len({study.group for study in studies}) > 1 and len(studies) > 2:
            groups = pool_subgroups(studies, method=by, shared_tau2=True, test=how, level=level)
        return SensitivityRow(changed, label, pool(studies, method=by, test=how, level=level), groups)

    printed = found.studies
    models = [each for each in _MODELS if each != method]
    return (
        row("nothing", "as printed", printed),
        *(row("model", _model(each), printed, each) for each in models),
        *(row(*change) for change in _changes(found)),
    )


Change = tuple[Changed, str, Sequence[Study]]


def _changes(found: Poolable) -> Iterator[Change]:
    capped = [each.trial for each in found.trials if each.capped != each.study]
    if capped:
        label = f"SE no smaller than the possible events allow ({', '.join(capped)})"
        yield "information", label, [each.capped for each in found.trials]
    for trial in found.trials:
        for claim in trial.others:
            yield _instead(found, trial, claim)
    yield from _levels(found)
    if len(found.trials) > 2:
        for trial in found.trials:
            yield "trial left out", f"without {trial.trial}", [s for s in found.studies if s.label != trial.trial]


def _instead(found: Poolable, trial: PooledTrial, claim: Claim) -> Change:
    changed: Changed = "source"
    told = f"as printed by {claim.cited}"
    if claim.cut != trial.claim.cut:
        changed, told = "data cut", f"at the cut {claim.cut!r}"
    elif claim.assessed_by != trial.claim.assessed_by:
        changed, told = "assessment", f"by {claim.assessed_by or 'another reader'}"
    label = f"{trial.trial} {told}: {claim.value} ({claim.lower:g}-{claim.upper:g})"
    return changed, label, _replaced(found, trial, claim)


def _levels(found: Poolable) -> Iterator[Change]:
    """Yield each trial whose interval is at another level than most, read at theirs."""
    usual = Counter(trial.claim.level for trial in found.trials).most_common(1)[0][0]
    for trial in found.trials:
        own = trial.claim.level
        if own != usual and usual is not None and own is not None:
            label = f"{trial.trial} read at {100 * usual:g}%, printed at {100 * own:g}%"
            yield "level", label, _replaced(found, trial, trial.claim, usual)


def _replaced(found: Poolable, trial: PooledTrial, claim: Claim, level: float | None = None) -> list[Study]:
    """Return the studies with a trial's own taken from this claim, its interval read at ``level`` if one is given."""
    changed = as_study(claim, trial.trial, trial.study.group, level=level)
    return [changed if each is trial else each.study for each in found.trials]


def _model(method: PoolingMethod) -> str:
    return "common effect" if method == "common" else f"random effects by {method}"


def _test_for(method: PoolingMethod, test: PoolingTest) -> PoolingTest:
    """Return the test; Hartung and Knapp's has no place in a common effect."""
    return "z" if method == "common" and test.startswith("HK") else test
