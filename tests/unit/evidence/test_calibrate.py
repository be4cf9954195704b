"""Calibration finds roots known from algebra, and says when there is none."""

import math

import numpy as np
import pytest

from trialwright.evidence import Target, calibrate


def logistic(x):
    return 1 / (1 + math.exp(-x))


def simulated_medians(parameters, seed, replays):
    """Mean over replays of the median of 61 exponential times in each of two groups, whose frailty they share."""
    draws = np.random.default_rng(seed).exponential(size=(replays, 2, 61))
    hazards = np.array([parameters["hazard A"], parameters["hazard A"] * parameters["ratio"]])
    medians = np.median(draws / hazards[:, None], axis=2)
    means, errors = medians.mean(axis=0), medians.std(axis=0, ddof=1) / math.sqrt(replays)
    return {"median A": (means[0], errors[0]), "median B": (means[1], errors[1])}


def median_of_unit_exponentials(n):
    """Expected median of n (odd) unit exponential times: sum of 1/(n-i) over the first (n+1)/2 order statistics."""
    return sum(1 / (n - i) for i in range((n + 1) // 2))


MEDIANS = [Target("median A", 150.0, "hazard A"), Target("median B", 110.0, "ratio")]
BOX = {"hazard A": (1e-4, 1.0), "ratio": (0.1, 10.0)}


def test_exponential_medians_have_their_known_root():
    found = calibrate(MEDIANS, simulated_medians, {"hazard A": 0.05, "ratio": 1.0}, BOX, seed=5)
    expected = median_of_unit_exponentials(61) / 150
    # 3200 replays: relative standard error of a mean median is about 1/sqrt(61 * 3200) = 0.23 %.
    assert found.parameters["hazard A"] == pytest.approx(expected, rel=0.01)
    assert found.parameters["ratio"] == pytest.approx(150 / 110, rel=0.014)
    for each in found.achieved:
        assert each.z == pytest.approx((each.mean - each.target) / each.standard_error)
        assert abs(each.z) < 3
    assert found.replays == (200, 800, 3200, 400)


def test_the_confirmation_uses_random_numbers_of_its_own():
    seeds = []

    def watched(parameters, seed, replays):
        seeds.append((seed, replays))
        return simulated_medians(parameters, seed, replays)

    found = calibrate(MEDIANS, watched, {"hazard A": 0.01, "ratio": 1.0}, BOX, seed=40, replays=(50, 100), confirm=75)
    assert seeds[-1] == (42, 75)
    assert set(seeds[:-1]) == {(40, 50), (41, 100)}
    assert found.looks == len(seeds)


def test_same_seed_same_answer():
    start = {"hazard A": 0.01, "ratio": 1.0}
    first, second = (calibrate(MEDIANS, simulated_medians, start, BOX, seed=9, replays=(100,)) for _ in range(2))
    assert first == second
    other = calibrate(MEDIANS, simulated_medians, start, BOX, seed=10, replays=(100,))
    assert other.parameters != first.parameters


def test_logistic_rates_with_crossed_influence():
    def rates(x, seed, replays):
        draws = np.random.default_rng(seed).random((replays, 2))
        logits = [math.log(x[name] / (1 - x[name])) for name in ("base", "lift")]
        chances = np.array([logistic(logits[0] + 0.3 * logits[1]), logistic(logits[1] + 0.4 * logits[0])])
        hits = draws < chances
        errors = np.maximum(hits.std(axis=0), 0.01) / math.sqrt(replays)
        return {"low": (hits[:, 0].mean(), errors[0]), "high": (hits[:, 1].mean(), errors[1])}

    targets = [Target("low", 0.1, "base", scale="logit"), Target("high", 0.8, "lift", scale="logit")]
    box = {"base": (0.001, 0.999), "lift": (0.001, 0.999)}
    found = calibrate(targets, rates, {"base": 0.5, "lift": 0.5}, box, seed=2, replays=(2000, 50_000), confirm=5000)
    wanted = [math.log(0.1 / 0.9), math.log(0.8 / 0.2)]
    base, lift = np.linalg.solve([[1, 0.3], [0.4, 1]], wanted)
    assert found.parameters["base"] == pytest.approx(logistic(base), abs=0.006)
    assert found.parameters["lift"] == pytest.approx(logistic(lift), abs=0.006)


def seen_at_scans(parameters, seed, replays):
    """Event-free shares and median of 136 patients with piecewise hazards, scanned every 1.8 months."""
    draws = np.random.default_rng(seed).exponential(size=(replays, 136))
    early, middle, late = (parameters[name] for name in ("early", "middle", "late"))
    times = np.where(draws < 3 * early, draws / early, 3 + (draws - 3 * early) / middle)
    times = np.where(times < 6, times, 6 + (draws - 3 * early - 3 * middle) / late)
    times = np.ceil(times / 1.8) * 1.8
    found = {"median": np.median(times, axis=1), "6": (times > 6).mean(axis=1), "12": (times > 12).mean(axis=1)}
    return {name: (x.mean(), x.std(ddof=1) / math.sqrt(replays)) for name, x in found.items()}


def test_hazards_behind_scans_give_the_published_curve():
    targets = [Target("median", 4.9, "early"), Target("6", 0.421, "middle"), Target("12", 0.124, "late")]
    box = dict.fromkeys(("early", "middle", "late"), (0.005, 2.0))
    runs = [calibrate(targets, seen_at_scans, dict.fromkeys(box, 0.2), box, seed=seed) for seed in range(0, 50, 10)]
    scores = [each.z for found in runs for each in found.achieved]
    # Confirmation on 400 replays after calibration on 3200: z is about normal with variance 1 + 400/3200.
    assert max(map(abs, scores)) < 3.5
    assert np.mean(np.square(scores)) < 2.5
    assert all(found.looks < 60 for found in runs)
    assert {type(each.mean) for found in runs for each in found.achieved} == {float}


def exact(functions):
    """Observe without noise."""
    return lambda x, seed, replays: {name: (float(function(x)), 0.0) for name, function in functions.items()}


def test_twelve_parameters_at_once():
    names = [f"x{i}" for i in range(12)]
    root = {name: 0.5 + 0.25 * i for i, name in enumerate(names)}

    def influence(i):
        return lambda x: x[names[i]] ** 1.5 + 0.2 * sum(math.log(x[name]) for name in names)

    functions = {f"q{i}": influence(i) for i in range(12)}
    targets = [Target(f"q{i}", functions[f"q{i}"](root), name) for i, name in enumerate(names)]
    box = dict.fromkeys(names, (0.01, 100.0))
    found = calibrate(targets, exact(functions), dict.fromkeys(names, 1.0), box, seed=1, most_steps=40)
    assert found.parameters == pytest.approx(root, rel=1e-6)


def test_a_parameter_at_its_bound_is_reported_and_the_others_are_met():
    observe = exact({"far": lambda x: x["a"], "near": lambda x: x["b"] * x["a"] ** 0.5})
    targets = [Target("far", 50.0, "a"), Target("near", 6.0, "b", tolerance=1e-6)]
    found = calibrate(targets, observe, {"a": 1.0, "b": 1.0}, {"a": (0.1, 4.0), "b": (0.1, 10.0)}, seed=1)
    assert found.parameters == pytest.approx({"a": 4.0, "b": 3.0}, rel=1e-6)
    far, near = found.achieved
    assert far.problem == "out of reach: a is at its bound 4 and far is 4"
    assert (far.within, near.within, near.problem, found.hit) == (False, True, None, False)


def test_a_quantity_that_nothing_moves_is_reported():
    observe = lambda x, seed, replays: {"fixed": (3.0, 0.1), "free": (x["b"], 0.1)}  # noqa: E731
    targets = [Target("fixed", 5.0, "a"), Target("free", 2.0, "b")]
    found = calibrate(targets, observe, {"a": 1.0, "b": 1.0}, dict.fromkeys("ab", (0.1, 9.0)), seed=1)
    assert found.achieved[0].problem == "3 is 20.0 standard errors from 5"
    assert found.achieved[1].within


def test_a_start_at_the_solution_stays_there():
    observe = exact({"q": lambda x: x["a"]})
    assert calibrate([Target("q", 2.0, "a")], observe, {"a": 2.0}, {"a": (1, 4)}, seed=1).parameters == {"a": 2.0}


@pytest.mark.parametrize(
    ("targets", "start", "bounds", "message"),
    [
        ([], {}, {}, "a parameter of its own"),
        ([Target("q", 1, "a"), Target("p", 1, "a")], {"a": 1}, {"a": (0.1, 2)}, "a parameter of its own"),
        ([Target("q", 1, "a")], {"b": 1}, {"a": (0.1, 2)}, "start and bounds must name the parameters"),
        ([Target("q", 1, "a")], {"a": 3}, {"a": (0.1, 2)}, "around its start 3; got 0.1 to 2"),
        ([Target("q", 1, "a")], {"a": 1}, {"a": (0, 2)}, "bounds of 'a' must lie within"),
        ([Target("q", 1, "a", scale="logit")], {"a": 0.5}, {"a": (0.1, 1)}, r"within \(0, 1\)"),
        ([Target("r", 1, "a")], {"a": 1}, {"a": (0.1, 2)}, "observe must return 'r'; it returned q"),
    ],
)
def test_wrong_questions_are_refused(targets, start, bounds, message):
    with pytest.raises(ValueError, match=message):
        calibrate(targets, exact({"q": lambda x: x["a"]}), start, bounds, seed=1)


def test_a_mean_that_is_no_number_is_refused():
    observe = lambda x, seed, replays: {"q": (math.nan, 0.1)}  # noqa: E731
    with pytest.raises(ValueError, match="must be finite"):
        calibrate([Target("q", 1, "a")], observe, {"a": 1}, {"a": (0.1, 2)}, seed=1)


def test_a_calibration_without_replays_is_refused():
    with pytest.raises(ValueError, match="at least one stage"):
        calibrate([Target("q", 1, "a")], exact({"q": lambda x: x["a"]}), {"a": 1}, {"a": (0.1, 2)}, seed=1, replays=())


def test_a_target_met_exactly_at_a_bound_is_met():
    observe = exact({"q": lambda x: x["a"]})
    found = calibrate([Target("q", 4.0, "a")], observe, {"a": 1.0}, {"a": (0.1, 4.0)}, seed=1)
    assert found.hit
