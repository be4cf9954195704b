"""The trial office: facts appended by people, an office that keeps them, and snapshots at a data cut-off."""

from trialwright.conduct.accounts import Accounts, Limits, SignedIn, digest_of_token
from trialwright.conduct.allocation_lists import AllocationList
from trialwright.conduct.allocations import Allocated
from trialwright.conduct.backup import Copy, backup, restore
from trialwright.conduct.casebook import casebook_hash, signature_of
from trialwright.conduct.checks import CHECKS, Check, Complaint, Fired, Look, fired
from trialwright.conduct.cleaning import Query, Signature
from trialwright.conduct.commands import COMMANDS, Actor, Ask, Context, offered
from trialwright.conduct.commands_after import CorrectStratum, DuplicatePerson, LogDisclosure, RandomizedInError
from trialwright.conduct.commands_cleaning import (
    AnswerQuery,
    CloseQuery,
    Freeze,
    Lock,
    OpenQuery,
    ReopenQuery,
    ReviewTrail,
    SignCasebook,
    Unfreeze,
    Unlock,
    VerifyRow,
)
from trialwright.conduct.commands_configuration import ApproveProtocol, ProposeProtocol
from trialwright.conduct.commands_contingency import EnterContingencyAllocation
from trialwright.conduct.commands_data import CorrectRow, InvalidFields, OneRow, RecordRow, RecordRows, StrikeRow
from trialwright.conduct.commands_eligibility import AllowWaivers, AskWaiver, ForceEligibility, SignEligibility
from trialwright.conduct.commands_exports import NoteExport
from trialwright.conduct.commands_identity import EraseIdentity, ReadIdentity, RecordIdentity
from trialwright.conduct.commands_laboratory import StateRange
from trialwright.conduct.commands_lists import ActivateList, ImportList, SealList
from trialwright.conduct.commands_people import DeactivateUser, GrantRole, RecordTraining, RegisterUser, RevokeRole
from trialwright.conduct.commands_randomize import Randomize
from trialwright.conduct.commands_safety import ReportSeriousEvent
from trialwright.conduct.commands_screening import (
    Answer,
    Attest,
    Consent,
    Judgment,
    OneAnswer,
    Person,
    Screen,
    ScreenFail,
    StateDate,
    Withdraw,
    attesting_role,
)
from trialwright.conduct.commands_sites import (
    ApproveForm,
    CloseRecruitment,
    CloseSite,
    OpenSite,
    ReopenRecruitment,
    SetCap,
)
from trialwright.conduct.crash import CRASH_POINTS, crash_points
from trialwright.conduct.credentials import Credentials
from trialwright.conduct.eligibility import anchors_of, answers_of, content_hash, eligibility_of, why_not_eligible
from trialwright.conduct.evidence import Broken, Evidence
from trialwright.conduct.facts import Fact, NewFact
from trialwright.conduct.forms import Field, Form, Sent, form_of, forms, question_of, read_field, read_form
from trialwright.conduct.founding import BeginGeneration, Found
from trialwright.conduct.identities import Identities
from trialwright.conduct.invariants import INVARIANTS, broken
from trialwright.conduct.journal import Journal
from trialwright.conduct.keys import Keys
from trialwright.conduct.mirror import Mirror
from trialwright.conduct.office import Office, Receipt
from trialwright.conduct.outbox import Mail, send_mail
from trialwright.conduct.overview import Month, overdue, recruitment
from trialwright.conduct.passwords import check_password, new_hasher
from trialwright.conduct.people import Account, Grant, Session
from trialwright.conduct.processing import record_of_processing
from trialwright.conduct.redaction import Redact
from trialwright.conduct.refusals import Conflict, Forbidden, Invalid, NotFound, Refused, Stale, Unavailable
from trialwright.conduct.rights import RIGHTS, ROLES, SECOND_FACTOR, check_session, role_for, roles_at, sites_for
from trialwright.conduct.rows import Change, Range, Row, RowId, Version
from trialwright.conduct.safety import SeriousEvent, serious_events
from trialwright.conduct.sealing import SealedKey, new_key, open_key, seal_key
from trialwright.conduct.sight import HIDDEN, Sight, sight_of
from trialwright.conduct.snapshot import snapshot, state_as_of, subject_data
from trialwright.conduct.state import State
from trialwright.conduct.subjects import Given, Subject
from trialwright.conduct.tumors import Assessed, Course, LesionLine, tumor_courses
from trialwright.conduct.unsealing import unseal
from trialwright.conduct.verify import Anchors, Verdict, verify, verify_facts
from trialwright.conduct.visits import Planned, plan_of, randomized_on

__all__ = [
    "CHECKS",
    "COMMANDS",
    "CRASH_POINTS",
    "HIDDEN",
    "INVARIANTS",
    "RIGHTS",
    "ROLES",
    "SECOND_FACTOR",
    "Account",
    "Accounts",
    "ActivateList",
    "Actor",
    "Allocated",
    "AllocationList",
    "AllowWaivers",
    "Anchors",
    "Answer",
    "AnswerQuery",
    "ApproveForm",
    "ApproveProtocol",
    "Ask",
    "AskWaiver",
    "Assessed",
    "Attest",
    "BeginGeneration",
    "Broken",
    "Change",
    "Check",
    "CloseQuery",
    "CloseRecruitment",
    "CloseSite",
    "Complaint",
    "Conflict",
    "Consent",
    "Context",
    "Copy",
    "CorrectRow",
    "CorrectStratum",
    "Course",
    "Credentials",
    "DeactivateUser",
    "DuplicatePerson",
    "EnterContingencyAllocation",
    "EraseIdentity",
    "Evidence",
    "Fact",
    "Field",
    "Fired",
    "Forbidden",
    "ForceEligibility",
    "Form",
    "Found",
    "Freeze",
    "Given",
    "Grant",
    "GrantRole",
    "Identities",
    "ImportList",
    "Invalid",
    "InvalidFields",
    "Journal",
    "Judgment",
    "Keys",
    "LesionLine",
    "Limits",
    "Lock",
    "LogDisclosure",
    "Look",
    "Mail",
    "Mirror",
    "Month",
    "NewFact",
    "NotFound",
    "NoteExport",
    "Office",
    "OneAnswer",
    "OneRow",
    "OpenQuery",
    "OpenSite",
    "Person",
    "Planned",
    "ProposeProtocol",
    "Query",
    "Randomize",
    "RandomizedInError",
    "Range",
    "ReadIdentity",
    "Receipt",
    "RecordIdentity",
    "RecordRow",
    "RecordRows",
    "RecordTraining",
    "Redact",
    "Refused",
    "RegisterUser",
    "ReopenQuery",
    "ReopenRecruitment",
    "ReportSeriousEvent",
    "ReviewTrail",
    "RevokeRole",
    "Row",
    "RowId",
    "Screen",
    "ScreenFail",
    "SealList",
    "SealedKey",
    "Sent",
    "SeriousEvent",
    "Session",
    "SetCap",
    "Sight",
    "SignCasebook",
    "SignEligibility",
    "Signature",
    "SignedIn",
    "Stale",
    "State",
    "StateDate",
    "StateRange",
    "StrikeRow",
    "Subject",
    "Unavailable",
    "Unfreeze",
    "Unlock",
    "Verdict",
    "VerifyRow",
    "Version",
    "Withdraw",
    "anchors_of",
    "answers_of",
    "attesting_role",
    "backup",
    "broken",
    "casebook_hash",
    "check_password",
    "check_session",
    "content_hash",
    "crash_points",
    "digest_of_token",
    "eligibility_of",
    "fired",
    "form_of",
    "forms",
    "new_hasher",
    "new_key",
    "offered",
    "open_key",
    "overdue",
    "plan_of",
    "question_of",
    "randomized_on",
    "read_field",
    "read_form",
    "record_of_processing",
    "recruitment",
    "restore",
    "role_for",
    "roles_at",
    "seal_key",
    "send_mail",
    "serious_events",
    "sight_of",
    "signature_of",
    "sites_for",
    "snapshot",
    "state_as_of",
    "subject_data",
    "tumor_courses",
    "unseal",
    "verify",
    "verify_facts",
    "why_not_eligible",
]
