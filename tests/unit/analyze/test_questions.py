"""Estimands, subgroups, sensitivity analyses and multiplicity of a plan as rows of the results."""

import math
from datetime import date

import pytest

from trialwright.analyze import run
from trialwright.analyze.multiplicity import adjusted
from trialwright.protocol import Protocol
from trialwright.stats import EventTimes, cox, interaction, kaplan_meier

DAYS = {"A": (60, 130, 200, 250, 90, 170), "B": (50, 70, 110, 160, 65, 120)}
EVENTS = {"A": (1, 1, 0, 1, 1, 0), "B": (1, 1, 1, 1, 0, 1)}
AGES = {"A": (40, 50, 60, 70, 45, 66), "B": (42, 52, 63, 71, 47, None)}
CENSORED = ("A3", "A6", "B5")
SPLIT = ("yes", "no")

QUESTIONS = {
    "subgroups": [
        {"endpoint": "OS", "population": "ITT", "factors": [
            {"stratum": "visceral"}, {"variable": "age", "cuts": [55]}, {"variable": "ecog"}]}
    ],
    "sensitivity": [
        {"id": "map", "label": "map", "endpoint": "OS", "population": "ITT", "method": "delta-adjusted", "pieces": 2,
         "imputations": 10, "seed": 1, "deltas": {arm: {"low": 0.5, "high": 2, "steps": 3} for arm in "AB"}},
        {"id": "jump", "label": "jump", "endpoint": "OS", "population": "ITT", "method": "jump to reference",
         "pieces": 2, "imputations": 10, "seed": 1, "reasons": ["last known alive"]},
        {"id": "nobody", "label": "nobody", "endpoint": "OS", "population": "ITT", "method": "jump to reference",
         "pieces": 2, "imputations": 10, "seed": 1, "reasons": ["end of treatment"]},
    ],
    "multiplicity": {"method": "holm", "alpha": 0.05, "cut": "final", "hypotheses": [
        {"endpoint": "OS", "population": "ITT", "arm": "A"}, {"endpoint": "E", "population": "ITT", "arm": "A"},
        {"endpoint": "CBR", "population": "ITT", "arm": "A"}]},
}  # fmt: skip
ESTIMAND = {
    "id": "E", "label": "without another drug", "population": "ITT", "treatment": ["A", "B"], "variable": "OS",
    "intercurrent_events": [{"event": "new therapy", "strategy": "hypothetical"}], "summary": "hazard ratio",
}  # fmt: skip


@pytest.fixture(scope="module")
def plan(small_protocol) -> Protocol:
    content = small_protocol.model_dump()
    survival = next(endpoint for endpoint in content["endpoints"] if endpoint["id"] == "OS")
    survival["censoring"] |= {"stops": [{"event": "end of treatment", "how": "censor at"}]}  # comes for nobody here
    content["analysis"] |= QUESTIONS | {"ties": "efron"}
    return Protocol.model_validate(content | {"estimands": [ESTIMAND]})


def subject(arm, place):
    return f"{arm}{place + 1}"


@pytest.fixture(scope="module")
def twelve(trial):
    """Twelve patients randomized on one day, who die or are last seen so many days after it, one treated further."""
    who = [(arm, place) for arm in DAYS for place in range(6)]

    def lines(head, rows):
        return "\n".join([head, *rows])

    def after(arm, place):
        return date.fromordinal(date(2024, 1, 1).toordinal() + DAYS[arm][place] - 1)

    dead = [(a, p) for a, p in who if EVENTS[a][p]]
    return trial(
        subjects=lines("subject | arm | stratum", [f"{subject(a, p)} | {a} | {SPLIT[p % 2]}" for a, p in who]),
        strata=lines("subject | factor | level", [f"{subject(a, p)} | visceral | {SPLIT[p % 2]}" for a, p in who]),
        answers=lines(
            "subject | variable | value",
            [f"{subject(a, p)} | age | {AGES[a][p]}" for a, p in who if AGES[a][p] is not None],
        ),
        deaths=lines("subject | died_on", [f"{subject(a, p)} | {after(a, p)}" for a, p in dead]),
        contacts=lines("subject | alive_on", [f"{subject(a, p)} | {after(a, p)}" for a, p in who]),
        therapies="subject | started_on\nA2 | 2024-03-01",
    ).cut(date(2024, 12, 31))


@pytest.fixture(scope="module")
def found(twelve, plan):
    return run(twelve, plan, "final")


def times(chosen):
    rows = [(DAYS[a][p], EVENTS[a][p], a) for a in DAYS for p in range(6) if chosen(a, p)]
    return EventTimes.of(*zip(*rows, strict=True), arms=["B", "A"])


@pytest.mark.parametrize(
    ("item", "chosen"),
    [
        ("all", lambda a, p: True),
        ("visceral=yes", lambda a, p: p % 2 == 0),
        ("visceral=no", lambda a, p: p % 2 == 1),
        ("age=below 55", lambda a, p: AGES[a][p] is not None and AGES[a][p] < 55),
        ("age=55 or more", lambda a, p: AGES[a][p] is not None and AGES[a][p] >= 55),
    ],
)
def test_a_subgroup_is_the_analysis_of_its_patients(found, item, chosen):
    own = times(chosen)
    row = found.one(statistic="subgroup hazard ratio", item=item)
    fit = cox(own, ties="efron", level=0.95)
    assert (row.value, row.lower, row.upper) == pytest.approx(
        (fit.effect.hazard_ratio, fit.effect.lower, fit.effect.upper)
    )
    assert (row.n, row.events) == (fit.subjects, fit.events)
    assert len(found.subjects[row.subjects]) == row.n
    for arm, curve in kaplan_meier(own).items():
        events = found.one(statistic="subgroup events", item=item, group=arm)
        assert (events.value, events.n) == (curve.total_events, curve.subjects)
        median = found.one(statistic="subgroup median", item=item, group=arm)
        assert median.value == curve.quantile(0.5).value


def test_interaction_is_tested_among_those_with_a_known_level(found):
    known = times(lambda a, p: AGES[a][p] is not None)
    codes = [int(AGES[a][p] >= 55) for a in DAYS for p in range(6) if AGES[a][p] is not None]
    expected = interaction(known, codes)
    row = found.one(statistic="interaction likelihood ratio P", item="age")
    assert row.value == pytest.approx(expected.likelihood_ratio.p)
    assert found.one(statistic="interaction Wald P", item="age").value == pytest.approx(expected.wald.p)
    assert row.n == 11
    unknown = found.one(statistic="subgroup unknown", item="age")
    assert found.subjects[unknown.subjects] == ("B6",)


def test_a_factor_nobody_answered_has_no_subgroup_and_says_so(found):
    assert not [row for row in found if (row.item or "").startswith("ecog=") and "subgroup" in row.statistic]
    row = found.one(statistic="interaction likelihood ratio P", item="ecog")
    assert (row.value, row.problem) == (None, "no patient with a known level")
    assert [r.value for r in found.where(statistic="subgroup unknown", item="ecog")] == [6, 6]


def test_an_estimand_stands_beside_its_endpoint_and_names_who_differs(found):
    assert found.one(endpoint="E", statistic="events", group="A").value == 3
    assert found.one(endpoint="OS", statistic="events", group="A").value == 4
    row = found.one(endpoint="E", statistic="differs", item="against OS", group="A")
    assert found.subjects[row.subjects] == ("A2",)
    why = found.one(endpoint="E", item="against OS: censored, not event (new anticancer therapy)", group="A")
    assert (why.value, found.subjects[why.subjects]) == (1, ("A2",))
    assert found.one(endpoint="E", statistic="differs", item="against OS", group="B").value == 0
    assert not found.where(endpoint="E", group="all")
    assert found.one(endpoint="E", statistic="hazard ratio").value is not None


def test_who_is_imputed_follows_from_status_and_reason(found):
    for plan, arm, expected in (
        ("map", "A", ("A3", "A6")),
        ("map: beside A", "B", ("B5",)),
        ("jump", "A", ("A3", "A6")),
        ("nobody", "A", ()),
    ):
        row = found.one(statistic="imputed", item=plan, group=arm)
        assert found.subjects[row.subjects] == expected


def test_a_plan_that_imputes_nobody_gives_the_stratified_analysis_back(found):
    plain = found.one(endpoint="OS", statistic="hazard ratio")
    same = found.one(endpoint="OS", statistic="imputed hazard ratio", item="nobody")
    assert (same.value, same.lower, same.upper) == pytest.approx((plain.value, plain.lower, plain.upper), rel=1e-8)
    p = found.one(endpoint="OS", statistic="imputed log-rank P", item="nobody")
    assert p.value == pytest.approx(found.one(endpoint="OS", statistic="log-rank P").value, rel=1e-8)


def test_the_map_has_a_row_for_every_combination(found):
    ratios = [r for r in found.where(statistic="imputed hazard ratio") if r.item.startswith("map: delta ")]
    assert {r.item for r in ratios} == {
        f"map: delta A {a}, B {b}" for a in ("0.5", "1", "2") for b in ("0.5", "1", "2")
    }
    assert all(r.lower < r.value < r.upper for r in ratios)
    assert "10 imputations, seed 1, at most 2 pieces" in ratios[0].conventions
    tipping = found.one(statistic="tipping delta", item="map")
    assert tipping.value is None
    assert "A from 0.5 to 2, B near 1" in tipping.problem


def test_uncut_data_reach_no_known_day(trial, plan):
    data = trial(
        subjects="subject | arm\n01 | A\n02 | B",
        deaths="subject | died_on\n01 | 2024-03-01",
        contacts="subject | alive_on\n02 | 2024-05-01",
    )
    rows = run(data, plan).where(statistic="imputed hazard ratio")
    assert {row.problem for row in rows} == {"the data were not cut, so nobody knows how far a course could have been "
                                             "followed"}  # fmt: skip


def test_an_arm_without_events_has_a_problem_not_a_number(trial, plan):
    data = trial(
        subjects="subject | arm\n01 | A\n02 | B",
        deaths="subject | died_on\n01 | 2024-03-01",
        contacts="subject | alive_on\n02 | 2024-05-01",
    ).cut(date(2024, 12, 31))
    rows = run(data, plan).where(statistic="imputed log-rank P")
    assert {row.problem for row in rows} == {"an arm has no event to estimate a hazard from"}


def test_decisions_follow_from_the_tests_of_the_same_results(found):
    tests = [("OS", "log-rank P"), ("E", "log-rank P"), ("CBR", "difference P")]
    p_values = [found.one(endpoint=endpoint, statistic=statistic, group="A v B").value for endpoint, statistic in tests]
    expected = adjusted(p_values, "holm")
    for (endpoint, _), p in zip(tests, expected, strict=True):
        row = found.one(endpoint=endpoint, statistic="adjusted P")
        assert row.value == p
        decided = found.one(endpoint=endpoint, statistic="rejected")
        assert decided.value == (None if p is None else float(p <= 0.05))
    assert "in favor of A" in found.one(endpoint="OS", statistic="rejected").conventions


def test_at_another_cut_nothing_is_decided(twelve, plan):
    assert not run(twelve, plan, "early").where(statistic="rejected")


@pytest.mark.parametrize(
    ("method", "shares", "expected"),
    [
        ("fixed sequence", None, (0.01, 0.04, 0.04, None, 1.0)),
        ("holm", None, (0.05, 0.12, 0.12, None, 0.12)),
        ("alpha split", (0.5, 0.2, 0.1, 0.1, 0.1), (0.02, 0.2, 0.3, None, 0.5)),
    ],
)
def test_adjusted_p_values_by_hand(method, shares, expected):
    found = adjusted([0.01, 0.04, 0.03, None, 0.05], method, shares)
    assert [p is None for p in found] == [p is None for p in expected]
    assert [p for p in found if p is not None] == pytest.approx([p for p in expected if p is not None])


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="fixed sequence, holm, alpha split; got 'none'"):
        adjusted([0.1], "none")
    assert math.isclose(adjusted([0.1], "alpha split", [0.2])[0], 0.5)
