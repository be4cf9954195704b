"""Random rules and random patients for the generative tests of the rule language."""

from datetime import date, timedelta

from hypothesis import strategies as st

from trialwright.protocol import NoValue, Variable, Vocabulary

TODAY = date(2020, 3, 31)
NOTHING = (None, NoValue.NOT_DONE, NoValue.ASKED_UNKNOWN)


def variable(type_, **more):
    return Variable(type=type_, label=type_, **more)


VARIABLES = {
    "age": variable("number", unit="y"),
    "score": variable("number"),
    "hb": variable("number", unit="g/dL"),
    "protein": variable("number", unit="g/L"),
    "willing": variable("yes/no"),
    "signed": variable("yes/no", attestation=True),
    "partner": variable("choice", levels=("AI", "fulvestrant", "none at all")),
    "drug": variable("choice", levels=("fulvestrant", "AI")),
    "stopped": variable("date"),
    "started": variable("date"),
    "drugs": variable("set", levels=("ribociclib", "abemaciclib", "other")),
    "lesions": variable(
        "records",
        fields={
            "organ": variable("choice", levels=("lung", "liver", "bone")),
            "measurable": variable("yes/no"),
            "size": variable("number", unit="mm"),
            "date": variable("date"),
            "seen": variable("set", levels=("CT", "MR")),
        },
    ),
}
VOCABULARY = Vocabulary(VARIABLES, {"hb_min": "9 g/dL", "open": None, "limit": 2}, ("entry", "first_dose"))
LEVELS = VARIABLES["partner"].levels


def given(value):
    """A value, or one of the reasons why there is none."""
    return st.one_of(value, value, value, st.sampled_from(NOTHING))


def value_of(one):
    numbers = st.one_of(st.integers(0, 30).map(float), st.integers(0, 300).map(lambda i: i / 10))
    kinds = {
        "number": numbers,
        "yes/no": st.booleans(),
        "choice": st.sampled_from(one.levels or ("",)),
        "date": st.integers(-70, 40).map(lambda d: TODAY + timedelta(days=d)),
        "set": st.sets(st.sampled_from(one.levels or ("",))),
    }
    if one.type == "records":
        fields = {name: given(value_of(field)) for name, field in one.fields.items()}
        return st.lists(st.fixed_dictionaries({}, optional=fields), max_size=4)
    return kinds[one.type]


patients = st.fixed_dictionaries({}, optional={name: given(value_of(one)) for name, one in VARIABLES.items()})
anchors = st.fixed_dictionaries(
    {"entry": st.just(TODAY)},
    optional={"first_dose": st.integers(0, 20).map(lambda d: TODAY + timedelta(days=d))},
)

dates = st.sampled_from(["stopped", "started", "entry", "first_dose", 'date("2020-02-29")', "max(lesions.date)"])
record_dates = st.sampled_from(["date", "stopped", "entry"])
order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
days = st.integers(0, 60).map(lambda n: f"{n} d") | st.integers(0, 8).map(lambda n: f"{n} wk")
sizes = st.integers(0, 30).map(lambda n: f"{n} mm") | st.integers(0, 3).map(lambda n: f"{n} cm")


def compared(left, right):
    return st.builds("({} {} {})".format, left, order, right)


def between(start, end):
    return st.builds("days({}, {})".format, start, end)


def _arithmetic(one, two):
    return st.builds("({} {} {})".format, one, st.sampled_from("+-"), two)


record_atoms = st.one_of(
    st.sampled_from(
        ["measurable", "organ == lung", "organ in {liver, bone}", "organ != bone", "willing", "any_of(seen, {CT})"]
    ),
    compared(st.just("size"), sizes),
    compared(between(record_dates, record_dates), days),
    compared(st.builds("months({}, {})".format, record_dates, record_dates), st.sampled_from(["0 mo", "1 mo", "1 y"])),
    compared(record_dates, record_dates),
)


def composed(atoms):
    return st.recursive(
        atoms,
        lambda part: st.one_of(
            st.builds("({} and {})".format, part, part),
            st.builds("({} or {})".format, part, part),
            st.builds("(not {})".format, part),
            st.builds("({} if {} else {})".format, part, part, part),
            st.builds("(({}) == ({}))".format, part, part),
        ),
        max_leaves=6,
    )


where = composed(record_atoms)
extremes = st.builds(
    "{}(lesions.size{})".format,
    st.sampled_from(["max", "min"]),
    st.one_of(st.just(""), st.builds(" where {}".format, where)),
)
latest = st.builds("latest(lesions.{}, within = {} before {})".format, st.just("size"), days, st.just("entry"))
lengths = st.one_of(extremes, latest, sizes, _arithmetic(extremes, sizes))
counts = st.builds("count(lesions where {})".format, where)
atoms = st.one_of(
    st.sampled_from(
        [
            "willing",
            "signed",
            "true",
            "partner == AI",
            'partner != "none at all"',
            "partner == drug",
            "partner in {AI, fulvestrant}",
            "(AI if willing else partner) == drug",
            "any_of(drugs, {ribociclib, other})",
            "other in drugs",
            "age >= 18 y",
            "age < 24 mo",
            "hb >= hb_min",
            "hb > protein",
            "hb + protein <= 10 g/dL",
            "score <= limit",
            "score in {0, 1}",
            "score > open",
            'latest(lesions.organ, within = 4 wk before entry) in {"lung"}',
            "latest(lesions.measurable, within = 4 wk before first_dose)",
            "days(latest(lesions.date, within = 9 d before entry), first_dose) < 12 d",
        ]
    ),
    compared(between(dates, dates), days),
    compared(st.builds("months({}, {})".format, dates, dates), st.sampled_from(["0 mo", "1 mo", "2 mo"])),
    compared(_arithmetic(between(dates, dates), days), between(dates, dates)),
    compared(dates, dates),
    compared(lengths, lengths),
    compared(counts, st.integers(0, 3).map(str)),
    compared(st.builds("({} if {} else {})".format, sizes, st.just("willing"), extremes), sizes),
    st.builds("any(lesions where {})".format, where),
    st.builds("all(lesions where {})".format, where),
)
conditions = composed(atoms)
level_rules = st.recursive(
    st.sampled_from(["AI", "fulvestrant", '"none at all"', "partner", "drug"]),
    lambda part: st.builds("({} if {} else {})".format, part, conditions, part),
    max_leaves=4,
).filter(lambda text: " if " in text)
