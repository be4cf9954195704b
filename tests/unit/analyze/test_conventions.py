"""Presets are what R and SAS do when nothing is asked for."""

import pytest

from trialwright.analyze import PRESETS, conventions


def test_the_six_differences_between_the_presets():
    r, sas = PRESETS["R"], PRESETS["SAS"]
    assert (r.interval, sas.interval) == ("log", "log-log")
    assert (r.ties, sas.ties) == ("efron", "breslow")
    assert (r.flat, sas.flat) == ("R", "SAS")
    assert (r.beyond, sas.beyond) == ("carry", "not estimable")
    assert (r.at_risk, sas.at_risk) == ("before", "after")
    assert (r.merge, sas.merge) == (1.5e-8, 0.0)


def test_without_a_preset_the_programs_own():
    own = conventions()
    assert (own.preset, own.interval, own.ties, own.beyond) == (None, "log-log", "efron", "not estimable")


@pytest.mark.parametrize("preset", [None, "R", "SAS"])
def test_what_is_given_goes_before_the_preset_and_the_rest_stays(preset):
    plain = conventions(preset, interval="arcsin", ties="discrete")
    assert (plain.interval, plain.ties) == ("arcsin", "discrete")
    assert (plain.flat, plain.beyond, plain.at_risk) == (
        conventions(preset).flat,
        conventions(preset).beyond,
        conventions(preset).at_risk,
    )


def test_exact_is_named_as_each_program_names_it():
    assert "SAS EXACT" in conventions(ties="exact").ties_in_words
    assert "R exact, SAS DISCRETE" in conventions(ties="discrete").ties_in_words


@pytest.mark.parametrize("wrong", [{"preset": "S"}, {"interval": "loglog"}, {"ties": "exakt"}])
def test_unknown_names_list_the_known_ones(wrong):
    with pytest.raises(ValueError, match="must be one of"):
        conventions(**wrong)
