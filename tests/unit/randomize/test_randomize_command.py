"""``trialwright randomize predictability``."""

import json
from pathlib import Path

from typer.testing import CliRunner

from trialwright.cli.randomize import app
from trialwright.protocol import load
from trialwright.randomize import Scheme, certain_share, scheme

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


def run(*options):
    return CliRunner().invoke(app, ["predictability", str(TINY), *options])


def test_prints_the_scheme_of_the_protocol_and_others():
    protocol = load(TINY)
    plan, patients = scheme(protocol), protocol.design.enrollment
    done = run("--block-sizes", "2", "--block-sizes", "8,6")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == f"{patients} patients, 1:1, 2 strata of equal size"
    assert len(lines) == 5
    for line, sizes in zip(lines[2:], [plan.block_sizes, (2,), (6, 8)], strict=True):
        share = certain_share(Scheme.of(dict(plan.ratio), sizes, dict(plan.factors)), patients, [0.5, 0.5])
        assert line.split() == [*", ".join(map(str, sizes)).split(), f"{share:.1%}"]


def test_json():
    (row,) = json.loads(run("--json").stdout)
    assert row["block_sizes"] == list(scheme(load(TINY)).block_sizes)
    assert 0 < row["certain"] < 1


def test_wrong_sizes_are_named():
    done = run("--block-sizes", "3")
    assert done.exit_code == 2
    assert "multiple of 2" in done.output.replace("\n", " ")
