"""Find the parameters of a simulation that give published numbers.

Damped Newton on log or logit parameters with common random numbers. The derivatives are measured once by differences
and then kept up to date by the rank-one rule of Broyden (1965, Math Comp 19:577, eq. 4.5). Stages with more and more
replays follow one another (sample average approximation; Kleywegt, Shapiro, Homem-de-Mello 2002, SIAM J Optim 12:479),
and fresh random numbers confirm the end: a fit judged on its own random numbers looks better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trialwright.evidence.calibration import Achieved, Calibration, Observe, Target

__all__ = ["calibrate"]

Vector = NDArray[np.float64]

DIFFERENCE = 0.1
"""Step for measuring derivatives, on the log or logit scale: about 10 % of the parameter."""
LONGEST = 0.7
"""Longest step of one parameter: about a factor of two."""


def calibrate(
    targets: Sequence[Target],
    observe: Observe,
    start: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]],
    *,
    seed: int,
    replays: Sequence[int] = (200, 800, 3200),
    confirm: int = 400,
    stop_at: float = 0.25,
    most_steps: int = 12,
) -> Calibration:
    """Return parameters for which ``observe`` gives the targets, one parameter for each target.

    ``start`` and ``bounds`` name every parameter. Stage k uses ``replays[k]`` replays and the seed ``seed + k`` until
    every quantity is within ``stop_at`` of its standard errors (or its tolerance), or ``most_steps`` are used up; the
    confirmation uses ``confirm`` replays and the next seed. A parameter pushed against a bound is left there, its
    target is reported as out of reach, and the others are still met.

    >>> def exponential_median(x, seed, replays):
    ...     return {"median": (math.log(2) / x["hazard"], 0.01)}
    >>> target = Target("median", 5.0, "hazard")
    >>> found = calibrate([target], exponential_median, {"hazard": 1}, {"hazard": (0.01, 9)}, seed=1)
    >>> round(found.parameters["hazard"], 3), found.hit
    (0.139, True)
    """
    if not replays:
        raise ValueError("replays must name at least one stage; got none")
    problem = _Problem(tuple(targets), observe, dict(start), dict(bounds), stop_at)
    point, slopes = problem.start, None
    for stage in enumerate(replays, start=seed):
        point, slopes = _settle(problem, point, slopes, stage, most_steps)
    last = problem.look(point, stage)
    pushed = ~_free(slopes, last, point, problem) & (np.abs(last.residuals) > last.fine)
    return problem.report(point, pushed, seed, (*replays, confirm))


@dataclass(frozen=True)
class _Look:
    """Residuals seen at one point, and the size below which each no longer matters."""

    residuals: Vector
    fine: Vector

    def settled(self, free: NDArray[np.bool_]) -> bool:
        return bool(np.all(np.abs(self.residuals[free]) <= self.fine[free]))

    def size(self, free: NDArray[np.bool_]) -> float:
        return float(np.linalg.norm(self.residuals[free] / self.fine[free]))


@dataclass
class _Problem:
    """The question on its working scale: one entry per target, parameters transformed."""

    targets: tuple[Target, ...]
    observe: Observe
    given: dict[str, float]
    bounds: dict[str, tuple[float, float]]
    stop_at: float
    looks: int = 0
    seen: dict[tuple[bytes, int, int], _Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self.targets, self.given, self.bounds)
        self.start = self._transformed(self.given)
        self.lower = self._transformed({name: low for name, (low, _) in self.bounds.items()})
        self.upper = self._transformed({name: high for name, (_, high) in self.bounds.items()})

    def look(self, point: Vector, stage: tuple[int, int]) -> _Look:
        """Return the residuals at a point; the same point and random numbers are looked at once only."""
        key = (point.tobytes(), *stage)
        if key not in self.seen:
            found = self._observed(point, *stage)
            means, errors = (np.array([found[target.quantity][i] for target in self.targets]) for i in (0, 1))
            values = np.array([target.value for target in self.targets])
            tolerances = [target.tolerance for target in self.targets]
            fine = np.maximum.reduce([self.stop_at * errors, tolerances, 1e-9 * np.maximum(1, np.abs(values))])
            self.seen[key] = _Look(means - values, fine)
        return self.seen[key]

    def parameters(self, point: Vector) -> dict[str, float]:
        """Return the parameters at a point on their own scale."""
        return {
            target.parameter: math.exp(value) if target.scale == "log" else 1 / (1 + math.exp(-value))
            for target, value in zip(self.targets, point, strict=True)
        }

    def report(self, point: Vector, pushed: NDArray[np.bool_], seed: int, replays: tuple[int, ...]) -> Calibration:
        """Return what fresh random numbers say about the point."""
        parameters = self.parameters(point)
        found = self._observed(point, seed + len(replays) - 1, replays[-1])
        achieved = [
            _achieved(target, found[target.quantity], parameters[target.parameter] if stuck else None)
            for target, stuck in zip(self.targets, pushed, strict=True)
        ]
        return Calibration(parameters, tuple(achieved), self.looks, seed, replays)

    def _observed(self, point: Vector, seed: int, replays: int) -> Mapping[str, tuple[float, float]]:
        self.looks += 1
        found = self.observe(self.parameters(point), seed, replays)
        for target in self.targets:
            if target.quantity not in found:
                raise ValueError(f"observe must return {target.quantity!r}; it returned {', '.join(sorted(found))}")
            if not all(map(math.isfinite, found[target.quantity])):
                raise ValueError(
                    f"observe gave {found[target.quantity]} for {target.quantity!r} at {self.parameters(point)}; "
                    "mean and standard error must be finite. Narrow the bounds."
                )
        return found

    def _transformed(self, values: Mapping[str, float]) -> Vector:
        pairs = [(target.scale, values[target.parameter]) for target in self.targets]
        return np.array([math.log(x) if scale == "log" else math.log(x / (1 - x)) for scale, x in pairs])


def _settle(
    problem: _Problem, point: Vector, slopes: Vector | None, stage: tuple[int, int], most_steps: int
) -> tuple[Vector, Vector]:
    here = problem.look(point, stage)
    fresh = slopes is None
    slopes = _differences(problem, point, stage) if slopes is None else slopes
    for _ in range(most_steps):
        free = _free(slopes, here, point, problem)
        if here.settled(free):
            break
        moved = _shorter_until_better(problem, point, _step(slopes, here, free), free, stage)
        if moved is None and fresh:
            break
        if moved is None:
            slopes, fresh = _differences(problem, point, stage), True
            continue
        there = problem.look(moved, stage)
        slopes = _broyden(slopes, moved - point, there.residuals - here.residuals)
        point, here, fresh = moved, there, False
    return point, slopes


def _differences(problem: _Problem, point: Vector, stage: tuple[int, int]) -> Vector:
    here, columns = problem.look(point, stage).residuals, []
    for index in range(len(point)):
        room = problem.upper[index] - point[index] >= DIFFERENCE
        step = DIFFERENCE if room else -DIFFERENCE
        moved = point.copy()
        moved[index] = np.clip(point[index] + step, problem.lower[index], problem.upper[index])
        columns.append((problem.look(moved, stage).residuals - here) / (moved[index] - point[index]))
    return np.column_stack(columns)


def _free(slopes: Vector | None, here: _Look, point: Vector, problem: _Problem) -> NDArray[np.bool_]:
    """Return which parameters can still move: not those at a bound that the next step would push outwards."""
    free = np.ones(len(point), dtype=bool)
    for _ in point:
        step = _step(slopes, here, free)
        outward = ((point <= problem.lower) & (step < 0)) | ((point >= problem.upper) & (step > 0))
        if not (outward & free).any():
            break
        free &= ~outward
    return free


def _step(slopes: Vector | None, here: _Look, free: NDArray[np.bool_]) -> Vector:
    step = np.zeros(len(free))
    if slopes is None or not free.any():
        return step
    scaled = slopes[np.ix_(free, free)] / here.fine[free, None]
    wanted = -here.residuals[free] / here.fine[free]
    step[free] = np.linalg.lstsq(scaled, wanted, rcond=1e-8)[0]
    longest = float(np.abs(step).max())
    return step * min(1.0, LONGEST / longest) if longest else step


def _shorter_until_better(
    problem: _Problem, point: Vector, step: Vector, free: NDArray[np.bool_], stage: tuple[int, int]
) -> Vector | None:
    size = problem.look(point, stage).size(free)
    for share in (1.0, 0.5, 0.25, 0.125):
        moved = np.clip(point + share * step, problem.lower, problem.upper)
        if np.array_equal(moved, point):
            return None
        if problem.look(moved, stage).size(free) < size:
            return moved
    return None


def _broyden(slopes: Vector, step: Vector, change: Vector) -> Vector:
    return slopes + np.outer(change - slopes @ step, step) / (step @ step)


def _achieved(target: Target, found: tuple[float, float], stuck_at: float | None) -> Achieved:
    mean, error = map(float, found)
    off = mean - target.value
    z = off / error if error else (0.0 if abs(off) <= target.tolerance else math.copysign(math.inf, off))
    within = abs(off) <= max(2 * error, target.tolerance)
    problem = None if within else f"{mean:.4g} is {abs(z):.1f} standard errors from {target.value:.4g}"
    if stuck_at is not None:
        problem = f"out of reach: {target.parameter} is at its bound {stuck_at:.4g} and {target.quantity} is {mean:.4g}"
    return Achieved(target.quantity, target.parameter, target.value, mean, error, z, within, problem)


def _check(targets: Sequence[Target], start: Mapping[str, float], bounds: Mapping[str, tuple[float, float]]) -> None:
    names = [target.parameter for target in targets]
    if not targets or len(set(names)) != len(names):
        raise ValueError(f"every target needs a parameter of its own; got {names}")
    if set(names) != set(start) or set(names) != set(bounds):
        raise ValueError(f"start and bounds must name the parameters {names}; got {list(start)} and {list(bounds)}")
    for target in targets:
        low, high = bounds[target.parameter]
        top = math.inf if target.scale == "log" else 1
        if not (0 < low < high < top and low <= start[target.parameter] <= high):
            raise ValueError(
                f"bounds of {target.parameter!r} must lie within (0, {top}) and around its start "
                f"{start[target.parameter]}; got {low} to {high}"
            )
