"""A grid file: its points, what each field does to a trial, and what is refused at which line."""

import math

import pytest
from counting import Counting

from trialwright.design import ArmRates, Steps, Stratum, SupposedTrial, uniform_accrual
from trialwright.errors import DocumentError
from trialwright.simulate.design_fields import DESIGN_FIELDS, with_design_fields
from trialwright.simulate.designed import Allocating, DesignedTrial, Look, Scanning, Trigger
from trialwright.simulate.grid import read_points, scenario_paths

PATHS = ("progression.A.hazard.0", "progression.B.hazard.0", "scans.missed")


def designed(**changes):
    arms = Stratum(ArmRates.of(0.1), ArmRates.of(0.2))
    parts = {
        "supposed": SupposedTrial(uniform_accrual(90, 12), (arms,), ratio=2, longest=60),
        "patients": 90,
        "allocation": Allocating((2, 1), (3,)),
        "looks": (Look(Trigger(events=40), 2.9), Look(Trigger(events=60), 1.97)),
    }
    return DesignedTrial(**parts | changes)


@pytest.fixture
def points(tmp_path):
    """Read a grid written as text; return the values of its points."""

    def points(text, build=lambda of, values: Counting(), **options):
        path = tmp_path / "grid.yaml"
        path.write_text(text, encoding="utf-8")
        return [dict(point.values) for point in read_points(path, build, paths=PATHS, **options)]

    return points


def test_every_combination_is_a_point_and_the_last_field_changes_fastest(points):
    assert points("each:\n  patients: [90, 120]\n  scans.missed: [0, 0.1]\n") == [
        {"patients": 90, "scans.missed": 0},
        {"patients": 90, "scans.missed": 0.1},
        {"patients": 120, "scans.missed": 0},
        {"patients": 120, "scans.missed": 0.1},
    ]


def test_points_one_by_one_are_taken_as_they_are(points):
    text = "points:\n  - {patients: 90, events: [40, 60]}\n  - {hazard_ratio: 1}\n"
    assert points(text) == [{"patients": 90, "events": [40, 60]}, {"hazard_ratio": 1}]


@pytest.mark.parametrize(
    "text, told",
    [
        (
            "each:\n  patiens: [90]\n",
            r":2:3: .*'patiens' is no field of this grid; did you mean 'patients'\?.*hazard_ratio",
        ),
        (
            "points:\n  - {patients: 90}\n  - {progression.A.hazrd.0: 1}\n",
            r":3:6: .*did you mean 'progression.A.hazard.0'\?",
        ),
        ("each:\n  patients: []\n", r":2:13: .*expected at least one value"),
        ("each:\n  patients: 90\n", r":2:13: .*expected a list; found 90"),
        ("each: {patients: [90]}\npoints: [{patients: 90}]\n", "either each .* or points .*, not both"),
        ("{}\n", "either each"),
        ("every:\n  patients: [90]\n", r":1:1: .*'every' is not a field here"),
        ("each:\n  patients: [90, 90\n", "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(points, text, told):
    with pytest.raises(DocumentError, match=told):
        points(text)


def test_a_point_that_cannot_be_simulated_is_told_with_its_values(points):
    def build(of, values):
        with_design_fields(designed(), values)
        return Counting()

    with pytest.raises(DocumentError, match=r"(?s):3:5: .*patients 50.*a look at 60 events needs at least as many"):
        points("points:\n  - {patients: 90}\n  - {patients: 50}\n", build)


def test_a_grid_without_end_is_refused(points):
    text = "each:\n" + "".join(f"  {name}: {list(range(50))}\n" for name in ("patients", "events", "strata"))
    with pytest.raises(DocumentError, match="more than 100,000 points"):
        points(text)


def test_fields_of_the_design_can_be_ruled_out(points):
    with pytest.raises(DocumentError, match="'patients' is no field of this grid; paths to numbers of the scenario"):
        points("each:\n  patients: [90]\n", fields=())


def test_a_planned_trial_has_no_scenario(points):
    heard = []
    points("of: planned\neach:\n  patients: [90]\n", lambda of, values: heard.append(of) or Counting())
    assert heard == ["planned"]
    with pytest.raises(
        DocumentError, match=r":3:3: .*'scans.missed' is no field of this grid; did you mean 'scan_missed'\?"
    ):
        points("of: planned\neach:\n  scans.missed: [0]\n")


def test_every_path_of_a_scenario_leads_to_its_number():
    from trialwright.design import Scenario
    from trialwright.protocol import read_document, study_file

    scenario = read_document(study_file("palmira", "scenario.yaml"), Scenario)
    paths = scenario_paths(scenario)
    assert {"progression.A.hazard.0", "scans.missed", "recruitment.per_site_month"} <= set(paths)
    assert len(set(paths)) == len(paths) > 100
    assert all(math.isfinite(scenario.value(path)) for path in paths)


def hazards(trial):
    return [(s.experimental.hazard.rates, s.control.hazard.rates) for s in trial.supposed.strata]


def test_patients_enter_faster_over_the_same_time_and_accrual_takes_longer_for_the_same_patients():
    more = with_design_fields(designed(), {"patients": 180}).supposed
    assert (more.patients, more.accrual.starts[-1]) == (180, 12)
    slower = with_design_fields(designed(), {"accrual": 24}).supposed
    assert (slower.patients, slower.accrual.starts[-1]) == (90, 24)
    both = with_design_fields(designed(), {"accrual": 24, "patients": 180}).supposed
    assert (both.patients, both.accrual.starts[-1]) == (180, 24)


def test_the_median_stretches_both_arms_and_the_ratio_is_then_of_the_hazards():
    [(experimental, control)] = hazards(with_design_fields(designed(), {"control_median": 6}))
    assert control == pytest.approx((math.log(2) / 6,)) and experimental == pytest.approx((math.log(2) / 12,))
    [(experimental, control)] = hazards(with_design_fields(designed(), {"hazard_ratio": 0.7, "control_median": 6}))
    assert experimental[0] / control[0] == pytest.approx(0.7)


def test_the_median_of_hazards_in_pieces_and_strata_is_met():
    steps = Steps((0, 2), (0.05, 0.3))
    strata = (Stratum(ArmRates.of(steps), ArmRates.of(steps), 0.4), Stratum(ArmRates.of(0.1), ArmRates.of(0.2), 0.6))
    mixed = designed(supposed=SupposedTrial(uniform_accrual(90, 12), strata, ratio=2))
    found = with_design_fields(mixed, {"control_median": 7}).supposed.strata
    left = sum(s.share * math.exp(-s.control.hazard.until([7.0])[0]) for s in found)
    assert left == pytest.approx(0.5, abs=1e-9)


def test_a_median_that_is_never_reached_cannot_be_set():
    cured = Stratum(ArmRates.of(0.1), ArmRates.of(Steps((0, 3), (0.1, 0.0))))
    with pytest.raises(ValueError, match="half of the control arm never has the event"):
        with_design_fields(
            designed(supposed=SupposedTrial(uniform_accrual(90, 12), (cured,), 2)), {"control_median": 6}
        )


def test_dropout_is_that_of_both_arms_and_strata_split_one():
    [stratum] = with_design_fields(designed(), {"dropout": 0.01}).supposed.strata
    assert stratum.experimental.dropout.rates == stratum.control.dropout.rates == (0.01,)
    four = with_design_fields(designed(), {"strata": 4, "stratified": True})
    assert [s.share for s in four.supposed.strata] == [0.25] * 4 and four.test.stratified
    with pytest.raises(ValueError, match="where the trial has one stratum; it has 4"):
        with_design_fields(four, {"strata": 2})


def test_allocation_is_put_in_as_a_whole():
    trial = with_design_fields(designed(), {"ratio": "1:1", "block_sizes": [2, 4], "by_stratum": False})
    assert (trial.allocation, trial.supposed.ratio) == (Allocating((1, 1), (2, 4), by_stratum=False), 1)
    with pytest.raises(ValueError, match="block_sizes must be multiples of 2"):
        with_design_fields(designed(), {"ratio": "1:1"})
    simple = with_design_fields(designed(), {"ratio": "1:1", "allocation": "simple"})
    assert simple.allocation.method == "simple"


def test_looks_keep_their_bounds_when_their_number_stays():
    looks = with_design_fields(designed(), {"events": [30, 80]}).looks
    assert [(look.trigger.events, look.upper) for look in looks] == [(30, 2.9), (80, 1.97)]
    [look] = with_design_fields(designed(), {"events": 70, "upper": 1.96, "lower": 0}).looks
    assert look == Look(Trigger(events=70), 1.96, 0)
    with pytest.raises(ValueError, match="events at 1 looks need as many bounds: set upper too"):
        with_design_fields(designed(), {"events": 70})
    with pytest.raises(ValueError, match="upper must have a number for each of 2 looks; got 1"):
        with_design_fields(designed(), {"upper": 1.96})


def test_scans_come_and_go():
    assert with_design_fields(designed(), {"scan_every": 1.8, "scan_missed": 0.1}).scans == Scanning.regular(
        1.8, missed=0.1
    )
    seen = designed(scans=Scanning((0, 12), (2, 3), window=0.2))
    assert with_design_fields(seen, {"scan_window": 0.1}).scans == Scanning((0, 12), (2, 3), window=0.1)
    assert with_design_fields(seen, {"scan_every": 4}).scans == Scanning((0,), (4,), window=0.2)
    assert with_design_fields(seen, {"scan_every": None}).scans is None
    with pytest.raises(ValueError, match="scan_missed needs scans: set scan_every too"):
        with_design_fields(designed(), {"scan_missed": 0.1})


def test_the_test_is_put_in_with_what_it_needs():
    found = with_design_fields(
        designed(), {"test": "fleming-harrington", "weights": [[0, 0.5]], "stratified": True}
    ).test
    assert (found.statistic, found.weights, found.stratified) == ("fleming-harrington", ((0.0, 0.5),), True)
    assert with_design_fields(designed(), {"test": "restricted mean", "at": 24}).test.at == 24
    for wrong in ({"test": "milestone"}, {"at": 24}, {"weights": [[0, 1]]}):
        with pytest.raises(ValueError, match=r"at goes with|go with test"):
            with_design_fields(designed(), wrong)


WORDS = {"entering", "by_stratum", "stratified", "allocation", "test"}


@pytest.mark.parametrize("name", sorted(DESIGN_FIELDS.keys() - WORDS))
def test_no_field_takes_what_it_cannot_use(name):
    with pytest.raises(ValueError, match=f"{name}|weights|scan"):
        with_design_fields(designed(), {name: "many"})


@pytest.mark.parametrize("name, value", [("entering", "slowly"), ("allocation", "dice"), ("test", "gut"),
                                         ("by_stratum", "no"), ("stratified", 3)])  # fmt: skip
def test_words_that_mean_nothing_are_refused_with_those_that_do(name, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        with_design_fields(designed(), {name: value})


def test_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="'patiens' is not a design field; known: patients, accrual"):
        with_design_fields(designed(), {"patiens": 90})
