"""Names that a protocol uses must name something in it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from trialwright.errors import DocumentError
from trialwright.protocol import Protocol, load

TINY = Path(__file__).parents[2] / "studies" / "tiny" / "protocol.yaml"


@pytest.fixture
def changed(tmp_path):
    """Return the message for the tiny study with one text replaced."""

    def changed(old: str, new: str) -> str:
        text = TINY.read_text(encoding="utf-8")
        assert text.count(old) >= 1
        path = tmp_path / "changed.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(DocumentError) as error:
            load(path)
        return str(error.value)

    return changed


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "interventions: [comparator]",
            "interventions: [comparater]",
            "did you mean 'comparator'? known: exampletinib",
        ),
        ("interventions: [comparator]", "interventions: [exampletinib]", "'comparator' is given in no arm"),
        ("standard: 1}", "standrd: 1}", "arm 'standrd' is not in this protocol; did you mean 'standard'?"),
        ("standard: 1}", "standrd: 1}", "the ratio must name every arm; 'standard' is missing"),
        ("{new: 1, standard: 1}", "{}", "randomization.ratio: expected at least 2 item(s); found a mapping of nothing"),
        ("[2, 4]", "[2, 3]", "block size 3 must be a multiple of 2"),
        ("levels: [liver, no liver]", "levels: [liver, no liver, liver]", "'liver' is listed 2 times"),
        ("type: yes/no, attestation", "type: number, attestation", "an attestation is a variable of type yes/no"),
        (
            "anchors: [entry]",
            "anchors: [age, entry]",
            "anchors.0: 'age' is a variable or parameter too",
        ),
        ("washout: {value: 14 d", "washout: {value: 14 days", "washout: a quantity is a number and a unit"),
        ("minimum_age: 18", "minimum_age: 18\n  maximum_age: 17", "expected at least the minimum age 18; found 17"),
        (
            "number: 2, short: ECOG",
            "number: 1, short: ECOG",
            "inclusion number 1 is already the number of criterion I01",
        ),
        ("id: I02", "id: I01", "id 'I01' is already the id of item 1 here"),
        ("id: S2", "id: S1", "id 'S1' is already the id of item 1 here"),
        ("endpoints: [PFS]}", "endpoints: [PSF]}", "endpoint 'PSF' is not in this protocol; did you mean 'PFS'?"),
        ("endpoint: PFS\n  test", "endpoint: DFS\n  test", "sample_size.endpoint: endpoint 'DFS'"),
        ("measure: Days from", "evaluator: central\n    measure: Days from", "evaluator 'central' is not in this"),
        ("[[0, 6], [48, 12]]", "[[48, 6], [0, 12]]", "the first interval must start at week 0"),
        ("repeat_days: 21", "repeat_days: 2", "must be more than the window of 3 days; found 2"),
        ("control: standard", "control: placebo", "arm 'placebo' is not in this protocol; known: new, standard"),
        ("endpoint: PFS, events: 30", "endpoint: ORR, events: 30", "time-to-event endpoint 'ORR' is not in this"),
        ("events: 30}", "events: 61}", "must be at most the 60 patients of the trial; found 61"),
        ("{endpoint: ORR, population: ITT}", "{endpoint: ORR, population: PP}", "population 'PP' is not in this"),
        ("{endpoint: ORR,", "{at_months: [6], endpoint: ORR,", "landmarks belong to endpoints of kind 'time to event'"),
        ("stratified: true", "stratified: false\n  stratum_weights: sample size", "weights of strata belong to a plan"),
        ("about: [E01", "about: [E011", "criterion or section 'E011' is not in this protocol; did you mean 'E01'?"),
        ("levels: [400, 300, 200]", "levels: [400, 200]", "starting dose 300 is not among the dose levels"),
    ],
)
def test_what_fits_nothing_is_refused(changed, old, new, expected):
    assert expected in changed(old, new)


def test_a_misfit_is_shown_at_its_place(changed):
    message = changed("control: standard", "control: placebo")
    place, line, caret = message.splitlines()
    assert ": analysis.control: " in place
    assert line[caret.index("^") :] == "placebo"


@pytest.mark.parametrize(
    ("old", "new", "pointed"),
    [
        ("rule: age >= 18 y", "rule: agee >= 18 y", "agee >="),
        ("organ == liver) else", "organ == livr) else", "livr"),
        ("rule: compliant}", 'rule: "compliant and agee > 3"}', "agee"),
        (
            "rule: days(last_chemotherapy, entry) < washout",
            "rule: |\n        days(last_chemotherapy, entry)\n        < washuot",
            "washuot",
        ),
        (
            "rule: days(last_chemotherapy, entry) < washout",
            "rule: >-\n        days(last_chemotherapy,\n        entree) < washout",
            "entree)",
        ),
        ("dose: 400, when: age < 75 y", "dose: 400, when: aeg < 75 y", "aeg <"),
        ("at: inclusion}", "at: inclusion, consent: complaint}", "complaint"),
    ],
)
def test_a_fault_inside_a_rule_is_shown_at_its_character(changed, old, new, pointed):
    _, line, caret = changed(old, new).splitlines()
    assert line[caret.index("^") :].startswith(pointed)


def test_names_are_checked_before_rules(changed):
    assert "agee" not in changed(
        "rule: age >= 18 y}\n",
        "rule: agee >= 18 y}\n    - {id: I01, kind: inclusion, number: 9, short: x, rule: compliant}\n",
    )


def test_a_protocol_made_without_a_file_is_checked_too():
    content = load(TINY).model_dump(exclude={"provenance"})
    with pytest.raises(ValidationError, match=r"analysis\.control: arm 'x' is not in this protocol"):
        Protocol.model_validate(content | {"analysis": content["analysis"] | {"control": "x"}})


def test_a_parameter_that_cannot_be_read_is_told_once(changed):
    assert len(changed("washout: {value: 14 d", "washout: {value: 14 days").splitlines()) == 3
