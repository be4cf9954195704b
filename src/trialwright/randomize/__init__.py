"""Who gets what: pure allocation; chance is an argument."""

from trialwright.randomize.allocation import Allocator, Assignment, allocate, allocate_many
from trialwright.randomize.key import commitment, key_from_seed
from trialwright.randomize.predictability import certain_share
from trialwright.randomize.scheme import Scheme, scheme

__all__ = [
    "Allocator",
    "Assignment",
    "Scheme",
    "allocate",
    "allocate_many",
    "certain_share",
    "commitment",
    "key_from_seed",
    "scheme",
]
