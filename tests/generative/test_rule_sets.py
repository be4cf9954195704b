"""What must hold of every history under every rule set, and however the rows of the data are ordered."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialwright.derive import RULE_SETS, best_response, side_by_side, time_to_event, trace
from trialwright.records import TrialData

RANDOMIZED = date(2024, 1, 1)
RESPONSES = st.sampled_from(["CR", "PR", "SD", "SD", "NON-CR/NON-PD", "PD", "NE"])
REASONS = st.sampled_from(["adverse event", "clinical progression", "withdrawal", "completed", "progression"])
DAYS = st.one_of(st.none(), st.integers(0, 600))
PATIENT = st.fixed_dictionaries(
    {
        "scans": st.lists(st.tuples(st.integers(1, 130), RESPONSES), max_size=7),
        "baseline": st.booleans(),
        "died": DAYS,
        "therapies": st.lists(st.integers(0, 500), max_size=2, unique=True),
        "stopped": st.one_of(st.none(), st.tuples(st.integers(0, 400), REASONS)),
        "left": DAYS,
        "alive": st.integers(0, 300),
    }
)
TRIAL = st.lists(PATIENT, min_size=1, max_size=4)
ENOUGH = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PFS = ("PFS", "PFS-clinical", "PFS-FDA")


def on(days):
    return RANDOMIZED + timedelta(days=days)


def built(patients):
    """Return a trial whose responses are recorded, so that every order of responses can come."""
    rows = {name: [] for name in ("allocations", "recorded_responses", "assessments", "deaths", "therapies")}
    rows |= {"dispositions": [], "contacts": []}
    for place, patient in enumerate(patients):
        _add(rows, f"{place:02}", place, patient)
    return TrialData.from_rows("small", rows, virtual=True)


def _add(rows, subject, place, told):
    start = {"stratum": "all", "position": place, "block": 0, "arm": "A", "randomized_on": RANDOMIZED}
    who, reader = {"subject": subject}, {"evaluator": "investigator"}
    rows["allocations"].append(who | start)
    if told["baseline"]:
        rows["assessments"].append(who | reader | {"number": 0, "planned_on": on(-7), "assessed_on": on(-7)})
    day = 0
    for number, (gap, response) in enumerate(told["scans"], 1):
        day += gap
        if told["died"] is None or day <= told["died"]:
            seen = {"kind": "overall", "response": response, "assessed_on": on(day), "record": f"RS {number}"}
            rows["recorded_responses"].append(who | reader | seen)
    for therapy in told["therapies"]:
        rows["therapies"].append(who | {"therapy": "other", "chemotherapy": True, "started_on": on(therapy)})
    if told["died"] is not None:
        rows["deaths"].append(who | {"cause": "disease", "died_on": on(told["died"])})
    if told["stopped"]:
        end, reason = told["stopped"]
        rows["dispositions"].append(who | {"ended": "treatment", "reason": reason, "ended_on": on(end)})
    if told["left"] is not None:
        rows["dispositions"].append(who | {"ended": "study", "reason": "withdrawal", "ended_on": on(told["left"])})
    rows["contacts"].append(who | {"alive_on": on(told["alive"])})


def recorded(protocol):
    plan = protocol.assessments.model_copy(update={"responses": "as recorded"})
    return protocol.model_copy(update={"assessments": plan})


def by_set(data, protocol, endpoint):
    rows = side_by_side(data, recorded(protocol), endpoint).rows(named=True)
    return {name: {row["subject"]: row for row in rows if row["rules"] == name} for name in RULE_SETS}


@ENOUGH
@given(TRIAL)
def test_progression_free_survival_never_outlasts_survival_under_any_set(small_protocol, patients):
    data = built(patients)
    alive = {row["subject"]: row for row in time_to_event(data, recorded(small_protocol), "OS").rows(named=True)}
    for endpoint in PFS:
        for rows in by_set(data, small_protocol, endpoint).values():
            assert all(row["days"] <= alive[subject]["days"] for subject, row in rows.items())


@ENOUGH
@given(TRIAL)
def test_stricter_sets_only_censor_earlier(small_protocol, patients):
    found = by_set(built(patients), small_protocol, "PFS")
    for subject, lenient in found["ema"].items():
        strict, strictest = found["fda"][subject], found["fda-stops"][subject]
        assert strictest["days"] <= strict["days"] <= lenient["days"]
        assert strictest["event"] <= strict["event"] <= lenient["event"]
        assert strict["days"] == lenient["days"] or not strict["event"]
        assert lenient["days"] <= found["template"][subject]["days"]
        assert lenient["event"] == found["template"][subject]["event"]


@ENOUGH
@given(TRIAL)
def test_every_row_rests_on_a_record_of_the_day_it_ends(small_protocol, patients):
    data = built(patients)
    for endpoint in PFS:
        for rows in by_set(data, small_protocol, endpoint).values():
            for row in rows.values():
                assert row["days"] >= 1
                assert row["why"]
                assert row["source"].split()[1] == row["subject"]
                assert row["rule"] != "event" or row["event"]


@ENOUGH
@given(TRIAL)
def test_confirmation_never_adds_a_responder_and_benefit_never_loses_one(small_protocol, patients):
    data, protocol = built(patients), recorded(small_protocol)
    won = {name: best_response(data, protocol, name)["success"].to_list() for name in ("CORR", "ORR", "CBR")}
    assert all(one <= two <= three for one, two, three in zip(*won.values(), strict=True))


@ENOUGH
@given(TRIAL, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_matters(small_protocol, patients, chance):
    data, protocol = built(patients), recorded(small_protocol)
    mixed = replace(data, tables={name: _mixed(table, chance) for name, table in data.tables.items()})
    for endpoint in ("PFS-FDA", "PFS-clinical", "OS", "DOR", "TTC", "TTNT"):
        one, two = (time_to_event(each, protocol, endpoint).sort("subject") for each in (data, mixed))
        assert one.equals(two)
    for endpoint in ("ORR", "CORR", "CBR"):
        one, two = (best_response(each, protocol, endpoint).sort("subject") for each in (data, mixed))
        assert one.equals(two)
    assert trace(data, protocol, "00") == trace(mixed, protocol, "00")


def _mixed(table, chance):
    order = list(range(table.height))
    chance.shuffle(order)
    return table[order] if order else table


@ENOUGH
@given(TRIAL)
def test_one_rule_decides_and_the_trace_says_which(small_protocol, patients):
    data, protocol = built(patients), recorded(small_protocol)
    lines = trace(data, protocol, "00", ("fda", "template"))
    told = [line for line in lines if ", rules " in line and "not among" not in line]
    assert sum(": DECIDES: " in line for line in lines) == len(told)
    row = by_set(data, small_protocol, "PFS")["fda"]["00"]
    head = next(line for line in lines if line.startswith("PFS, rules fda"))
    assert f"day {row['days']} from randomization" in head
    assert row["why"] in head
    assert ("event" if row["event"] else "censored") + f" {row['ended_on']}: " in head
