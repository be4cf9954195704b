"""The options of ``trialwright design size``, ``solve`` and ``boundaries`` with their help texts; times in months."""

from __future__ import annotations

from typing import Annotated

import typer

FUNCTIONS = "obrien-fleming, pocock, kim-demets:RHO, hwang-shih-decani:GAMMA, or user:0.5=0.1,1=1 (shares)."

Alpha = Annotated[float, typer.Option(help="Whole type I error of the test on its sides.")]
Sides = Annotated[int, typer.Option(help="1 or 2.")]
ControlMedian = Annotated[float | None, typer.Option(help="Median of the control arm, in months.")]
Stratum = Annotated[
    list[str] | None,
    typer.Option(metavar="SHARE:MEDIAN", help="A stratum's share and control median, such as 0.4:8; for each one."),
]
Ratio = Annotated[str, typer.Option(help="Allocation, experimental to control, such as 2:1.")]
HazardRatioOrNone = Annotated[float | None, typer.Option(help="Hazard of the experimental arm over the control's.")]
PowerOrNone = Annotated[float | None, typer.Option(help="Chance to find that effect, such as 0.8.")]
Events = Annotated[float | None, typer.Option(help="Events at the analysis.")]
Patients = Annotated[float | None, typer.Option(help="Patients of both arms.")]
Accrual = Annotated[float | None, typer.Option(help="Months over which patients enter.")]
FollowUp = Annotated[float | None, typer.Option(help="Months from the last entry to the analysis.")]
Rate = Annotated[float | None, typer.Option(help="Patients entering in a month where the speed is 1.")]
Margin = Annotated[float, typer.Option(help="Hazard ratio that non-inferiority must exclude.")]
MoreEvents = Annotated[
    bool, typer.Option("--more-events", help="More events are the benefit: find a hazard ratio above the margin.")
]
AccrualSpeed = Annotated[
    str, typer.Option(metavar="FROM:SPEED,...", help="Relative speed of accrual by month, such as 0:1,3:2,6:4.")
]
Dropout = Annotated[float, typer.Option(help="Chance to leave without an event within 12 months.")]
DropoutExperimental = Annotated[float | None, typer.Option(help="The same, where that arm has its own.")]
Longest = Annotated[float | None, typer.Option(help="Months after which follow-up of a patient ends.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON with all digits instead of a table.")]
HazardRatio = Annotated[float, typer.Option(help="Hazard of the experimental arm over that of the control arm.")]
Power = Annotated[float, typer.Option(help="Chance to find that effect, such as 0.8.")]
UniformAccrual = Annotated[float | None, typer.Option(help="Months over which patients enter, uniformly.")]
Delay = Annotated[float, typer.Option(help="Months after entry before the effect begins.")]
WeightOfTest = Annotated[
    str | None,
    typer.Option(
        help="Also a weighted log-rank test: fh:RHO,GAMMA, gehan, tarone-ware, peto, or modest:MONTHS.",
        metavar="WEIGHT",
    ),
]
Tau = Annotated[float | None, typer.Option(help="Also restricted means up to so many months.")]
Milestone = Annotated[float | None, typer.Option(help="Also survival at so many months.")]
Trials = Annotated[int, typer.Option(min=0, help="Simulated trials of each number of events; 0 leaves them out.")]
AlphaOfBounds = Annotated[float, typer.Option(help="The whole type I error, such as 0.025 on one side.")]
Information = Annotated[
    str | None, typer.Option(metavar="FRACTIONS", help="Fractions of the information, such as 0.6,1.")
]
EventsAtLooks = Annotated[
    str | None, typer.Option(metavar="EVENTS", help="All events so far at each look, such as 76,127.")
]
Spending = Annotated[str | None, typer.Option(metavar="FUNCTION", help=FUNCTIONS)]
Bounds = Annotated[
    str | None,
    typer.Option(
        metavar="SHAPE",
        help="obrien-fleming, pocock, wang-tsiatis:DELTA, haybittle-peto[:Z] or pampallona-tsiatis:DELTA.",
    ),
]
SidesOfBounds = Annotated[int, typer.Option(help="1, or 2 for symmetric bounds.")]
PowerOfBounds = Annotated[
    float | None, typer.Option(help="With --information: what it costs, in events if a hazard ratio is supposed.")
]
HazardRatioOfBounds = Annotated[float | None, typer.Option(help="The one supposed, experimental over control.")]
RatioOrNone = Annotated[str | None, typer.Option(help="Allocation, experimental to control, such as 2:1.")]
SpendingTimes = Annotated[
    str | None, typer.Option(metavar="FRACTIONS", help="Where to spend instead, such as calendar time.")
]
BetaSpending = Annotated[
    str | None, typer.Option(metavar="FUNCTION", help="Futility bounds that spend 1 - power this way.")
]
FutilityZ = Annotated[str | None, typer.Option(metavar="BOUNDS", help="Futility below these z; none for no such look.")]
FutilityHazardRatio = Annotated[str | None, typer.Option(metavar="RATIOS", help="Futility above these ratios.")]
FutilityConditionalPower = Annotated[str | None, typer.Option(metavar="CHANCES", help="Futility below these chances.")]
FutilityPredictivePower = Annotated[
    str | None, typer.Option(metavar="CHANCES", help="The same, averaged by a flat prior.")
]
Supposing = Annotated[
    str | None, typer.Option(help="What conditional power supposes of the rest: trend, design or null.")
]
Binding = Annotated[bool, typer.Option("--binding", help="Futility bounds the type I error relies on.")]
Planned = Annotated[int | None, typer.Option(help="Events planned for the end, where --events are observed.")]
GoesOn = Annotated[bool, typer.Option("--goes-on", help="The last of the observed looks is not the end.")]
PatientsInAll = Annotated[float | None, typer.Option(help="Patients in all, to tell the months.")]
AccrualInAll = Annotated[float | None, typer.Option(help="Months over which they enter, uniformly.")]
MedianOfControl = Annotated[float | None, typer.Option(help="Its median, in months.")]
DropoutInAYear = Annotated[float, typer.Option(help="Chance to leave without an event in 12 months.")]
JsonOrText = Annotated[bool, typer.Option("--json", help="Print JSON with all digits instead of text.")]
