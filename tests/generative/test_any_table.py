"""Whatever stands in a table, the command answers or refuses in one message; no number is missing without a reason."""

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trialwright.cli import main

TIMES = st.sampled_from(["0", "1", "2", "3", "7", "7.0", "0.1", "0.30000000000000004", "0.3", "1e3"])
ODD = st.sampled_from(["", "NA", ".", "NaN", "x", "-1", "inf", "1e400", '"', "=1+1"])
ROWS = st.lists(
    st.tuples(
        TIMES, st.sampled_from("01"), st.sampled_from("ABC"), st.sampled_from("xyz"), st.sampled_from(["1", "2.5"])
    ),
    min_size=0,
    max_size=14,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "--strata": st.just("s"),
        "--covariates": st.sampled_from(["z", "factor(z)", "z,s"]),
        "--ties": st.sampled_from(["efron", "breslow", "exact", "discrete"]),
        "--conf-type": st.sampled_from(["log-log", "log", "plain", "logit", "arcsin"]),
        "--preset": st.sampled_from(["R", "SAS"]),
        "--landmarks": st.sampled_from(["0", "1,2", "5000"]),
        "--tau": st.sampled_from(["0.5", "3", "5000"]),
        "--level": st.sampled_from(["0.5", "0.999"]),
        "--missing": st.sampled_from(["refuse", "drop"]),
    },
)


def analyzed(text: str, options: dict[str, str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(out), redirect_stderr(err):
        path = Path(folder) / "t.csv"
        path.write_text(text, encoding="utf-8")
        parts = ["--time", "t", "--event", "e", "--arm", "a", *(part for pair in options.items() for part in pair)]
        code = main(["analyze", "table", str(path), "--json", *parts])
    return code, out.getvalue(), err.getvalue()


def blocks(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every block of an answer that can say why a number is missing."""
    if isinstance(part, dict):
        if "problem" in part:
            yield part
        for each in part.values():
            yield from blocks(each)
    if isinstance(part, list):
        for each in part:
            yield from blocks(each)


def check(code: int, out: str, err: str) -> None:
    if code == 2:
        assert (out, err[:7], err.count("error:")) == ("", "error: ", 1)
        return
    assert (code, err) == (0, "")
    for block in blocks(json.loads(out)):
        missing = [
            name for name in ("value", "statistic", "chi_square", "p", "hazard_ratio") if block.get(name, 0) is None
        ]
        assert not missing or block["problem"], (missing, block)


@given(ROWS, OPTIONS)
@settings(max_examples=40, deadline=None)
def test_any_sound_table_is_answered_or_refused(rows: list[tuple[str, ...]], options: dict[str, str]) -> None:
    check(*analyzed("\n".join(["t,e,a,s,z", *map(",".join, rows)]) + "\n", options))


@given(ROWS, st.lists(st.tuples(st.integers(0, 4), ODD), min_size=1, max_size=3), OPTIONS)
@settings(max_examples=40, deadline=None)
def test_any_spoiled_table_is_answered_or_refused(
    rows: list[tuple[str, ...]], odd: list[tuple[int, str]], options: dict[str, str]
) -> None:
    lines = [list(row) for row in rows]
    for (place, value), line in zip(odd, lines, strict=False):
        line[place] = value
    check(*analyzed("\n".join(["t,e,a,s,z", *map(",".join, lines)]) + "\n", options))


@given(st.binary(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_bytes_are_refused_or_answered(content: bytes) -> None:
    check(*analyzed(content.decode("latin-1"), {}))
