"""Whatever a ledger prints, every check says something or nothing, and none breaks."""

import json
from pathlib import Path

from claims_made_up import CUTS, SOURCES
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from trialwright.cli.evidence_text import as_json, as_text
from trialwright.evidence import CHECKS, Claims, Ledger, LedgerFile, check

NUMBERS = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 50.0, 100.0]), st.floats(-5, 120).map(lambda x: round(x, 3)))
COUNTS = st.integers(0, 400)
MAYBE = {
    "decimals": st.integers(0, 4),
    "lower": NUMBERS,
    "upper": NUMBERS,
    "level": st.sampled_from([0.8, 0.9, 0.95, 0.999]),
    "n": COUNTS,
    "events": COUNTS,
    "at_months": st.sampled_from([0.5, 6.0, 12.0]),
    "immature": st.booleans(),
    "assessed_by": st.just("BICR"),
    "item": st.just("any"),
    "n_by_arm": st.fixed_dictionaries({"A": COUNTS, "B": COUNTS}),
}


@st.composite
def claims(draw):
    chosen = draw(st.lists(st.sampled_from(sorted(MAYBE)), unique=True))
    statistic = draw(st.sampled_from(["hazard ratio", "median", "rate", "P", "events", "patients", "follow-up"]))
    compared = statistic in {"hazard ratio", "P"}
    p = {
        "operator": draw(st.sampled_from("=<>")),
        "value": draw(st.floats(0, 1)),
        "sides": draw(st.sampled_from([1, 2])),
    }
    arms = {"numerator": "A", "denominator": "B"} if compared else {"arm": draw(st.sampled_from("AB"))}
    turned = compared and draw(st.booleans())
    return {
        "label": "x",
        "kind": draw(st.sampled_from(["reported", "contradicted"])),
        "cited": draw(st.sampled_from(sorted(SOURCES))),
        "cut": draw(st.sampled_from(sorted(CUTS))),
        "endpoint": draw(st.sampled_from(["PFS", "OS", "AE"])),
        "population": "ITT",
        "statistic": statistic,
        "value": draw(st.one_of(NUMBERS, st.none(), st.just("not reached"))),
        "unit": draw(st.sampled_from(["percent", "months", "", "patients"])),
        **({"numerator": "B", "denominator": "A"} if turned else arms),
        **({"p": p} if draw(st.booleans()) else {}),
        **{name: draw(MAYBE[name]) for name in chosen},
    }


def usable(rows):
    """Return the claims that the model takes, as a file."""
    head = {"trial": "X", "arms": {"A": "new", "B": "old"}, "cuts": CUTS, "sources": SOURCES}
    good = []
    for number, row in enumerate(rows):
        try:
            Claims.model_validate({**head, "claims": [row | {"id": f"c{number}"}]})
        except ValidationError:
            continue
        good.append(row | {"id": f"c{number}"})
    return Claims.model_validate({**head, "claims": good}) if good else None


@settings(deadline=None, max_examples=300)
@given(st.lists(claims(), min_size=1, max_size=8))
def test_no_ledger_breaks_the_checks(rows):
    file = usable(rows)
    if file is None:
        return
    found = check(file)
    ids = {claim.id for claim in file.claims}
    assert {finding.claim for finding in found} <= ids
    assert {finding.check for finding in found} <= set(CHECKS)
    for finding in found:
        assert finding.message and set(finding.beside) <= ids
        assert finding.verdict != "impossible" or finding.steps or finding.check in {"C0", "C7"}
    assert found == check(file), "the same ledger gives the same findings"
    ledger = Ledger("x", "", (LedgerFile("x", Path("x.yaml"), file, dict.fromkeys(ids, 1)),))
    assert as_text(ledger, found, True)
    assert len(json.loads(as_json(ledger, found))["checks"]) == len(found)
