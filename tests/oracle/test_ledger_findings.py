"""What the checks find in the whole ledger, in figures of 304 other trials, and in well-known claims misread."""

from pathlib import Path

import numpy as np
import pytest

from trialwright.evidence import Claim, Finding, check, ledger

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "kmdata"

EXPECTED = {
    # the interval of the final PFS ratio, and what else its figures show
    ("palmira-049", "C3"): "impossible",
    ("palmira-049", "C4"): "implausible",
    ("palmira-049", "C7"): "note",
    ("palmira-049", "C8"): "implausible",
    # deaths of more than half in data called immature
    ("palmira-056", "C3"): "implausible",
    # a P that no plain test of the counts has; a hazard ratio of 4.7 in an interview; a split no central blocks give
    ("palmira-059", "C6"): "note",
    ("palmira-073", "C9"): "implausible",
    ("palmira-021", "split"): "note",
    # a misprinted limit, contradicted by another source
    ("maintain-078", "C1"): "implausible",
    ("maintain-078", "C2"): "implausible",
    ("maintain-078", "C9"): "implausible",
    ("maintain-078", "C10"): "implausible",
    # 103 of 119 is 86.55 %; 86.5 is printed
    ("maintain-085", "C5"): "note",
    # 33 enrolled, the percentage is of 32
    ("bioper-105", "C5"): "note",
    # one-sided P values beside two-sided intervals
    ("monaleesa2-201", "C2"): "note",
    ("monaleesa2-201", "C10"): "note",
    ("monaleesa3-175", "C2"): "note",
    ("monaleesa3-175", "C10"): "note",
    ("solar1-150", "C10"): "note",
}
"""Every finding of the ledger; nothing else is found."""


@pytest.fixture(scope="module")
def findings() -> tuple[Finding, ...]:
    return tuple(finding for file in ledger("all").files for finding in check(file.claims))


def test_every_finding_of_the_ledger_is_known(findings):
    assert {(f.claim, f.check): f.verdict for f in findings if f.is_finding} == EXPECTED
    assert len(findings) > 250


def test_every_finding_shows_its_arithmetic_and_what_would_settle_it(findings):
    for finding in findings:
        if finding.is_finding:
            assert finding.steps, finding
            assert finding.settles or finding.check == "C10", finding


def test_nothing_accuses_anybody(findings):
    told = " ".join(" ".join((f.message, f.settles, *f.steps, *(r.what + r.why for r in f.readings))) for f in findings)
    for word in ("fraud", "fabricat", "manipulat", "dishonest", "invented", "misconduct"):
        assert word not in told.lower()


def verdicts(claim: Claim, trial: str) -> dict[str, Finding]:
    """Checks of one claim of a trial after it was changed."""
    file = ledger(trial).files[0].claims
    changed = file.model_copy(update={"claims": tuple(claim if c.id == claim.id else c for c in file.claims)})
    return {finding.check: finding for finding in check(changed) if finding.claim == claim.id}


def test_pace_read_at_95_percent_is_caught_by_its_p():
    pace = ledger("pace").files[0].claims.claim("pace-096")
    assert {f.verdict for f in verdicts(pace, "pace").values()} == {"consistent"}
    wrong = verdicts(pace.model_copy(update={"level": 0.95}), "pace")
    assert wrong["C2"].verdict == wrong["C10"].verdict == "implausible"
    assert wrong["C10"].message == "interval and P agree at 90% with a two-sided P"
    assert [r.what for r in wrong["C2"].readings if r.fits == "yes"] == ["90% interval with a two-sided P"]


def test_maintain_with_the_limit_of_the_other_source_fits():
    misprint = ledger("maintain").files[0].claims.claim("maintain-078")
    right = verdicts(misprint.model_copy(update={"upper": 0.85, "kind": "reported"}), "maintain")
    assert {f.verdict for f in right.values()} == {"consistent"}
    (doubted,) = [f for f in check(ledger("maintain").files[0].claims) if f.claim == "maintain-078" and f.check == "C1"]
    fitting = [reading.what for reading in doubted.readings if reading.fits == "yes"]
    assert fitting == ["the upper limit is one of 0.81 to 0.86"]


def test_solar_read_as_two_sided_is_recognized_as_one_sided():
    solar = ledger("solar1").files[0].claims.claim("solar1-150")
    assert solar.p is not None and solar.p.sides == 1
    unsaid = verdicts(solar.model_copy(update={"p": solar.p.model_copy(update={"sides": None})}), "solar1")
    assert unsaid["C2"].verdict == unsaid["C10"].verdict == "note"
    assert unsaid["C2"].message.endswith("which fits a one-sided P")


def test_solar_in_the_other_direction_is_the_reciprocal():
    turned = ledger("solar1").files[0].claims.claim("solar1-153")
    assert verdicts(turned, "solar1")["C9"].verdict == "consistent"
    swapped = turned.model_copy(update={"numerator": turned.denominator, "denominator": turned.numerator})
    assert verdicts(swapped, "solar1")["C9"].verdict == "implausible"


def test_real_trials_never_raise_a_false_alarm():
    import polars as pl

    if not FOLDER.is_dir():
        pytest.skip(f"needs {FOLDER}, which is not here")
    figures = pl.read_csv(FOLDER / "kmdata_ipd.csv.gz", schema_overrides={"name": pl.String, "arm": pl.String})
    parts = {name: rows for (name,), rows in figures.partition_by("name", as_dict=True).items()}
    assert len(parts) == 304
    ratios = []
    for name, rows in parts.items():
        arms = sorted(rows["arm"].unique())
        assert len(arms) == 2, name
        group = (rows["arm"] == arms[1]).to_numpy()
        effect, error, events = _cox(rows["time"].to_numpy(), rows["event"].to_numpy(), group)
        printed = [round(float(np.exp(effect + z * error)), 2) for z in (-1.959964, 0.0, 1.959964)]
        if printed[0] > 0:
            assert _bound(name, printed, len(rows), events).verdict == "consistent", name
        ratios.append(4 / error**2 / events)
    # Without rounding the bound is an identity of algebra, and it is nearly reached.
    assert max(ratios) < 1
    assert np.median(ratios) == pytest.approx(0.990, abs=0.002)


def _bound(name: str, printed: list[float], patients: int, events: int) -> Finding:
    from trialwright.evidence import Claims

    place = {"label": name, "cited": "S", "kind": "reported", "cut": "final", "statistic": "hazard ratio"}
    numbers = {"value": printed[1], "lower": printed[0], "upper": printed[2], "level": 0.95, "decimals": 2}
    claim = Claim(id=name, n=patients, events=events, numerator="A", denominator="B", **place, **numbers)
    (found,) = [each for each in check(Claims(sources={"S": "kmdata"}, claims=(claim,))) if each.check == "C3"]
    return found


def _cox(time, event, group):
    """Return log hazard ratio, its standard error and the events, with Breslow's ties, of two groups."""
    days = np.unique(time[event == 1])
    at_risk = len(time) - np.searchsorted(np.sort(time), days)
    at_risk_1 = group.sum() - np.searchsorted(np.sort(time[group]), days)
    deaths = np.array(np.histogram(time[event == 1], [*days, np.inf])[0])
    deaths_1 = np.histogram(time[(event == 1) & group], [*days, np.inf])[0].sum()
    effect = 0.0
    for _ in range(30):
        share = at_risk_1 * np.exp(effect) / (at_risk - at_risk_1 + at_risk_1 * np.exp(effect))
        information = float((deaths * share * (1 - share)).sum())
        effect += (deaths_1 - (deaths * share).sum()) / information
    return effect, information**-0.5, int(deaths.sum())
