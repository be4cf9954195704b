"""A folder is replaced only when a run wrote it, and is never half there."""

import pytest

from trialwright.cli.output import whole_folder
from trialwright.errors import OutputError

MANIFEST = '{"versions": {"trialwright": "0.1.0"}}'


def written(folder, text):
    with whole_folder(folder, replace=True) as inside:
        (inside / "manifest.json").write_text(MANIFEST)
        (inside / "result.txt").write_text(text)


def test_a_run_replaces_what_a_run_wrote(tmp_path):
    written(tmp_path / "out", "one")
    written(tmp_path / "out", "two")
    assert (tmp_path / "out" / "result.txt").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["my.txt", "manifest.json"])
def test_what_nobody_wrote_with_this_program_stays(tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("{}")
    with pytest.raises(OutputError, match="was not written by trialwright"):
        written(tmp_path / "mine", "one")
    assert (tmp_path / "mine" / name).read_text() == "{}"


def test_the_working_folder_itself_is_refused_with_a_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.txt").write_text("mine")
    with pytest.raises(OutputError, match="was not written by trialwright"), whole_folder(tmp_path / ".", replace=True):
        pass


def test_a_failure_leaves_the_earlier_run(tmp_path):
    written(tmp_path / "out", "one")
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "out", replace=True) as inside:
        (inside / "half.txt").write_text("half")
        raise RuntimeError
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["manifest.json", "result.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_folders_made_on_the_way_go_when_nothing_came_of_the_run(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "a" / "b" / "out", replace=False):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_stopped_says_what_is_kept(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "out", replace=False):
        raise KeyboardInterrupt
    assert "nothing of this run is kept" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
