"""What must hold of every history of response and time to event, whatever the scans showed."""

from datetime import date, timedelta

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialwright.derive import best_response, response, time_to_event
from trialwright.records import TrialData

RANDOMIZED = date(2024, 1, 1)
DIAMETERS = st.one_of(st.none(), st.integers(0, 900))
STATES = st.sampled_from(["present", "absent", "progressed", "not evaluable"])
NEW = st.sampled_from([None, None, None, "equivocal", "unequivocal", "absent"])
SCAN = st.tuples(DIAMETERS, DIAMETERS, STATES, NEW, st.integers(35, 80))
HISTORY = st.fixed_dictionaries(
    {
        "scans": st.lists(SCAN, max_size=6),
        "baseline": st.booleans(),
        "died": st.one_of(st.none(), st.integers(0, 600)),
        "therapy": st.one_of(st.none(), st.integers(0, 600)),
        "alive": st.integers(0, 300),
    }
)
ENOUGH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WHO = {"subject": "01", "evaluator": "investigator"}


def on(days):
    return RANDOMIZED + timedelta(days=days)


def built(history):
    """Return the trial of one patient with a target node, another target, a non-target and perhaps a new lesion."""
    lesions = {"T1": ("target", True), "T2": ("target", False), "N1": ("non-target", False), "X1": ("new", False)}
    rows = {
        "allocations": [
            {"subject": "01", "stratum": "all", "position": 0, "block": 0, "arm": "A", "randomized_on": RANDOMIZED}
        ],
        "lesions": [
            WHO | {"lesion": name, "role": role, "organ": "lung", "node": node, "found_on": on(-7)}
            for name, (role, node) in lesions.items()
        ],
        "assessments": [],
        "measurements": [],
        "deaths": [{"subject": "01", "cause": "disease", "died_on": on(d)} for d in [history["died"]] if d is not None],
        "therapies": [
            {"subject": "01", "therapy": "other", "chemotherapy": False, "started_on": on(d)}
            for d in [history["therapy"]]
            if d is not None
        ],
        "contacts": [{"subject": "01", "alive_on": on(history["alive"])}],
    }
    day = 0
    if history["baseline"]:
        scan(rows, 0, -7, (300, 300, "present", None))
    for number, (*shown, gap) in enumerate(history["scans"], 1):
        day += gap
        if history["died"] is None or day <= history["died"]:
            scan(rows, number, day, shown)
    return TrialData.from_rows("small", rows, virtual=True)


def scan(rows, number, day, shown):
    *diameters, nontarget, new = shown
    at = WHO | {"number": number, "assessed_on": on(day)}
    rows["assessments"].append(at | {"planned_on": on(day)})
    for name, diameter in zip(("T1", "T2"), diameters, strict=True):
        state = "not evaluable" if diameter is None else "measured"
        rows["measurements"].append(at | {"lesion": name, "diameter": diameter, "state": state})
    rows["measurements"].append(at | {"lesion": "N1", "diameter": None, "state": nontarget})
    if new:
        rows["measurements"].append(at | {"lesion": "X1", "diameter": None, "state": new})


def ending(data, protocol, endpoint):
    return time_to_event(data, protocol, endpoint).row(0, named=True)


@ENOUGH
@given(HISTORY)
def test_progression_free_survival_never_outlasts_survival(small_protocol, history):
    data = built(history)
    assert ending(data, small_protocol, "PFS")["days"] <= ending(data, small_protocol, "OS")["days"]


@ENOUGH
@given(HISTORY)
def test_strict_rules_only_censor_earlier(small_protocol, history):
    data = built(history)
    strict, lenient = (ending(data, small_protocol, name) for name in ("PFS-FDA", "PFS"))
    assert strict["days"] <= lenient["days"]
    assert lenient["event"] or not strict["event"]
    assert strict["days"] == lenient["days"] or not strict["event"]


@ENOUGH
@given(HISTORY)
def test_a_progression_is_dated_by_a_scan(small_protocol, history):
    data = built(history)
    row = ending(data, small_protocol, "TTP")
    scans = set(data["measurements"]["assessed_on"])
    assert not row["event"] or row["ended_on"] in scans
    assert row["days"] >= 1


@ENOUGH
@given(HISTORY, SCAN)
def test_a_scan_after_certain_progression_changes_no_ending(small_protocol, history, later):
    data = built(history)
    before = ending(data, small_protocol, "PFS")
    if before["why"] != "progression" or history["died"] is not None:
        return
    calm = (*later[:3], None, later[4])
    more = built(history | {"scans": [*history["scans"], calm]})
    assert ending(more, small_protocol, "PFS") == before


@ENOUGH
@given(HISTORY)
def test_losing_a_scan_to_not_evaluable_never_improves_the_best_response(small_protocol, history):
    # A lost scan may be the one that would have made an equivocal lesion certain, and dated its progression back.
    if not history["scans"] or any(new == "equivocal" for *_, new, _ in history["scans"]):
        return
    order = ["CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"]
    rank = {kind: place for place, kind in enumerate(order)}
    lost = [(None, None, "not evaluable", None, history["scans"][-1][4])]
    worse = built(history | {"scans": [*history["scans"][:-1], *lost]})
    one, two = (best_response(data, small_protocol, "ORR")["best"][0] for data in (built(history), worse))
    assert rank[two] >= rank[one]


@ENOUGH
@given(HISTORY)
def test_confirmation_never_adds_a_responder_and_benefit_never_loses_one(small_protocol, history):
    data = built(history)
    won = {name: best_response(data, small_protocol, name)["success"][0] for name in ("ORR", "CORR", "CBR")}
    assert won["CORR"] <= won["ORR"] <= won["CBR"]


@ENOUGH
@given(HISTORY, st.integers(0, 500))
def test_what_was_known_by_a_day_is_what_the_cut_on_that_day_shows(small_protocol, history, day):
    """A response certain by the cut-off is in the cut data, on the same day; nothing else is a progression there."""
    data = built(history)
    whole, cut = (response(d, small_protocol).filter(pl.col("response") == "PD") for d in (data, data.cut(on(day))))
    known = whole.filter(pl.col("known_on") <= on(day)).select("number", "response_on").rows()
    assert set(known) >= set(cut.select("number", "response_on").rows())
    event = ending(data, small_protocol, "PFS")
    if event["event"] and event["known_on"] <= on(day):
        shown = ending(data.cut(on(day)), small_protocol, "PFS")
        assert shown["event"]
