"""``trialwright randomize list`` and ``check-list``."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trialwright.cli.randomize import app
from trialwright.errors import CheckFailed, DataError, DocumentError, OutputError
from trialwright.protocol import load
from trialwright.randomize import commitment, generate_list, list_csv, list_sha256, scheme

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"
KEY = bytes(range(32))


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY.hex() + "\n")
    return path


def run(*options):
    return CliRunner().invoke(app, [str(option) for option in options])


def make(key_file, to, *options):
    return run("list", TINY, "--key-file", key_file, "--list-id", "t-1", "--places", 20, "--to", to, *options)


def test_list_is_written_and_only_its_fingerprints_are_printed(key_file, tmp_path):
    done = make(key_file, tmp_path / "list.csv", "--json")
    assert done.exit_code == 0, done.output
    content = (tmp_path / "list.csv").read_bytes()
    rows = generate_list(scheme(load(TINY)), KEY, "t-1", 20)
    assert content == list_csv(rows)
    expected = {"list": "t-1", "rows": len(rows), "sha256": list_sha256(content), "commitment": commitment(KEY)}
    assert json.loads(done.stdout) == expected
    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == 0o600
    assert KEY.hex() not in done.output


def test_a_list_is_never_overwritten(key_file, tmp_path):
    (tmp_path / "list.csv").write_text("mine")
    done = make(key_file, tmp_path / "list.csv")
    assert isinstance(done.exception, OutputError)
    assert (tmp_path / "list.csv").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "00" * 31, "zz" * 32, "é" * 64])
def test_a_wrong_key_is_refused_and_not_shown(text, tmp_path):
    (tmp_path / "key").write_text(text, encoding="utf-8")
    done = make(tmp_path / "key", tmp_path / "list.csv")
    assert isinstance(done.exception, DocumentError)
    assert str(done.exception).endswith("must hold 64 hexadecimal digits, such as `openssl rand -hex 32` writes")
    assert not (tmp_path / "list.csv").exists()


def test_a_list_must_be_named(key_file, tmp_path):
    done = run("list", TINY, "--key-file", key_file, "--list-id", "", "--places", 5, "--to", tmp_path / "x")
    assert done.exit_code == 2


def test_a_good_list_passes(key_file, tmp_path):
    path = tmp_path / "list.csv"
    made = json.loads(make(key_file, path, "--json").stdout)
    done = run("check-list", TINY, path, "--sha256", made["sha256"], "--key-file", key_file, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"rows": made["rows"], "sha256": made["sha256"], "problems": []}
    assert run("check-list", TINY, path).stdout == f"{made['rows']} rows, SHA-256 {made['sha256']}\n"


def test_a_spoiled_list_fails(key_file, tmp_path):
    path = tmp_path / "list.csv"
    make(key_file, path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:3], *lines[4:]]))
    done = run("check-list", TINY, path, "--json")
    assert isinstance(done.exception, CheckFailed)
    assert json.loads(done.stdout)["problems"]
    assert "must be position 2" in str(done.exception)
    assert isinstance(run("check-list", TINY, path, "--sha256", "00").exception, DataError)
