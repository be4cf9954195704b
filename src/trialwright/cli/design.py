"""``trialwright design``: how large a trial must be, and when it may stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from trialwright.cli.boundaries import boundaries
from trialwright.cli.card import card, lint
from trialwright.cli.design_options import (
    Alpha,
    ControlMedian,
    Delay,
    Dropout,
    FollowUp,
    HazardRatio,
    Json,
    Longest,
    Margin,
    Milestone,
    Power,
    Ratio,
    Sides,
    Tau,
    Trials,
    UniformAccrual,
    WeightOfTest,
)
from trialwright.cli.milestones import milestones
from trialwright.cli.solve_design import as_options, check_alpha, check_dropout, solve, split_ratio

if TYPE_CHECKING:
    from trialwright.design import EventNumber, FixedPlan, SupposedTrial
    from trialwright.stats import Weight

__all__ = ["app"]

app = typer.Typer(help="What is supposed: how many events and patients a trial needs.", no_args_is_help=True)

NEEDED = ("--accrual", "--follow-up", "--control-median")

app.command()(boundaries)
app.command()(card)
app.command()(lint)
app.command()(milestones)
app.command()(solve)


@app.command()
def size(  # noqa: PLR0917 - each is an option of the command
    hazard_ratio: HazardRatio,
    power: Power = 0.8,
    alpha: Alpha = 0.05,
    sides: Sides = 2,
    ratio: Ratio = "1:1",
    margin: Margin = 1.0,
    accrual: UniformAccrual = None,
    follow_up: FollowUp = None,
    control_median: ControlMedian = None,
    dropout: Dropout = 0.0,
    longest: Longest = None,
    delay: Delay = 0.0,
    weight: WeightOfTest = None,
    tau: Tau = None,
    milestone: Milestone = None,
    trials: Trials = 20_000,
    json: Json = False,
) -> None:
    """Print the events a comparison needs by every formula in use, and the patients when accrual is told.

    Formulas first, then the tests themselves in the trial supposed, a log-rank test with three variances: its own, the
    one it has, and with the estimate it is divided by, which comes nearest to simulated trials. Numbers are not rounded
    up. Patients, and whatever needs to know who enters when, take --accrual, --follow-up and --control-median together.
    Simulated power is that of trials with the events rounded up. Schoenfeld's number is the one other commands take.
    """
    from trialwright.cli.size_truth import Asked, beside_truth
    from trialwright.design import event_numbers, sizes_by_test
    from trialwright.errors import DataError

    try:
        check_alpha(alpha)
        check_dropout("--dropout", dropout)
        split = split_ratio(ratio)
        plan = _plan(accrual, follow_up, control_median, dropout, longest)
        asked: dict[str, Any] = {"power": power, "alpha": alpha, "sides": sides, "margin": margin}
        rows = event_numbers(hazard_ratio, ratio=split, plan=plan, **asked)
        trial = None if plan is None else _trial(plan, hazard_ratio, split, delay)
        if plan is None or trial is None:
            _refuse_tests(delay, {"weight": weight, "tau": tau, "milestone": milestone})
        else:
            benefit = "fewer events" if hazard_ratio < margin else "more events"
            asked |= {"benefit": benefit, "weight": _weight(weight), "tau": tau, "milestone": milestone}
            rows = _late(rows, delay) + sizes_by_test(trial, plan.time, **asked)
        truth = beside_truth(rows, Asked(hazard_ratio, alpha, sides, split, margin, trial, trials))
    except ValueError as error:
        raise DataError(as_options(str(error))) from error
    if json:
        typer.echo(_as_json(truth))
        return
    typer.echo(_as_text(truth, trials, told=trial is not None, margin=margin))
    for line in (*_rounded_up(truth), *_worse(hazard_ratio, margin)):
        typer.echo(line)


def _rounded_up(rows: list[dict[str, Any]]) -> list[str]:
    """Return whole numbers by Schoenfeld's formula: the patients who bring the whole events at the same analysis."""
    from math import ceil

    row = next(row for row in rows if row["formula"] == "Schoenfeld")
    if row["events"] is None:
        return []
    whole = ceil(row["events"])
    patients = "" if row["patients"] is None else f", {ceil(row['patients'] * whole / row['events'])} patients"
    return [f"For a protocol, rounded up: {whole} events{patients} (Schoenfeld)."]


def _worse(hazard_ratio: float, margin: float) -> list[str]:
    if hazard_ratio < margin:
        return []
    return [
        f"Remark: a hazard ratio of {hazard_ratio:g} is above {margin:g}: the experimental arm is supposed worse, "
        "or more events are a benefit."
    ]


def _refuse_tests(delay: float, more: dict[str, Any]) -> None:
    """Options that would be passed over without a word are refused."""
    given = [f"--{name}" for name, value in more.items() if value is not None] + ["--delay"] * bool(delay)
    if given:
        raise ValueError(f"{', '.join(given)}: needs {', '.join(NEEDED)}")


def _late(rows: tuple[EventNumber, ...], delay: float) -> tuple[EventNumber, ...]:
    """Formulas of one hazard ratio have no answer where it is not one."""
    from trialwright.design import EventNumber

    if not delay:
        return rows
    return tuple(EventNumber(row.formula, None, None, "needs an effect from the start") for row in rows)


def _trial(plan: FixedPlan, hazard_ratio: float, ratio: float, delay: float) -> SupposedTrial:
    """Return the trial of the plan, the effect beginning late."""
    from trialwright.design import ArmRates, Stratum, SupposedTrial

    trial = plan.trial(hazard_ratio, ratio=ratio)
    if not delay:
        return trial
    arms = trial.strata[0]
    late = ArmRates(plan.control.times_from(delay, hazard_ratio), arms.experimental.dropout)
    return SupposedTrial(trial.accrual, (Stratum(late, arms.control),), ratio, plan.longest)


def _weight(text: str | None) -> Weight | None:
    from trialwright.stats import FlemingHarrington, Gehan, ModestlyWeighted, PetoPeto, TaroneWare

    if text is None:
        return None
    family, _, rest = text.partition(":")
    try:
        numbers = tuple(float(part) for part in rest.split(",")) if rest else ()
    except ValueError:
        numbers = (float("nan"),)
    match family, numbers:
        case "gehan", ():
            return Gehan()
        case "tarone-ware", ():
            return TaroneWare()
        case "peto", ():
            return PetoPeto()
        case "fh", (rho, gamma):
            return FlemingHarrington(rho, gamma)
        case "modest", (until,):
            return ModestlyWeighted(until=until)
    raise ValueError(f"--weight must be fh:RHO,GAMMA, gehan, tarone-ware, peto or modest:MONTHS; got {text!r}")


def _plan(
    accrual: float | None, follow_up: float | None, median: float | None, dropout: float, longest: float | None
) -> FixedPlan | None:
    import math

    from trialwright.design import FixedPlan, Steps, dropout_hazard

    if accrual is None or follow_up is None or median is None:
        _refuse_half(accrual, follow_up, median, dropout, longest)
        return None
    if not 0 < accrual < math.inf:
        raise ValueError(f"--accrual must be a finite number greater than 0; got {accrual}")
    if not 0 < median < math.inf:
        raise ValueError(f"--control-median must be a finite number greater than 0; got {median}")
    leaving = Steps.of(dropout_hazard(dropout, within=12))
    control = Steps.of(math.log(2) / median)
    return FixedPlan(accrual, follow_up, control, leaving, longest=math.inf if longest is None else longest)


def _refuse_half(
    accrual: float | None, follow_up: float | None, median: float | None, dropout: float, longest: float | None
) -> None:
    """Options that would be passed over without a word are refused."""
    given = dict(zip(NEEDED, (accrual, follow_up, median), strict=True))
    missing = [option for option, value in given.items() if value is None]
    if len(missing) < len(given) or dropout or longest is not None:
        raise ValueError(f"--accrual, --follow-up and --control-median go together; missing: {', '.join(missing)}")


def _as_json(rows: list[dict[str, Any]]) -> str:
    import json

    return json.dumps(rows, indent=2)


def _as_text(rows: list[dict[str, Any]], trials: int, *, told: bool, margin: float) -> str:
    width = max(len(row["formula"]) for row in rows)
    lines = [f"{'Formula':{width}}  {'Events':>8}  {'Patients':>8}  {'Simulated power':>15}"]
    for row in rows:
        numbers = "  ".join("       -" if row[name] is None else f"{row[name]:8.2f}" for name in ("events", "patients"))
        power, error = row["simulated_power"], row["monte_carlo_error"]
        shown = f"{'-':>15}" if power is None else f"{power:8.4f} ({error:.4f})"[-16:].rjust(15)
        lines.append(
            f"{row['formula']:{width}}  {numbers}  {shown}" + (f"  {row['problem']}" if row["problem"] else "")
        )
    return "\n".join([*lines, *_about(trials, told, margin)])


def _about(trials: int, told: bool, margin: float) -> list[str]:
    from trialwright.cli.size_truth import MONTHS, SHARE_WITH_EVENT

    if not trials:
        return []
    if margin != 1:
        return ["Simulated power is of the log-rank test for superiority only; there is none with a margin."]
    months = f"{MONTHS:g} months"
    entering = f"{SHARE_WITH_EVENT:.0%} of the patients, who enter over {months}; control median {months}"
    where = "in the patients of the row" if told else entering
    return [
        f"Simulated: {trials:,} trials at the events rounded up, {where}; Monte Carlo error in brackets.",
        "Schoenfeld's number is the default of the other commands.",
    ]
