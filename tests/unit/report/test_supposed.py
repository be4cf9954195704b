"""What the report says of suppositions, of targets of the calibration, and of shares that are not of a whole column."""

from __future__ import annotations

import re
from pathlib import Path

import made_up_results
import pytest

from trialwright.design import Scenario
from trialwright.design.scenario import Calibrated
from trialwright.evidence import Achieved, Claim, Claims, Compared, Replayed, compare
from trialwright.protocol import Protocol, leaves, read_document
from trialwright.report import write
from trialwright.report.inputs import Contents
from trialwright.report.outcomes import _in_words
from trialwright.report.published import replay_text
from trialwright.results import Results

SCENARIO = Path(__file__).parents[2] / "studies" / "tiny" / "scenario.yaml"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read_document(SCENARIO, Scenario)


def part(page: str, name: str) -> str:
    return page[page.index(f'<section id="{name}"') :].split("</section>", maxsplit=1)[0]


def test_every_value_of_the_scenario_is_listed_with_its_status(
    scenario: Scenario, tiny: Protocol, found: Results, tmp_path: Path
) -> None:
    files = write(found, tiny, tmp_path, virtual=True, manifest={}, scenario=scenario)
    shown = part(files[0].read_text(encoding="utf-8"), "supposed")
    wanted = [
        leaf for leaf in leaves(scenario) if not leaf.path.startswith(("study", "label", "calibration", "sources"))
    ]
    assert len(wanted) > 5
    assert re.findall(r"<code>([^<]*)</code>", shown) == [leaf.path for leaf in wanted]


def test_targets_are_told_in_the_words_and_months_of_their_claims(
    scenario: Scenario, tiny: Protocol, found: Results, tmp_path: Path
) -> None:
    claims = Claims(
        sources={"S": "Someone"},
        claims=(Claim(id="c", label="Median PFS", cited="S", kind="reported", cut="final", value=4.0, unit="months"),),
    )
    aim = Calibrated(parameter="h", claim="c", scale="log")
    fitted = scenario.model_copy(update={"calibration": (aim,)})
    hit = Achieved("final/PFS/itt/new/median//", "h", 121.75, 121.75, 1.0, 0.0, True, None)
    files = write(found, tiny, tmp_path, virtual=True, manifest={}, claims=claims, calibration=[hit], scenario=fitted)
    shown = part(files[0].read_text(encoding="utf-8"), "calibration")
    assert "Median PFS" in shown
    assert "final/PFS" not in shown
    assert ">4 months<" in shown


def test_of_replayed_p_values_the_median_is_shown(found: Results) -> None:
    row = next(row for row in found if row.statistic == "log-rank P")
    claim = Claim(id="p", label="P", cited="S", kind="reported", cut=row.cut, value=0.2, decimals=3,
                  result=made_up_results._link(row))  # fmt: skip
    claims = Claims(sources={"S": "Someone"}, claims=(claim,))
    (one,) = compare(claims, found, {row.key: [0.001, 0.002, 0.9]})
    assert isinstance(one, Compared)
    assert isinstance(one.replayed, Replayed)
    assert one.replayed.mean == pytest.approx(0.301)
    assert replay_text(one).startswith("0.002 (")


def test_strata_and_ties_are_told_in_words(tiny: Protocol, found: Results) -> None:
    first = tiny.randomization.strata[0].id
    note = f"2 strata as randomized; without information: {first}=not_done; ties: efron"
    assert (
        _in_words(Contents(found, tiny), note) == "2 strata as randomized; without information: not done; ties: Efron"
    )
