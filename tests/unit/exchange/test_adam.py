"""Analysis datasets of a small trial by hand, and of a rehearsed one in every format."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from trialwright import derive, protocol, simulate
from trialwright.design import Scenario
from trialwright.errors import DataError, OutputError
from trialwright.exchange import ADAM, adam, built, check_across, check_dataset, read_dataset, write_adam
from trialwright.exchange.adam_times import censor_codes, parameter_codes
from trialwright.protocol import read_document, study_file


@pytest.fixture(scope="module")
def plan():
    return protocol.load("palmira")


@pytest.fixture(scope="module")
def rehearsed(plan):
    scenario = read_document(study_file("palmira", "scenario.yaml"), Scenario)
    return simulate.trial(plan, scenario, 3).cut(date(2023, 6, 30))


@pytest.fixture(scope="module")
def derived(rehearsed, plan):
    return derive.tables(rehearsed, plan)


@pytest.fixture(scope="module")
def made(rehearsed, derived, plan):
    return adam(rehearsed, derived, plan)


def test_everything_made_is_clean_by_the_specification_and_across_datasets(made):
    assert list(made) == list(ADAM)
    found = [finding for name, dataset in made.items() for finding in check_dataset(dataset, ADAM[name])]
    assert [*found, *check_across(made)] == []


def test_the_time_to_event_is_that_of_derive_with_the_event_turned(made, derived, plan):
    codes = parameter_codes(e for e in protocol.with_estimands(plan).endpoints if e.kind == "time to event")
    theirs = derived.times.select(
        USUBJID=pl.format("PALMIRA-{}", "subject"),
        PARAMCD=pl.col("endpoint").replace_strict(codes),
        AVAL="days",
        event="event",
    )
    ours = made["ADTTE"].rows.select("USUBJID", "PARAMCD", "AVAL", event=pl.col("CNSR") == 0)
    assert ours.sort(pl.all()).equals(theirs.sort(pl.all()))


def test_every_event_by_a_scan_names_its_row_in_the_responses(made):
    progressed = made["ADTTE"].rows.filter(pl.col("EVNTDESC") == "Disease Progression")
    rows = made["ADRS"].rows.select("USUBJID", SRCSEQ="ASEQ", value="AVALC", on="ADT")
    found = progressed.join(rows, on=["USUBJID", "SRCSEQ"], how="left")
    assert progressed.height > 100
    assert set(found["value"]) == {"PD"}
    assert found["on"].equals(found["ADT"], check_names=False)


def test_subjects_hold_those_screened_too(made, rehearsed):
    subjects = made["ADSL"].rows
    assert subjects.height == rehearsed["screened"].height
    failed = subjects.filter(pl.col("RANDFL") == "N")
    assert set(failed["ARM"]) == {"SCREEN FAILURE"}
    assert failed["TRT01P"].null_count() == failed.height
    assert subjects.filter(pl.col("SAFFL") == "Y")["TRTSDT"].null_count() == 0
    assert set(subjects["STRAT1D"].drop_nulls()) == {"previous_et"}


def test_nobody_has_a_response_row_who_was_not_randomized_unless_asked(made, rehearsed, derived, plan):
    randomized = rehearsed["allocations"].height
    assert made["ADRS"].rows.filter(pl.col("PARAMCD") == "BOR").height == randomized
    whole = adam(rehearsed, derived, plan, screened=True)["ADRS"].rows
    assert whole.filter(pl.col("PARAMCD") == "BOR").height == rehearsed["screened"].height


def test_sums_are_compared_with_baseline_and_nadir(made):
    sums = made["ADTR"].rows.filter(pl.col("PARAMCD") == "SDIAM")
    assert sums.filter(pl.col("ABLFL") == "Y")["NADIR"].null_count() == sums.filter(pl.col("ABLFL") == "Y").height
    progressed = sums.filter((pl.col("PDFL") == "Y") & (pl.col("PCHGNAD") >= 20))
    assert progressed.height > 10
    best = sums.filter(pl.col("ANL02FL") == "Y")
    lowest = (
        sums.filter((pl.col("AVISITN") > 0) & (pl.col("ANL01FL") == "Y")).group_by("USUBJID").agg(pl.col("PCHG").min())
    )
    assert best.select("USUBJID", "PCHG").sort("USUBJID").equals(lowest.sort("USUBJID"))


@pytest.mark.parametrize("ending", ["parquet", "csv", "xpt", "json"])
def test_files_of_every_format_read_back_as_they_were(made, tmp_path, ending):
    files = write_adam(tmp_path, made, ending)
    assert files[-1].name == "define.xml"
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in files}
    for name in ("ADSL", "ADTTE", "ADTR"):
        back = read_dataset(tmp_path / f"{name.lower()}.{ending}").rows
        assert back.columns == made[name].rows.columns
        assert back["USUBJID"].equals(made[name].rows["USUBJID"])
        dates = [column for column, kind in made[name].rows.schema.items() if kind == pl.Date]
        assert back.select(pl.col(dates).cast(pl.String)).equals(made[name].rows.select(pl.col(dates).cast(pl.String)))


def test_files_have_the_same_bytes_twice(made, tmp_path):
    one = {file.name: file.read_bytes() for file in write_adam(tmp_path / "1", made, "xpt")}
    two = {file.name: file.read_bytes() for file in write_adam(tmp_path / "2", made, "xpt")}
    assert one == two


def test_unknown_formats_and_missing_subjects_are_refused(made, tmp_path):
    with pytest.raises(OutputError, match="format 'sas7bdat' is not known; known: xpt"):
        write_adam(tmp_path, made, "sas7bdat")
    with pytest.raises(OutputError, match="must include ADSL; got ADTTE"):
        write_adam(tmp_path, {"ADTTE": made["ADTTE"]}, "csv")


def test_codes_of_parameters_are_the_industrys_and_never_shared(plan):
    times = [e for e in protocol.with_estimands(plan).endpoints if e.kind == "time to event"]
    codes = parameter_codes(times)
    assert {codes[id] for id in ("PFS", "OS", "TTP", "TTR", "DOR")} == {"PFS", "OS", "TTP", "TTR", "DOR"}
    assert len(set(codes.values())) == len(codes) == len(times)
    assert max(map(len, codes.values())) <= 8


def test_every_reason_of_censoring_has_a_code_above_zero():
    reasons = ["last adequate assessment", "new anticancer therapy", "died without the event", "withdrawal"]
    assert list(censor_codes(reasons).values()) == [1, 2, 5, 4]


def test_a_dataset_has_the_variables_of_its_specification():
    with pytest.raises(DataError, match=r"ADTTE: columns and variables of the specification differ: .*PARAMCD"):
        built(ADAM["ADTTE"], pl.DataFrame({"STUDYID": ["X"]}))


def test_labels_and_names_of_every_specification_fit_a_transport_file():
    for spec in ADAM.values():
        names = [variable.name for variable in spec.variables]
        assert len(set(names)) == len(names)
        assert set(spec.keys) <= set(names)
        for variable in spec.variables:
            assert len(variable.name) <= 8, variable.name
            assert len(variable.label.encode()) <= 40, variable.label
            assert variable.derivation, variable.name
            assert (variable.length is not None) == (variable.kind == "text"), variable.name


def test_the_order_of_records_does_not_matter(made, rehearsed, plan):
    kept = {"allocations", "strata"}
    tables = {
        name: table if name in kept else table.sample(fraction=1, shuffle=True, seed=7)
        for name, table in rehearsed.tables.items()
    }
    shuffled = replace(rehearsed, tables=tables)
    again = adam(shuffled, derive.tables(shuffled, plan), plan)
    assert {name for name in made if not again[name].rows.equals(made[name].rows)} == set()


def test_a_death_of_somebody_who_was_not_randomized_is_in_the_subjects_only(rehearsed, plan):
    failed = rehearsed["screened"].filter(pl.col("outcome") != "randomized")["subject"][0]
    death = pl.DataFrame({"subject": [failed], "cause": ["other"], "died_on": [date(2023, 1, 1)]})
    deaths = pl.concat([rehearsed["deaths"], death.cast(rehearsed["deaths"].schema)])
    data = replace(rehearsed, tables={**rehearsed.tables, "deaths": deaths})
    datasets = adam(data, derive.tables(data, plan), plan)
    found = [finding for name, dataset in datasets.items() for finding in check_dataset(dataset, ADAM[name])]
    assert [*found, *check_across(datasets)] == []
    assert datasets["ADSL"].rows.filter(pl.col("SUBJID") == failed)["DTHFL"].to_list() == ["Y"]
    assert datasets["ADRS"].rows.filter(pl.col("USUBJID").str.ends_with(failed)).height == 0
