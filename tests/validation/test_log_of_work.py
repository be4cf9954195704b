"""The log holds every change and every kind of work: a whole trial compared step by step with what it wrote."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from trial_desk import TINY
from whole_trial import PEOPLE, Step, Trial, parts, whole_trial, write_amended

from trialwright import conduct
from trialwright.cli.snapshot import protocol_of
from trialwright.conduct import COMMANDS, ROLES, State
from trialwright.errors import DataError
from trialwright.exchange import export_office

CONDUCT = Path(conduct.__file__).parent
CHANGES_A_VALUE = {
    "corrected", "struck", "stratum corrected", "randomized in error", "redacted", "unlocked", "unfrozen", "withdrawn",
    "role revoked", "user deactivated", "site closed", "recruitment closed", "identity erased", "eligibility forced",
    "generation begun", "disclosed", "duplicate person",
}  # fmt: skip
THREAD = {"query answered", "query closed", "query reopened"}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return whole_trial()


def kinds_in_source() -> set[str]:
    """Return every kind of fact that the office can write, read off its source."""
    source = "\n".join(path.read_text("utf-8") for path in CONDUCT.glob("*.py"))
    found = set(re.findall(r'NewFact\(\s*"([a-z -]+)"', source)) | {"identity read", "identity erased"}
    return found | THREAD | {"frozen", "unfrozen", "locked", "unlocked"}


@pytest.mark.requirement("R6")
def test_every_command_and_every_kind_of_fact_comes_up(trial: Trial) -> None:
    done = {type(step.command).__name__ for step in trial.steps if step.refusal is None}
    assert set(COMMANDS) - done == set()
    assert kinds_in_source() - {fact.kind for fact in trial.state.trail.facts} == set()


@pytest.mark.requirement("R1")
def test_the_state_changes_by_facts_alone_and_by_these_alone(trial: Trial) -> None:
    replayed = State()
    for step in trial.steps:
        assert parts(replayed) == parts(step.before)
        replayed.apply(step.facts)
        assert parts(replayed) == parts(step.after), type(step.command).__name__
        if step.refusal is not None:
            changed = {name for name, text in parts(step.after).items() if text != parts(step.before)[name]}
            assert changed <= {"watch", "outbox"}
        elif type(step.command).__name__ in COMMANDS:
            assert step.facts
    assert replayed.head == trial.state.head


@pytest.mark.requirement("R1")
def test_each_fact_says_who_in_which_role_of_which_house_when_and_why(trial: Trial) -> None:
    for step in trial.steps:
        for fact in step.facts:
            assert datetime.fromisoformat(fact.at).tzinfo == UTC
            if fact.author != "system":
                assert fact.role in {*ROLES, "refused", "person"}
                account = step.after.people.accounts[fact.author]
                assert account.organization == f"Hospital of {fact.author}"
            if fact.kind in CHANGES_A_VALUE:
                assert fact.body["reason"], fact.kind
    assert {fact.author for fact in trial.state.trail.facts} == {*PEOPLE, "system"}


@pytest.mark.requirement("R1")
def test_what_changed_in_the_data_is_what_the_fact_says(trial: Trial) -> None:
    seen = set()
    for step in trial.steps:
        for fact in step.facts:
            if fact.kind not in {"recorded", "corrected", "struck"}:
                continue
            body = fact.body
            before, after = (_values(state, fact.subject, body) for state in (step.before, step.after))
            seen.add(fact.kind)
            if fact.kind == "corrected":
                changed = {name for name in before if before[name] != after[name]}
                assert changed == set(body["old"]) != set()
                assert body["old"] == {name: before[name] for name in changed}
            assert after == body.get("values")
            assert _others(step, fact.subject, before=True) == _others(step, fact.subject, before=False)
    assert seen == {"recorded", "corrected", "struck"}


def _values(state: State, subject: str | None, body: dict) -> dict | None:
    row = state.rows.find(body["table"], str(subject), body["key"])
    return None if row is None or row.struck else dict(row.now.values or {})


def _others(step: Step, subject: str | None, *, before: bool) -> str:
    """Return the data of every other subject."""
    state = step.before if before else step.after
    held = {name: tables for name, tables in state.rows.by_subject.items() if name != subject}
    return repr(held)


@pytest.mark.requirement("R2")
def test_nothing_that_can_be_asked_takes_a_fact_away(trial: Trial) -> None:
    facts = trial.state.trail.facts
    assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
    for step in trial.steps:
        kept = [fact.hash for fact in step.after.trail.facts[: step.before.seq]]
        assert kept == [fact.hash for fact in step.before.trail.facts]
    assert "audit" not in " ".join(path.read_text("utf-8") for path in CONDUCT.glob("settings*.py"))


@pytest.mark.requirement("R5")
def test_the_order_of_the_log_is_that_of_its_times_over_a_clock_set_back(trial: Trial) -> None:
    times = [fact.at for fact in trial.state.trail.facts]
    assert times == sorted(times)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", at) for at in times)
    assert [fact.body["seconds_back"] for fact in trial.state.trail.facts if fact.kind == "clock stepped"] == [3600.0]
    assert [name for name, one in COMMANDS.items() if "at" in one.model_fields] == []


@pytest.mark.requirement("R13")
def test_past_grants_stay_known_with_who_and_when(trial: Trial) -> None:
    grant = next(one for one in trial.state.people.grants.values() if one.user == "gone")
    assert (grant.given_by, grant.revoked_by) == ("adm", "adm")
    assert grant.revoked_at
    assert grant.given_at <= grant.revoked_at


@pytest.mark.requirement("R7")
def test_a_fired_check_the_first_answer_and_the_correction_are_all_there(trial: Trial) -> None:
    about = {"table": "visits", "key": {"number": 1, "visit": "c1d1"}}
    told = [fact for fact in trial.state.trail.facts if about.items() <= fact.body.items()]
    kinds = [fact.kind for fact in told]
    fired = kinds.index("check fired")
    assert kinds[:fired] == ["recorded", "corrected"]
    assert "corrected" in kinds[fired:]
    first, wrong, right = (fact.body for fact in told if fact.kind in {"recorded", "corrected"})
    assert told[fired].body["value"] == wrong["values"]["visited_on"]
    assert wrong["old"]["visited_on"] == first["values"]["visited_on"] == right["values"]["visited_on"]
    closed = [fact.body for fact in trial.state.trail.facts if fact.kind == "query closed"]
    assert "the check has nothing to say any more" in {body["text"] for body in closed}


@pytest.mark.requirement("R16")
def test_a_burst_of_failed_attempts_raises_one_alert_that_is_mailed(trial: Trial) -> None:
    raised = [fact.body for fact in trial.state.trail.facts if fact.kind == "alert raised"]
    assert [(body["attempts"], body["user"]) for body in raised] == [
        ("failed sign-ins", None), ("acts without the right", "mona"),
    ]  # fmt: skip
    mails = [mail for mail in trial.state.outbox.waiting.values() if mail.to == "security"]
    assert len(mails) == 2
    assert "20 failed sign-ins within 10 minutes" in mails[0].text


@pytest.mark.requirement("R33")
def test_a_disclosure_has_a_category_and_a_reason(trial: Trial) -> None:
    (disclosed,) = [fact for fact in trial.state.trail.facts if fact.kind == "disclosed"]
    assert (disclosed.body["category"], disclosed.body["reason"]) == ("accidental", "a mail went astray")
    assert "arm" not in disclosed.body


@pytest.mark.requirement("R35")
def test_a_changed_protocol_is_in_force_once_a_second_person_approved_it(trial: Trial) -> None:
    (proposed,) = [fact for fact in trial.state.trail.facts if fact.kind == "protocol proposed"]
    (approved,) = [fact for fact in trial.state.trail.facts if fact.kind == "protocol approved"]
    assert (proposed.author, approved.author) == ("sta", "spo")
    assert proposed.body["changes"] == [{"path": "identification.version", "old": "1.0", "new": "1.1"}]
    assert trial.state.configuration.in_force == approved.body["protocol_hash"] == proposed.body["protocol_hash"]
    refused = [fact for fact in trial.state.trail.facts if fact.kind == "refused" and "is in force" in fact.body["why"]]
    assert [fact.author for fact in refused] == ["ivy"]


@pytest.mark.requirement("R28", "R35")
def test_data_are_cut_under_the_protocol_in_force_and_no_other(trial: Trial, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not the protocol of the office"):
        protocol_of(trial.state, str(TINY))
    amended = tmp_path / "protocol.yaml"
    write_amended(amended)
    assert protocol_of(trial.state, str(amended)).identification.version == "1.1"


@pytest.mark.requirement("R9")
def test_nobody_reads_block_sizes_in_the_log_of_a_protocol(trial: Trial) -> None:
    with_document = [fact for fact in trial.state.trail.facts if "document" in fact.body]
    assert [fact.kind for fact in with_document] == ["office founded", "protocol proposed"]
    for user in PEOPLE:
        sight = conduct.sight_of(trial.state, user, trial.at)
        assert all(sight.body(fact)["document"] == conduct.HIDDEN for fact in with_document)


SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (datetime(2024, 10, 27, 2, 59, tzinfo=SUMMER), datetime(2024, 10, 27, 2, 1, tzinfo=WINTER)),
        (datetime(2024, 3, 31, 1, 59, tzinfo=WINTER), datetime(2024, 3, 31, 3, 1, tzinfo=SUMMER)),
        (datetime(2024, 2, 29, 0, 30, tzinfo=WINTER), datetime(2024, 3, 1, 0, 30, tzinfo=WINTER)),
    ],
    ids=["clocks go back", "clocks go forward", "leap day"],
)
def test_clocks_of_the_wall_and_leap_days_neither_reorder_nor_shift_the_log(before: datetime, after: datetime) -> None:
    trial = Trial()
    trial.at = before
    first = trial.attempt(conduct.RegisterUser(user="ann", name="Ann", organization="Hospital"))
    trial.at = after
    second = trial.attempt(conduct.RegisterUser(user="bob", name="Bob", organization="Hospital"))
    written = [fact.at for step in (first, second) for fact in step.facts]
    assert written == [f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z" for at in (before, after)]
    assert written[0] < written[1]
    assert "clock stepped" not in {fact.kind for fact in second.facts}


@pytest.mark.requirement("R8")
def test_the_exported_trail_holds_every_fact_as_the_log_does(trial: Trial, tmp_path: Path) -> None:
    facts, tiny = trial.draft.written, trial.draft.screener.protocol
    (path,) = export_office(facts, tiny, "audit", tmp_path / "audit", created=trial.at)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["seq"], row["at"], row["author"], row["kind"], row["hash"]) for row in rows] == [
        (str(fact.seq), fact.at, fact.author, fact.kind, fact.hash) for fact in facts
    ]
