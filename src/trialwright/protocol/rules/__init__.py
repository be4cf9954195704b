"""The rule language: text of the protocol, read through a whitelist, typed, and evaluated in three values."""

from trialwright.protocol.rules.answers import KnownAnswers, NoValue, read_answers, read_plain_answers
from trialwright.protocol.rules.compiled import Compiled, compile_rule
from trialwright.protocol.rules.evaluation import Answer, Deciding, Missing, evaluate
from trialwright.protocol.rules.mutants import Mutant, threshold_mutants
from trialwright.protocol.rules.printing import show
from trialwright.protocol.rules.static import Problem, check_rules
from trialwright.protocol.rules.vocabulary import Vocabulary
from trialwright.protocol.rules.warnings import rule_warnings

__all__ = [
    "Answer",
    "Compiled",
    "Deciding",
    "KnownAnswers",
    "Missing",
    "Mutant",
    "NoValue",
    "Problem",
    "Vocabulary",
    "check_rules",
    "compile_rule",
    "evaluate",
    "read_answers",
    "read_plain_answers",
    "rule_warnings",
    "show",
    "threshold_mutants",
]
