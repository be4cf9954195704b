"""Who gets what: pure allocation; chance is an argument."""

from typing import TYPE_CHECKING

from trialwright.doors import lazy_door

if TYPE_CHECKING:
    from trialwright.randomize.allocation import Allocator, Assignment, allocate, allocate_many
    from trialwright.randomize.big_stick import BigStick
    from trialwright.randomize.block_urn import BlockUrn
    from trialwright.randomize.imbalance import Imbalance, imbalance_of
    from trialwright.randomize.key import commitment, key_from_seed
    from trialwright.randomize.list_checks import check_list
    from trialwright.randomize.lists import generate_list, list_csv, list_sha256, read_list
    from trialwright.randomize.maximal import Maximal
    from trialwright.randomize.methods import Draw, Method, draw, sequence
    from trialwright.randomize.minimization import Minimization, MinimizationDraw, minimize, minimize_all
    from trialwright.randomize.observers import Guesses, guesses
    from trialwright.randomize.predictability import certain_share
    from trialwright.randomize.scheme import Scheme, scheme
    from trialwright.randomize.simple import Simple

__all__ = [
    "Allocator",
    "Assignment",
    "BigStick",
    "BlockUrn",
    "Draw",
    "Guesses",
    "Imbalance",
    "Maximal",
    "Method",
    "Minimization",
    "MinimizationDraw",
    "Scheme",
    "Simple",
    "allocate",
    "allocate_many",
    "certain_share",
    "check_list",
    "commitment",
    "draw",
    "generate_list",
    "guesses",
    "imbalance_of",
    "key_from_seed",
    "list_csv",
    "list_sha256",
    "minimize",
    "minimize_all",
    "read_list",
    "scheme",
    "sequence",
]

lazy_door(__name__)
