"""Reconstruction against patients that are known: five public data sets and the published figures of kmdata."""

from itertools import islice

import digitized
import numpy as np
import pytest

from trialwright.errors import DataError
from trialwright.evidence import ReadCurve, reconstruct
from trialwright.stats import EventTimes, cox

NOISES = (0.0, 0.002, 0.005)
IPD = {
    "numbers at risk and events": (True, True, 0.0112),
    "numbers at risk": (True, False, 0.0138),
    "events": (False, True, 0.0318),
    "neither": (False, False, 0.0635),
}
"""What is given, and the mean absolute error of the log hazard ratio that IPDfromKM 0.1.10 has there."""
ASKED = {"numbers at risk and events": 0.011, "events": 0.020}


def errors(figure, noise, seed, at_risk, events):
    """Return the error of the log hazard ratio of the central data set, and of its events."""
    curves = digitized.read(figure, noise, seed, at_risk=at_risk)
    true = digitized.events_of(figure)
    found = reconstruct(curves, seed=seed, events=true if events else None)
    assert [len(times) for times in found.solutions] == [sum(len(time) for time, _ in figure.values())] * 20
    for times in found.solutions:
        for a, curve in enumerate(curves):
            own = times.day[times.arm == a]
            assert [int((own >= day).sum()) for day in curve.at_risk_day] == curve.at_risk.tolist()
    missed = np.abs(found.events - list(true.values())).sum(axis=1)
    return found.log_hazard_ratio[found.central] - digitized.true_log_ratio(figure), missed


@pytest.mark.parametrize("given", IPD)
def test_hazard_ratios_of_known_patients_come_back(given):
    """Each of five data sets under each reading noise; the whole set-up of four readings each is in the bench."""
    at_risk, events, peer = IPD[given]
    figures = [digitized.patient_data(name) for name in digitized.SETS]
    found = [errors(figure, noise, 1, at_risk, events) for figure in figures for noise in NOISES]
    assert np.mean([abs(error) for error, _ in found]) <= ASKED.get(given, peer)
    if events:
        assert all((missed == 0).all() for _, missed in found)


def test_published_figures_come_back_with_their_events():
    """Every twentieth figure of kmdata, from the smallest to those of thousands of patients."""
    found = []
    for key, figure in islice(digitized.kmdata(), 0, None, 20):
        curves = digitized.read(figure, 0.002, 1, at_risk=True, unit=key["Units"])
        made = reconstruct(curves, seed=1, events=digitized.events_of(figure), solutions=5)
        assert (made.events == list(digitized.events_of(figure).values())).all(), key["name"]
        found.append(abs(made.log_hazard_ratio[made.central] - digitized.true_log_ratio(figure)))
    assert len(found) == 16
    assert np.mean(found) <= 0.011


def test_a_misread_axis_of_a_published_figure_is_brought_to_its_events_and_hazard_ratio():
    """PALOMA2_1A holds 256 events at hazard ratio 0.66; the paper prints 331 at 0.58, with the same numbers at risk."""
    (figure,) = [figure for key, figure in digitized.kmdata() if key["name"] == "PALOMA2_1A"]
    curves = [
        ReadCurve.of(
            grid := np.linspace(0, time.max(), 201)[1:],
            digitized.survival(time, event, grid),
            unit="months",
            at_risk_time=(when := np.arange(0, time.max(), 3)),
            at_risk=[(time >= moment).sum() for moment in when],
            arm=arm,
        )
        for arm, (time, event) in sorted(figure.items(), reverse=True)
    ]
    assert [curve.arm for curve in curves] == ["placebo_letrozole", "palbociclib_letrozole"]
    with pytest.raises(DataError, match="as read, curve and numbers at risk hold"):
        reconstruct(curves, seed=1, events=331)
    found = reconstruct(curves, seed=1, events=331, hazard_ratio="0.58", stretch=True)
    assert found.events.sum(axis=1).tolist() == [331] * 20
    assert found.answers[0].met == 20
    assert all(1.1 < factor < 1.35 for factor in found.stretch)
    for times in found.solutions:
        for a, curve in enumerate(curves):
            own = times.day[times.arm == a]
            assert [int((own >= day).sum()) for day in curve.at_risk_day] == curve.at_risk.tolist()


def test_a_curve_that_was_really_digitized():
    """Checkmate 067, figure S3A: 1,202 clicked points with four rises, 80 patients, sixteen numbers at risk."""
    folder = digitized.kmdata_folder()
    points = digitized.columns(folder / "Checkmate_067_S3A_Nivolumab.csv")
    counts = digitized.columns(folder / "Checkmate_067_At_Risk.csv")
    time, level = (np.array(points[name], float) for name in points)
    curve = ReadCurve.of(
        time,
        np.minimum(level, 1),
        unit="months",
        at_risk_time=np.array(counts["trisk"], float),
        at_risk=np.array(counts["nrisk"], float),
    )
    found = reconstruct(curve, seed=1)
    assert found.reading_error == (0.002,) and found.off.max() < 0.004
    assert set(found.events.ravel().tolist()) <= {31, 32, 33}
    for times in found.solutions:
        assert [int((times.day >= day).sum()) for day in curve.at_risk_day] == curve.at_risk.tolist()


def test_no_published_figure_holds_more_information_than_its_events():
    """4 / SE^2 is at most the events (information bound C3): in 304 figures of real patients never more."""
    ratios = []
    for _, figure in digitized.kmdata():
        labels = [arm for arm, (time, _) in figure.items() for _ in time]
        time, event = (np.concatenate([given[k] for given in figure.values()]) for k in (0, 1))
        effect = cox(EventTimes.from_continuous(time, event, labels)).effect
        ratios.append(4 / effect.se**2 / event.sum())
    assert len(ratios) == 304
    assert max(ratios) <= 1
    assert round(float(np.median(ratios)), 3) == 0.990
    assert round(max(ratios), 5) == 0.99996
