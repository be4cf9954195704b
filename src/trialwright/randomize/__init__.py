"""Who gets what: pure allocation; chance is an argument."""

from trialwright.randomize.allocation import Allocator, Assignment, allocate, allocate_many
from trialwright.randomize.big_stick import BigStick
from trialwright.randomize.block_urn import BlockUrn
from trialwright.randomize.key import commitment, key_from_seed
from trialwright.randomize.maximal import Maximal
from trialwright.randomize.methods import Draw, Method, draw, sequence
from trialwright.randomize.minimization import Minimization, MinimizationDraw, minimize, minimize_all
from trialwright.randomize.predictability import certain_share
from trialwright.randomize.scheme import Scheme, scheme
from trialwright.randomize.simple import Simple

__all__ = [
    "Allocator",
    "Assignment",
    "BigStick",
    "BlockUrn",
    "Draw",
    "Maximal",
    "Method",
    "Minimization",
    "MinimizationDraw",
    "Scheme",
    "Simple",
    "allocate",
    "allocate_many",
    "certain_share",
    "commitment",
    "draw",
    "key_from_seed",
    "minimize",
    "minimize_all",
    "scheme",
    "sequence",
]
