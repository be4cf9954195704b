"""A sweep's numbers depend on its points, trials and seed, never on who does its units, in which order or how often."""

import json
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest
from counting import Counting

from trialwright.errors import OutputError, WorkerError
from trialwright.simulate.checkpoint import FolderUnits, MemoryUnits, sweep_digest
from trialwright.simulate.scheduler import on_cluster, on_processes, on_threads
from trialwright.simulate.sweep import Point, Sweep, Unit, run_sweep


def counting(trials=1000, first=0, points=3, **options):
    return Sweep(tuple(Point({"point": k}, Counting(k, **options)) for k in range(points)), trials, first)


def ran(sweep, store=None, jobs=2, done=lambda trials: None):
    with on_threads(jobs) as workers:
        return list(run_sweep(sweep, workers.executor, store or MemoryUnits(), ahead=workers.ahead, done=done))


def opened(folder, sweep):
    with FolderUnits.open(folder, sweep):
        pass


def kept(folder, sweep, **options):
    with FolderUnits.open(folder, sweep) as store:
        return ran(sweep, store, **options)


def same(one, other):
    return len(one) == len(other) and all(
        a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
        for a, b in zip(one, other, strict=True)
    )


class Backwards(Executor):
    """Does what it is given only when asked for the last of it, the last first."""

    def __init__(self):
        self.waiting = []

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.waiting.append((future, fn, args))
        if len(self.waiting) == 8:
            for each, work, given in reversed(self.waiting):
                each.set_result(work(*given))
            self.waiting.clear()
        return future


def test_every_trial_of_every_point_is_there_once_and_in_order():
    found = ran(counting(trials=1234, first=17))
    assert [columns["trial"].tolist() for columns in found] == [list(range(17, 1251))] * 3
    assert found[1]["value"][5] == np.sin(17 + 5 + 1000.0)


@pytest.mark.parametrize(
    "trials, units", [(1, [1]), (120, [50, 50, 20]), (1600, [100] * 16), (9999, [100] * 99 + [99])]
)
def test_units_are_cut_by_the_number_of_trials_alone(trials, units):
    sweep = counting(trials=trials, points=1)
    assert [unit.trials for unit in sweep.units()] == units
    assert sum(unit.trials for unit in sweep.units()) == trials


def test_the_order_of_the_work_does_not_matter():
    sweep = counting(trials=800)
    backwards = list(run_sweep(sweep, Backwards(), MemoryUnits(), ahead=8))
    assert same(backwards, ran(sweep))
    assert same(ran(sweep, jobs=1), ran(sweep, jobs=5))


def test_trials_of_a_part_are_trials_of_the_whole():
    whole, [part] = ran(counting(trials=1000, points=1)), ran(counting(trials=300, first=600, points=1))
    assert np.array_equal(whole[0]["value"][600:900], part["value"])


def test_processes_give_the_same_bits():
    sweep = counting(trials=400, points=2)
    with on_processes(2) as workers:
        found = list(run_sweep(sweep, workers.executor, MemoryUnits(), ahead=workers.ahead))
    assert same(found, ran(sweep))


def test_progress_hears_of_every_trial_once(tmp_path):
    heard = []
    sweep = counting(trials=730)
    kept(tmp_path / "out", sweep, done=heard.append)
    assert sum(heard) == 3 * 730
    again = []
    kept(tmp_path / "out", sweep, done=again.append)
    assert sorted(filter(None, again)) == sorted(filter(None, heard))


def test_no_more_units_are_handed_out_than_asked():
    class Counted(ThreadPoolExecutor):
        at_work, highest = 0, 0

        def submit(self, fn, /, *args, **kwargs):
            Counted.at_work += 1
            Counted.highest = max(Counted.highest, Counted.at_work)
            future = super().submit(fn, *args, **kwargs)
            future.add_done_callback(lambda _: setattr(Counted, "at_work", Counted.at_work - 1))
            return future

    with Counted(2) as pool:
        list(run_sweep(counting(seconds=0.001), pool, MemoryUnits(), ahead=3))
    assert 2 <= Counted.highest <= 3


def test_a_long_unit_can_be_stopped_between_two_ticks():
    def stop(trials):
        raise KeyboardInterrupt

    sweep = counting(trials=50, points=1, seconds=0.5)
    with pytest.raises(KeyboardInterrupt):
        ran(sweep, done=stop)


def test_a_fault_of_one_unit_ends_the_sweep_and_keeps_the_others(tmp_path):
    class Faulty(Counting):
        def __call__(self, first, trials):
            if first == 504:
                raise ZeroDivisionError
            return super().__call__(first, trials)

    def sweep(kind):
        return Sweep((Point({}, kind()),), 1000)

    with FolderUnits.open(tmp_path / "out", sweep(Counting)) as store:
        with pytest.raises(ZeroDivisionError):
            ran(sweep(Faulty), store, jobs=1)
        assert store.count() == 8
    log = tmp_path / "log"
    rest = Sweep((Point({}, Counting(log=str(log))),), 1000)
    assert same(kept(tmp_path / "out", rest), ran(sweep(Counting)))
    assert sorted(int(line.split()[0]) for line in log.read_text().splitlines()) == list(range(504, 1000, 63))


def test_a_finished_folder_is_read_and_nothing_is_run_again(tmp_path):
    log = tmp_path / "log"
    sweep = counting(log=str(log), trials=300)
    first = kept(tmp_path / "out", sweep)
    done = log.read_text()
    assert same(first, kept(tmp_path / "out", sweep))
    assert log.read_text() == done


@pytest.mark.parametrize(
    "other", [{"trials": 301}, {"first": 1}, {"points": 2}, {"most": 60}], ids=lambda other: next(iter(other))
)
def test_a_folder_of_another_sweep_is_refused(tmp_path, other):
    sweep = counting(trials=300)
    opened(tmp_path, sweep)
    changed = counting(**{"trials": 300} | other)
    assert sweep_digest(sweep) != sweep_digest(changed)
    with pytest.raises(OutputError, match="of another grid, seed or number of trials; choose another folder"):
        opened(tmp_path, changed)


def test_a_folder_made_by_other_code_is_refused(tmp_path):
    sweep = counting()
    opened(tmp_path, sweep)
    manifest = json.loads((tmp_path / "sweep.json").read_text())
    (tmp_path / "sweep.json").write_text(json.dumps(manifest | {"sha256": "0", "program": "trialwright 0.0.1"}))
    with pytest.raises(OutputError, match=r"by another program, trialwright 0\.0\.1"):
        opened(tmp_path, sweep)


def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds files, but none of a sweep"):
        opened(tmp_path, counting())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(OutputError, match="exists already as a file"):
        opened(tmp_path / "mine.txt", counting())


def test_what_a_killed_run_left_half_written_counts_for_nothing_and_goes(tmp_path):
    sweep = counting(trials=200, points=1)
    opened(tmp_path, sweep)
    half = tmp_path / "units" / f".{Unit(0, 0, 50).name}.parquet.partial"
    half.write_bytes(b"PAR1")
    with FolderUnits.open(tmp_path, sweep) as store:
        assert not store.has(Unit(0, 0, 50)) and store.count() == 0 and not half.exists()
        assert ran(sweep, store)[0]["trial"].tolist() == list(range(200))


@pytest.mark.skipif(sys.platform == "win32", reason="no lock there")
def test_two_runs_do_not_work_in_one_folder(tmp_path):
    sweep = counting()
    with FolderUnits.open(tmp_path, sweep), pytest.raises(OutputError, match="another run is at work in"):
        opened(tmp_path, sweep)
    opened(tmp_path, sweep)


def test_a_damaged_unit_is_named(tmp_path):
    sweep = counting(trials=200, points=1)
    kept(tmp_path, sweep)
    [path] = (tmp_path / "units").glob("*-000000000050-50.parquet")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(OutputError, match=f"{path.name} cannot be read .*; remove this file, its trials are run again"):
        kept(tmp_path, sweep)


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"first": -1}, {"points": 0}])
def test_a_sweep_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="at least"):
        counting(**wrong)


def test_no_jobs_are_refused():
    with pytest.raises(ValueError, match="jobs must be at least 1; got 0"), on_threads(0):
        pass


def test_a_scheduler_that_is_not_there_is_named_with_what_to_start():
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    with (
        pytest.raises(
            WorkerError, match=r"no Dask scheduler answered at tcp://127.0.0.1:9 within 0.2 s.*dask scheduler"
        ),
        on_cluster("tcp://127.0.0.1:9", wait_seconds=0.2),
    ):
        pass


def test_a_text_that_is_no_address_is_named():
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    with pytest.raises(WorkerError, match="no Dask scheduler answered at nowhere://x"), on_cluster("nowhere://x"):
        pass


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WorkerError, match=r"pip install 'trialwright\[cluster\]'"), on_cluster("tcp://127.0.0.1:9"):
        pass
