"""Group sequential boundaries and what is asked of them, beside R's rpact and gsDesign where R has them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from bench._peers import best
from trialwright.design import (
    Boundaries,
    Futility,
    Spending,
    drift_for_power,
    group_sequential_power,
    predictive_power,
    spending_boundaries,
    survival_looks,
)

LOOKS = (2, 5, 20)
TARGET = 0.2
"""Milliseconds promised for five looks through the public functions."""
PACKAGES = ("rpact", "gsDesign")
OF = Spending("obrien-fleming")


def plan(looks: int, futility: Futility | None = None, sides: int = 1) -> Boundaries:
    t = [(k + 1) / looks for k in range(looks)]
    return spending_boundaries(t, OF, alpha=0.025 * sides, sides=sides, futility=futility)  # type: ignore[arg-type]


def questions(looks: int) -> dict[str, Callable[[], float]]:
    """Return what is timed; each call makes everything anew from plain numbers."""
    made, beta = plan(looks), Futility(binding=False, spending=OF, beta=0.1)
    events = [60 * (k + 1) for k in range(looks)]

    def design() -> float:
        def at(counts: object) -> Boundaries:
            return plan(looks)

        return survival_looks(at, events, hazard_ratio=0.7, ratio=2).power

    return {
        "bounds, one side": lambda: float(plan(looks).upper[-1]),
        "bounds, two sides": lambda: plan(looks, sides=2).upper[-1],
        "power": lambda: sum(group_sequential_power(made, 3.0).above),
        "drift for power": lambda: drift_for_power(made, 0.9),
        "predictive power": lambda: predictive_power(made, 1, 1.0),
        "with beta spending": lambda: plan(looks, beta).upper[-1],
        "inner wedge": lambda: plan(looks, beta, sides=2).upper[-1],
        "in whole events": design,
    }


def in_r() -> dict[str, dict[int, tuple[float, float]]]:
    """Return milliseconds and last bound by package and looks, of those packages that R has."""
    if shutil.which("Rscript") is None:
        return {}
    script = Path(__file__).with_name("boundaries.R")
    command = ["Rscript", str(script), *map(str, LOOKS)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found: dict[str, dict[int, tuple[float, float]]] = {}
    for line in lines:
        name, looks, ms, bound = line.split("\t")
        found.setdefault(name, {})[int(looks)] = (float(ms), float(bound))
    return found


def run() -> None:
    print(f"Group sequential designs, milliseconds of one call, best of many (promised: {TARGET} for five looks)")
    print(f"  {'looks':<20}" + "".join(f"{looks:>10}" for looks in LOOKS))
    for call in questions(LOOKS[0]).values():
        call()  # kernels are compiled before the clock starts
    times = {looks: {name: best(call) for name, call in questions(looks).items()} for looks in LOOKS}
    for name in times[LOOKS[0]]:
        print(f"  {name:<20}" + "".join(f"{times[looks][name].ms:>10.3f}" for looks in LOOKS))
    ours = {looks: times[looks]["bounds, one side"] for looks in LOOKS}
    others = in_r()
    for package, found in others.items():
        print(f"  {package:<20}" + "".join(f"{found[looks][0]:>10.3f}" for looks in LOOKS))
        print("    times as long     " + "".join(f"{found[looks][0] / ours[looks].ms:>10.0f}" for looks in LOOKS))
        print("    last bound differs" + "".join(f"{found[looks][1] - ours[looks].answer:>10.0e}" for looks in LOOKS))
    missing = [package for package in PACKAGES if package not in others]
    if missing:
        print(f"  not on this machine: {', '.join(missing)}")
    print()
