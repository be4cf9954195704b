"""The flow of participants is proven before it is drawn."""

from dataclasses import replace

import pytest

from trialwright.errors import DataError
from trialwright.protocol import Protocol
from trialwright.report.figure import standalone
from trialwright.report.flow import flow_of
from trialwright.report.flow_figure import flow_figure
from trialwright.report.inputs import Contents
from trialwright.results import Result, Results


def changed(found: Results, statistic: str, by: int, **where: object) -> Results:
    def change(row: Result) -> Result:
        own = row.endpoint == "flow" and row.statistic == statistic
        fits = own and all(getattr(row, name) == value for name, value in where.items())
        return replace(row, value=(row.value or 0) + by) if fits else row

    rows = tuple(change(row) for row in found)
    assert rows != found.rows
    return replace(found, rows=rows)


def test_the_counts_of_a_sound_flow_add_up(tiny: Protocol, found: Results) -> None:
    flow = flow_of(Contents(found, tiny), "final")
    assert flow.assessed.value == sum(row.value for row in flow.excluded) + flow.randomized.value
    assert flow.randomized.value == sum(arm.allocated.value for arm in flow.arms)
    for arm in flow.arms:
        assert arm.allocated.value == arm.treated.value + arm.never_treated.value
        assert arm.treated.value == sum(row.value for row in arm.discontinued) + arm.on_treatment.value


@pytest.mark.parametrize(
    ("statistic", "where", "message"),
    [
        ("assessed", {}, "all assessed is 104, but .* make 103"),
        ("declined", {}, "all assessed is 103, but .* make 104"),
        ("allocated", {"group": "new"}, "all randomized is 60, but new allocated 31"),
        ("never treated", {"group": "standard"}, "standard allocated is 30, but .* make 31"),
        ("discontinued treatment", {"group": "new", "item": "progression"}, "new treated is 29, but .* make 30"),
        ("on treatment", {"group": "new"}, "new treated is 29, but .* make 30"),
        ("in population", {"group": "new"}, "more than were allocated"),
    ],
)
def test_a_flow_that_does_not_add_up_is_refused(
    tiny: Protocol, found: Results, statistic: str, where: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        flow_of(Contents(changed(found, statistic, 1, **where), tiny), "final")


def test_a_missing_count_is_named(tiny: Protocol, found: Results) -> None:
    rows = tuple(row for row in found if (row.endpoint, row.statistic) != ("flow", "treated"))
    with pytest.raises(DataError, match="needs the count 'treated' of 'new'"):
        flow_of(Contents(replace(found, rows=rows), tiny), "final")


def test_a_share_of_a_patient_is_refused(tiny: Protocol, found: Results) -> None:
    rows = tuple(replace(row, value=1.5) if row.statistic == "declined" else row for row in found)
    with pytest.raises(DataError, match=r"must be a count of patients; got 1\.5"):
        flow_of(Contents(replace(found, rows=rows), tiny), "final")


def test_every_count_of_the_flow_is_drawn(tiny: Protocol, found: Results) -> None:
    contents = Contents(found, tiny)
    flow = flow_of(contents, "final")
    drawn = standalone(flow_figure(contents, flow), None).replace("\u00a0", " ")
    shown = [flow.assessed, flow.randomized, *(row for arm in flow.arms for row in (arm.allocated, arm.treated))]
    shown += [row for arm in flow.arms for row in (*arm.discontinued, *arm.populations, arm.on_treatment)]
    for row in shown:
        assert f"(n = {row.value:.0f})" in drawn
