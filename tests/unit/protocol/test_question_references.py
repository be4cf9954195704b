"""Estimands, subgroups, sensitivity analyses and multiplicity: what a protocol may ask, and what is refused."""

from itertools import pairwise
from pathlib import Path

import pytest

from trialwright.errors import DocumentError
from trialwright.protocol import STRATEGIES, DeltaRange, censoring_reasons, load, with_estimands

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: ORR-composite", "id: OS", "estimands.OS.id: 'OS' is already the id of an endpoint"),
        ("variable: PFS\n", "variable: PSF\n", "endpoint 'PSF' is not in this protocol; did you mean 'PFS'?"),
        ("variable: PFS\n", "variable: AE\n", "'AE' is of kind 'adverse events'"),
        ("treatment: [new, standard]", "treatment: [new, placebo]", "arm 'placebo' is not in this protocol"),
        ("treatment: [new, standard]", "treatment: [new, new]", "an arm is named twice"),
        ("treatment: [new, standard]", "treatment: [new, new]", "the control 'standard' must be among the arms"),
        ("summary: hazard ratio", "summary: difference of proportions", "a time to event is summarized by the hazard"),
        ("strategy: hypothetical}", "strategy: principal stratum}", "is not observed and needs a causal model; choose"),
        ("event: end of treatment", "event: new therapy", "'new therapy' has a strategy already"),
        ("event: end of treatment", "event: death", "'death' is an event of the endpoint itself"),
        ("event: new therapy, strategy: composite", "event: new therapy, strategy: hypothetical",
         "'hypothetical' cannot be derived for 'new therapy' of a response; choose one of: treatment policy"),
        ("event: new therapy, strategy: composite", "event: missed visits, strategy: composite",
         "'missed visits' needs no strategy for a response"),
        ("event: new therapy, strategy: hypothetical", "event: missed visits, strategy: composite",
         "'composite' cannot be derived for 'missed visits' of a time to event; choose one of: treatment policy, hyp"),
        ("{stratum: liver}", "{stratum: livr}", "stratification factor 'livr' is not in this protocol; did you mean"),
        ("{stratum: liver}", "{stratum: liver, variable: age}", "a factor needs either stratum or variable"),
        ("{variable: sidedness}", "{variable: compliant}", "baseline variable 'compliant' is not in this protocol"),
        ("{variable: sidedness}", "{variable: sidedness, cuts: [1]}", "a number, and only that, needs cuts"),
        ("{variable: sidedness}", "{stratum: liver}", "factor 'liver' stands here twice; results would share a name"),
        ("- {endpoint: OS, population: ITT, arm: new}", "- {endpoint: PFS, population: ITT, arm: new}",
         "hypothesis 'PFS in ITT in new' stands here twice"),
        ("cuts: [50, 65]", "cuts: [65, 50]", "cuts must rise; got [65.0, 50.0]"),
        ("endpoint: PFS-hypothetical\n", "endpoint: ORR\n", "time-to-event endpoint 'ORR' is not in this protocol"),
        ("method: jump to reference", "method: delta-adjusted", "a delta-adjusted analysis, and only that, needs"),
        ("standard: {low: 0.5", "placebo: {low: 0.5", "arm 'placebo' is not in this protocol"),
        ("standard: {low: 0.5", "placebo: {low: 0.5", "deltas must name the control 'standard'"),
        ("{low: 0.25, high: 4, steps: 5}", "{low: 4, high: 2, steps: 5}", "4 to 2 in 5 steps is no range"),
        ("imputations: 5", "imputations: 1", "imputations"),
        ("      pieces: ", "      reasons: [last adequate asessment]\n      pieces: ",
         "reason 'last adequate asessment' never censors 'PFS'; did you mean 'last adequate assessment'? known: "),
        ("      pieces: ", "      reasons: [last known alive]\n      pieces: ",
         "reason 'last known alive' never censors 'PFS'"),
        ("cut: final\n", "cut: last\n", "data cut-off 'last' is not in this protocol"),
        ("- {endpoint: OS, population: ITT, arm: new}", "- {endpoint: OS, population: ITT, arm: standard}",
         "arm other than the control 'standard' is not in this protocol"),
        ("- {endpoint: OS, population: ITT, arm: new}", "- {endpoint: OS, population: SAF, arm: new}",
         "no comparison of 'OS' in 'SAF' is planned; planned: PFS in ITT, OS in ITT, ORR in ITT, PFS-hypothetical in"),
        ("method: fixed sequence", "method: alpha split", "shares of alpha belong to every hypothesis"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_at_its_place(tmp_path, old, new, expected):
    text = TINY.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DocumentError) as error:
        load(path)
    assert expected in str(error.value)


def test_shares_of_alpha_add_to_at_most_one(tmp_path):
    text = TINY.read_text(encoding="utf-8").replace("method: fixed sequence", "method: alpha split")
    path = tmp_path / "split.yaml"
    path.write_text(text.replace("arm: new}", "arm: new, share: 0.5}"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"the shares of alpha must add to at most 1; got 1\.5"):
        load(path)
    path.write_text(text.replace("arm: new}", "arm: new, share: 0.3}"), encoding="utf-8")
    assert [each.share for each in load(path).analysis.multiplicity.hypotheses] == [0.3, 0.3, 0.3]


def test_an_endpoint_that_goes_on_after_death_cannot_be_imputed(protocol_with):
    plan = {
        "id": "s", "label": "s", "endpoint": "TTP", "population": "ITT", "method": "jump to reference", "pieces": 1,
        "imputations": 2, "seed": 1,
    }  # fmt: skip
    with pytest.raises(ValueError, match="'TTP' goes on after death"):
        protocol_with(analysis={"sensitivity": [plan]})
    assert protocol_with(analysis={"sensitivity": [plan | {"endpoint": "OS"}]}).analysis.sensitivity[0].deltas == {}


def test_reasons_for_censoring_are_those_of_the_rules_that_apply(small_protocol):
    found = {id: censoring_reasons(small_protocol.endpoint(id)) for id in ("PFS-FDA", "OS", "TTP")}
    assert found["PFS-FDA"] == (
        "no usable baseline assessment",
        "new anticancer therapy",
        "more than 1 missed assessment before the event",
        "no adequate assessment",
        "last adequate assessment",
    )
    assert found["OS"] == ("last known alive",)
    assert ("last known alive" in found["TTP"], "death" in found["TTP"]) == (False, False)


@pytest.mark.parametrize("item", [{"endpoint": "ORR"}, {"endpoint": "OS", "compare": False}])
def test_supporting_analyses_belong_to_a_time_to_event_that_is_compared(protocol_with, item):
    asked = item | {"population": "ITT", "supporting": {"unstratified": True}}
    with pytest.raises(ValueError, match=f"belong to a time to event that is compared; '{item['endpoint']}' is none"):
        protocol_with(analysis={"items": [asked]})


def test_estimands_become_endpoints_once():
    tiny = load(TINY)
    more = with_estimands(tiny)
    assert [endpoint.id for endpoint in more.endpoints[-2:]] == ["PFS-hypothetical", "ORR-composite"]
    assert with_estimands(more) is more
    assert tiny.endpoint("PFS").censoring.stops == ()


def test_every_strategy_offered_is_derived_and_no_principal_stratum_is():
    offered = {strategy for kind in STRATEGIES.values() for event in kind.values() for strategy in event}
    assert offered == {"treatment policy", "hypothetical", "composite", "while on treatment"}


def test_deltas_stand_in_equal_ratios():
    values = DeltaRange(low=0.2, high=5, steps=21).values
    assert (values[0], values[10], values[20]) == (0.2, 1, 5)
    assert all(0.995 < b / a / 25**0.05 < 1.005 for a, b in pairwise(values))
    assert DeltaRange(low=1.5, high=1.5, steps=1).values == (1.5,)
