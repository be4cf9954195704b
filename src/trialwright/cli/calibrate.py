"""Fit a scenario to published figures, or say how far it is from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trialwright.design import Calibrated, Scenario
    from trialwright.evidence import Achieved, Calibration, Claim, Claims, Observe, Target
    from trialwright.protocol import Protocol
    from trialwright.simulate import Replays

__all__ = ["achieved", "calibrate", "fit", "targets"]

WIDEST = 30.0
"""A parameter may move by this factor, a share to this distance on the odds scale."""


def calibrate(
    study: Annotated[str, typer.Argument(help="A study that ships with the program, or a protocol file.")],
    replays: Annotated[list[int] | None, typer.Option(help="Replays of each stage, rising.", min=50)] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first stage; later stages count on.")] = 1,
    scenario: Annotated[Path | None, typer.Option(help="Scenario file; beside the protocol by default.")] = None,
    claims: Annotated[Path | None, typer.Option(help="Published claims; beside the protocol by default.")] = None,
) -> None:
    """Fit the scenario's parameters to the published figures it names, and print them; no file is changed."""
    from trialwright.cli.rehearsal import read_study
    from trialwright.errors import CheckFailed, DocumentError

    read = read_study(study, scenario, claims)
    if read.claims is None or not read.scenario.calibration:
        raise DocumentError(f"{study}: calibration needs claims and a list `calibration` in the scenario")
    found = fit(read.protocol, read.scenario, read.claims, seed, replays or (200, 1000, 4000))
    for name, value in found.parameters.items():
        typer.echo(f"{name}: {value:.5g}")
    for row in found.achieved:
        typer.echo(
            f"{row.quantity}: target {row.target:.5g}, mean {row.mean:.5g} (SE {row.standard_error:.2g}), z {row.z:.2f}"
        )
    missed = [row.problem for row in found.achieved if row.problem]
    if missed:
        raise CheckFailed("not every figure was met:\n" + "\n".join(missed))


def targets(scenario: Scenario, claims: Claims) -> tuple[Target, ...]:
    """Return what each fitted parameter is to reach: the published figure in the unit of the result."""
    from trialwright.evidence import Target

    return tuple(
        Target(
            _quantity(fitted, claims.claim(fitted.claim)),
            _wanted(fitted, claims.claim(fitted.claim)),
            fitted.parameter,
            fitted.scale,
        )
        for fitted in scenario.calibration
    )


def fit(protocol: Protocol, scenario: Scenario, claims: Claims, seed: int, replays: Iterable[int]) -> Calibration:
    """Return the parameters for which the mean of many virtual trials meets the published figures."""
    from trialwright.evidence import calibrate

    wanted = targets(scenario, claims)
    start = {target.parameter: scenario.value(target.parameter) for target in wanted}
    bounds = {target.parameter: _bounds(start[target.parameter], target.scale) for target in wanted}
    return calibrate(
        wanted, _observe(protocol, scenario, wanted), start, bounds, seed=seed, replays=tuple(replays), confirm=2000
    )


def achieved(scenario: Scenario, claims: Claims, replays: Replays) -> tuple[Achieved, ...]:
    """Return how near the mean of some replays is to each published figure the scenario was fitted to."""
    from trialwright.evidence import Achieved

    rows = []
    for target in targets(scenario, claims):
        mean, error = _mean(replays, target)
        z = (mean - target.value) / error if error else math.copysign(math.inf, mean - target.value)
        z = 0.0 if mean == target.value else z
        problem = None if abs(z) <= 2 else f"{mean:.4g} is {abs(z):.1f} standard errors from {target.value:.4g}"
        problem = "; ".join(filter(None, (problem, _left_out(replays, target)))) or None
        rows.append(Achieved(target.quantity, target.parameter, target.value, mean, error, z, abs(z) <= 2, problem))
    return tuple(rows)


def _left_out(replays: Replays, target: Target) -> str | None:
    """Return a remark where the mean is of some replays only: those that reached the number."""
    values = replays.values.get(target.quantity)
    finite = 0 if values is None else sum(map(math.isfinite, values.tolist()))
    if values is None or finite == replays.trials:
        return None
    return f"mean of the {finite:,} of {replays.trials:,} replays that reached it, so too short"


def _observe(protocol: Protocol, scenario: Scenario, wanted: Iterable[Target]) -> Observe:
    from trialwright.simulate import many

    def observe(values: Mapping[str, float], seed: int, count: int) -> Mapping[str, tuple[float, float]]:
        found = many(protocol, scenario.with_values(dict(values)), count, seed)
        return {target.quantity: _mean(found, target) for target in wanted}

    return observe


def _mean(replays: Replays, target: Target) -> tuple[float, float]:
    from trialwright.errors import DocumentError

    if target.quantity not in replays.values:
        raise DocumentError(f"calibration of {target.parameter}: no fast replay gives {target.quantity!r}")
    return replays.mean(target.quantity)


def _quantity(fitted: Calibrated, claim: Claim) -> str:
    from trialwright.errors import DocumentError

    if fitted.quantity is not None:
        return fitted.quantity
    if claim.result is None:
        raise DocumentError(f"calibration of {fitted.parameter}: claim {claim.id} has no result; name the quantity")
    return claim.result.key


def _wanted(fitted: Calibrated, claim: Claim) -> float:
    from trialwright.errors import DocumentError
    from trialwright.stats import DAYS_PER_MONTH

    if fitted.target is not None:
        return fitted.target
    if claim.unit == "percent" and claim.events is not None and claim.n:
        return claim.events / claim.n
    factor = {"months": DAYS_PER_MONTH, "percent": 0.01}.get(claim.unit, 1.0)
    if not isinstance(claim.value, int | float):
        raise DocumentError(f"calibration of {fitted.parameter}: claim {claim.id} is no number but {claim.value!r}")
    return claim.value * factor


def _bounds(start: float, scale: str) -> tuple[float, float]:
    if scale == "log":
        return start / WIDEST, start * WIDEST
    odds = start / (1 - start)
    low, high = odds / WIDEST, odds * WIDEST
    return low / (1 + low), high / (1 + high)
