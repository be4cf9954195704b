"""Text, JSON and object of one design say the same: the text is read back."""

import itertools
import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialwright.cli import main
from trialwright.design import Futility, Spending, spending_boundaries, survival_looks

PRINTED = {
    "events": "events", "further": "further_events", "information": "information", "upper z": "upper",
    "lower z": "lower", "inner z": "inner", "nominal P": "nominal_p", "alpha spent": "alpha_spent",
    "H0 upper": "chance_upper_null", "H0 lower": "chance_lower_null", "H0 inner": "chance_inner_null",
    "H1 upper": "chance_upper", "H1 lower": "chance_lower", "H1 inner": "chance_inner",
}  # fmt: skip

events = st.lists(st.integers(20, 120), min_size=1, max_size=4).map(lambda more: list(itertools.accumulate(more)))


def tables(text: str) -> list[list[dict[str, str]]]:
    """Return the rows of each table by column; columns are at least two blanks apart."""
    found: list[list[dict[str, str]]] = []
    titles: list[str] = []
    for line in text.splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        if cells[0] == "look":
            titles = [cells[i - 1] + " HR" if title == "HR" else title for i, title in enumerate(cells)]
            found.append([])
        elif cells[0].isdigit():
            found[-1].append(dict(zip(titles, cells, strict=True)))
    return found


def agree(printed: str, value: Any) -> bool:
    if printed == "none":
        return value is None
    digits = len(printed.partition(".")[2])
    return value is not None and abs(float(printed) - value) <= 0.51 * 10**-digits


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> str:
        assert main(arguments) == 0
        return capsys.readouterr().out

    return run


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=events, hazard_ratio=st.floats(0.4, 0.95).map(lambda h: round(h, 3)), ratio=st.sampled_from([1, 2, 3]),
    sides=st.sampled_from([1, 2]), futile=st.booleans(),
)  # fmt: skip
def test_text_json_and_object_agree(
    run: Any, events: list[int], hazard_ratio: float, ratio: int, sides: int, futile: bool
) -> None:
    bounds = (0.25,) * (len(events) - 1) if futile else ()
    futility = Futility(binding=False, bounds=bounds) if bounds else None
    alpha = 0.025 * sides
    design = survival_looks(
        lambda d: spending_boundaries(
            [x / d[-1] for x in d], Spending("pocock"), alpha=alpha, sides=sides, futility=futility
        ),
        events,
        hazard_ratio=hazard_ratio,
        ratio=ratio,
    )
    asked = [
        "design", "boundaries", "--alpha", str(alpha), "--sides", str(sides), "--spending", "pocock", "--events",
        ",".join(map(str, events)), "--hazard-ratio", str(hazard_ratio), "--ratio", f"{ratio}:1",
        *(["--futility-z", ",".join(map(str, bounds))] if bounds else []),
    ]  # fmt: skip
    found = json.loads(run(*asked, "--json"))
    text = run(*asked)
    assert found["power"] == design.power and f"power {design.power:.4f};" in text
    first, second = tables(text)
    for look, told, bound, chance in zip(design.looks, found["looks"], first, second, strict=True):
        assert told == vars(look)
        for title, name in PRINTED.items():
            row = {**bound, **chance}
            if title in row:
                assert agree(row[title], getattr(look, name)), (title, row[title], getattr(look, name))
            else:
                assert not getattr(look, name)
        for kind in ("upper", "lower", "inner"):
            if f"{kind} z" in bound:
                assert agree(bound[f"{kind} z HR"], getattr(look, f"hazard_ratio_{kind}"))
