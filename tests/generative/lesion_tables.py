"""Random lesion tables: every role, state and event of a lesion, scans of one time point on several days."""

from datetime import date, timedelta

from hypothesis import strategies as st

from trialwright.records import TrialData

RANDOMIZED = date(2024, 1, 1)
STATES = ["measured"] * 8 + ["too small", "merged", "present", "absent", "progressed", "equivocal", "unequivocal"]
NAMES = ["T1", "T2", "T3", "N1", "N2", "X1", "X2"]
ROLES = {"T": "target", "N": "non-target", "X": "new"}
SEEN = st.tuples(
    st.sampled_from([*STATES, "not evaluable"]),
    st.one_of(st.none(), st.integers(0, 40).map(lambda cm: cm * 10), st.integers(0, 130)),
    st.integers(0, 3),
)
LESION = st.fixed_dictionaries(
    {
        "node": st.booleans(),
        "split_from": st.one_of(st.none(), st.none(), st.sampled_from(NAMES)),
        "merged_into": st.one_of(st.none(), st.sampled_from(NAMES)),
        "seen": st.dictionaries(st.integers(0, 5), SEEN, max_size=6),
    }
)
PATIENT = st.fixed_dictionaries(
    {
        "lesions": st.dictionaries(st.sampled_from(NAMES), LESION, max_size=7),
        "performed": st.dictionaries(st.integers(0, 5), st.booleans()),
        "gaps": st.lists(st.integers(0, 60), min_size=6, max_size=6),
        "died": st.one_of(st.none(), st.integers(0, 300)),
        "therapies": st.lists(st.tuples(st.integers(-20, 300), st.booleans()), max_size=2, unique_by=lambda t: t[0]),
        "worsened": st.one_of(st.none(), st.integers(0, 300)),
    }
)


def on(days):
    return RANDOMIZED + timedelta(days=days)


def lesion_rows(subject, patient, evaluator="investigator"):
    """Return the rows of one patient by table."""
    who = {"subject": subject, "evaluator": evaluator}
    days = [sum(patient["gaps"][:number]) - 10 for number in range(6)]
    rows = {"lesions": [], "measurements": [], "assessments": []}
    for number, done in patient["performed"].items():
        at = {"number": number, "planned_on": on(days[number]), "assessed_on": on(days[number]) if done else None}
        rows["assessments"].append(who | at)
    for name, lesion in patient["lesions"].items():
        linked = {key: lesion[key] for key in ("node", "split_from", "merged_into")}
        fixed = {"lesion": name, "role": ROLES[name[0]], "organ": "lung", "found_on": on(-10)}
        rows["lesions"].append(who | fixed | linked)
        for number, (state, diameter, late) in lesion["seen"].items():
            at = {"number": number, "lesion": name, "assessed_on": on(days[number] + late)}
            rows["measurements"].append(who | at | {"state": state, "diameter": diameter})
    return rows | event_rows({"subject": subject}, patient)


def event_rows(who, patient):
    """Return death, therapies and clinical progression of one patient."""
    died, worsened = patient["died"], patient["worsened"]
    end = {"ended": "treatment", "reason": "clinical progression"}
    return {
        "deaths": [] if died is None else [who | {"cause": "disease", "died_on": on(died)}],
        "therapies": [
            who | {"therapy": "other", "chemotherapy": chemotherapy, "started_on": on(day)}
            for day, chemotherapy in patient["therapies"]
        ],
        "dispositions": [] if worsened is None else [who | end | {"ended_on": on(worsened)}],
    }


def lesion_tables(patients, shuffle=lambda rows: rows):
    """Return the tables of some patients, rows in any order."""
    tables = {}
    for index, patient in enumerate(patients):
        for name, rows in lesion_rows(f"P{index:02}", patient).items():
            tables.setdefault(name, []).extend(rows)
    allocations = [
        {"subject": f"P{i:02}", "stratum": "all", "position": i, "block": 0, "arm": "A", "randomized_on": RANDOMIZED}
        for i in range(len(patients))
    ]
    shuffled = {name: shuffle(rows) for name, rows in tables.items()}
    return TrialData.from_rows("random", shuffled | {"allocations": allocations}, virtual=True)
