"""The rule language: text of the protocol, read through a whitelist, typed, and evaluated in three values."""

from trialwright.protocol.rules.answers import KnownAnswers, NoValue, read_answers, read_plain_answers
from trialwright.protocol.rules.compiled import Compiled, compile_rule
from trialwright.protocol.rules.evaluation import Answer, Deciding, Missing, evaluate
from trialwright.protocol.rules.vocabulary import Vocabulary

__all__ = [
    "Answer",
    "Compiled",
    "Deciding",
    "KnownAnswers",
    "Missing",
    "NoValue",
    "Vocabulary",
    "compile_rule",
    "evaluate",
    "read_answers",
    "read_plain_answers",
]
