"""``trialwright design milestones`` from the outside."""

import csv
import json
from datetime import date, timedelta

import pytest

from trialwright.cli import main
from trialwright.derive import cut_dates
from trialwright.design import Scenario
from trialwright.protocol import load, read_document, study_file
from trialwright.simulate import trial

CUT_OFF = "2021-06-30"


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main(["design", "milestones", *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture(scope="session")
def virtual():
    protocol = load("palmira")
    return protocol, trial(protocol, read_document(study_file("palmira", "scenario.yaml"), Scenario), 3)


@pytest.fixture(scope="session")
def folder(virtual, tmp_path_factory):
    """The tables of a virtual trial as ``rehearse`` writes them."""
    made = tmp_path_factory.mktemp("running")
    (made / "tables").mkdir()
    for name, table in virtual[1].tables.items():
        table.write_csv(made / "tables" / f"{name}.csv")
    (made / "manifest.json").write_text('{"study": "palmira", "virtual patients": true}')
    return made


def parsed(run, *arguments):
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def limits(part, level):
    return next((one["lower"], one["upper"]) for one in part["intervals"] if one["level"] == level)


def test_plan(run):
    found = parsed(run, "palmira", "--draws", 300, "--at", "2022-06-30", "--at", "2021-01-01")
    (first,) = found["milestones"]
    assert (found["study"], found["endpoint"], found["from"], first["events"]) == ("palmira", "PFS", "plan", 155)
    dates = [*(limits(first, level)[0] for level in (0.95, 0.8, 0.5)), first["median"]]
    assert dates == sorted(dates) and all("2020" < each < "2024" for each in dates)
    assert [row["date"] for row in found["by_date"]] == ["2021-01-01", "2022-06-30"]
    early, later = (row["events"]["mean"] for row in found["by_date"])
    assert 0 < early < later < 198
    (chance,) = found["by_date"][1]["chance"]
    assert 0 < chance["value"] < 0.5
    assert chance["monte_carlo_error"] == pytest.approx((chance["value"] * (1 - chance["value"]) / 300) ** 0.5)


def test_plan_as_text(run):
    code, out, _ = run("palmira", "--draws", 100, "--events", 100, "--events", 127, "--at", "2022-06-30")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "PALMIRA: events of PFS, forecast from the plan, 100 virtual trials, seed 1"
    assert lines[2].split() == ["median", "50", "%", "80", "%", "95", "%"]
    assert [line.split("  ")[0] for line in lines[3:6]] == ["100 events", "127 events", "last patient in"]
    assert "chance of 100   chance of 127" in out
    said = "by the censoring rules of PFS: progression at scans every 8 weeks, death on its day."
    assert said in " ".join(out.split())


def test_deaths_alone_are_on_their_day(run, folder):
    found = parsed(run, "palmira", "--endpoint", "OS", "--events", 60, "--draws", 100)
    assert any(each.endswith("rules of OS: death on its day.") for each in found["assumptions"])
    asked = ("palmira", "--endpoint", "OS", "--events", 60, "--data", folder, "--cut-off", CUT_OFF, "--draws", 200)
    found = parsed(run, *asked)
    assert found["assumptions"][-1] == "A patient who left the study has no event any more."
    assert found["milestones"][0]["median"] > CUT_OFF


def test_the_same_seed_gives_the_same_forecast(run):
    one, other, again = (run("palmira", "--draws", 100, "--seed", seed)[1] for seed in (1, 2, 1))
    assert one == again != other


def test_data(run, folder):
    found = parsed(run, "palmira", "--data", folder, "--cut-off", CUT_OFF, "--draws", 500, "--at", "2022-12-31")
    (first,) = found["milestones"]
    assert CUT_OFF < limits(first, 0.95)[0] < first["median"]
    assert found["randomized"] + 0 < 198 == found["patients"]
    assert sum(model["weight"] for model in found["event_models"]) == pytest.approx(1)
    assert found["recruitment"]["patients_per_center_and_day"] > 0
    assert any("arms are not looked at" in each for each in found["assumptions"])


def test_data_count_what_the_derivation_counts(run, folder, virtual):
    """At the day of the 155th event there are 155 events, and the milestone is that day."""
    protocol, data = virtual
    on = cut_dates(data, protocol)["first"]
    found = parsed(run, "palmira", "--data", folder, "--cut-off", on, "--draws", 100)
    assert found["events"] == 155
    assert found["milestones"][0]["median"] == on.isoformat()
    assert limits(found["milestones"][0], 0.95) == (on.isoformat(), on.isoformat())


def test_arms_change_nothing(run, folder, virtual, tmp_path):
    for name, table in virtual[1].tables.items():
        swapped = table.with_columns(table["arm"].replace({"A": "B", "B": "A"})) if name == "allocations" else table
        swapped.write_csv(tmp_path / f"{name}.csv")
    one, other = (
        run("palmira", "--data", where, "--cut-off", CUT_OFF, "--draws", 200, "--json")[1]
        for where in (folder, tmp_path)
    )
    assert one == other


def openings(path, virtual, last):
    """A table of openings: each center on the day of its first consent, those without one on ``last``."""
    protocol, data = virtual
    first = {}
    for site, on in data["screened"].select("site", "screened_on").rows():
        first[site] = min(on, first.get(site, on))
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["site", "opened_on"])
        rows.writerows([site.id, first.get(site.id, last)] for site in protocol.sites)
    return path


def test_centers_still_to_open_bring_the_last_patient_earlier(run, folder, virtual, tmp_path):
    path = openings(tmp_path / "openings.csv", virtual, date.fromisoformat(CUT_OFF) + timedelta(days=10))
    asked = ("palmira", "--data", folder, "--cut-off", CUT_OFF, "--draws", 500)
    found, without = parsed(run, *asked, "--openings", path), parsed(run, *asked)
    assert found["recruitment"]["centers_to_open"] > 0
    assert found["last_patient_in"]["median"] < without["last_patient_in"]["median"]
    assert any("openings.csv" in each for each in found["assumptions"])
    assert any("taken to add nobody" in each for each in without["assumptions"])


def test_models_may_be_chosen(run, folder):
    asked = ("palmira", "--data", folder, "--cut-off", CUT_OFF, "--draws", 200)
    found = parsed(run, *asked, "--models", "exponential, weibull")
    assert [model["name"] for model in found["event_models"]] == ["exponential", "weibull"]
    code, _, err = run(*asked, "--models", "gamma")
    assert code == 2
    assert "models must be some of exponential, weibull, lognormal, piecewise exponential; got 'gamma'" in err


def test_figure(run, tmp_path):
    path = tmp_path / "events.svg"
    assert run("palmira", "--draws", 100, "--plot", path)[0] == 0
    svg = path.read_text()
    assert svg.startswith("<?xml") and "155 events" in svg and "Patients expected" in svg


def test_never_is_null_and_said(run):
    """195 of 198 events: some patients always leave."""
    asked = ("palmira", "--draws", 100, "--events", 197)
    found = parsed(run, *asked)["milestones"][0]
    assert found["chance_ever"] < 0.5
    assert found["median"] is None
    out = run(*asked)[1]
    assert "never" in out and "in the others never" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--events", 199), "--events must be at most 198, the patients planned: each has one; got 199"),
        (("--at", "2019-01-01"), "--at must not come before 2019-04-05, the opening of the trial; got 2019-01-01"),
        (("--endpoint", "OS"), "the protocol waits for no number of events of OS; write --events"),
        (("--endpoint", "DOR", "--events", 20), "cannot count events of endpoint 'DOR'"),
        (("--cut-off", "2021-01-01"), "--data and --cut-off go together"),
        (("--models", "weibull"), "--models goes with --data"),
        (("--openings", "x.csv"), "--openings goes with --data"),
        (("--data", "x", "--cut-off", "2021-01-01", "--scenario", "y.yaml"), "--scenario goes without --data"),
        (("--data", "nowhere", "--cut-off", "2021-01-01"), "nowhere: there is no such folder"),
        (("--plot", "/nowhere/x.svg"), "cannot write /nowhere/x.svg"),
    ],
)
def test_what_cannot_be_asked(run, arguments, message):
    code, out, err = run("palmira", "--draws", 100, *arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cut-off", "2019-01-01"), "leaves no patient: the first was randomized on"),
        (("--cut-off", "2019-08-01"), "no event was seen by the cut-off"),
        (("--cut-off", CUT_OFF, "--at", "2021-06-01"), "--at must not come before 2021-06-30, the data cut-off"),
        (("--cut-off", CUT_OFF, "--endpoint", "DOR", "--events", 9), "must count from randomization and among all"),
    ],
)
def test_data_that_tell_too_little(run, folder, arguments, message):
    code, out, err = run("palmira", "--data", folder, *arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("site,opened\nFR01,2019-05-01\n", "needs the columns site and opened_on; got site, opened"),
        ("site,opened_on\nXX,2019-05-01\n", "line 2: site 'XX' is not in the protocol"),
        ("site,opened_on\nFR01,May\n", "line 2: opened_on must be a date such as 2024-03-31; got 'May'"),
        ("site,opened_on\nFR01,2019-05-01\n", "has a patient but is not in opened"),
    ],
)
def test_openings_that_cannot_be(run, folder, tmp_path, text, message):
    path = tmp_path / "openings.csv"
    path.write_text(text)
    code, _, err = run("palmira", "--data", folder, "--cut-off", CUT_OFF, "--openings", path)
    assert code == 2
    assert message in err


def test_a_center_that_opened_after_its_first_patient_is_refused(run, folder, virtual, tmp_path):
    path = openings(tmp_path / "late.csv", virtual, date(2021, 12, 31))
    site = virtual[1]["screened"].filter(virtual[1]["screened"]["outcome"] == "randomized")["site"][0]
    rows = [f"{site},2021-06-29" if line.startswith(site) else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(rows) + "\n")
    code, _, err = run("palmira", "--data", folder, "--cut-off", CUT_OFF, "--openings", path)
    assert code == 2
    assert f"center '{site}' opened on" in err and "after its first patient" in err


def test_a_folder_that_is_no_trial(run, folder, tmp_path):
    code, _, err = run("palmira", "--data", tmp_path, "--cut-off", CUT_OFF)
    assert code == 2 and "screened.csv is missing" in err
    for path in (folder / "tables").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "manifest.json").write_text('{"study": "another"}')
    code, _, err = run("palmira", "--data", tmp_path, "--cut-off", CUT_OFF)
    assert code == 2 and "the data are of study 'another', not of 'palmira'" in err
    (tmp_path / "manifest.json").unlink()
    (tmp_path / "deaths.csv").write_text("subject,cause,died_on\nx,disease,soon\n")
    code, _, err = run("palmira", "--data", tmp_path, "--cut-off", CUT_OFF)
    assert code == 2 and "deaths.csv: cannot be read as table deaths" in err
