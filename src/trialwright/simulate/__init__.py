"""Virtual trials: record-level, the readable reference, and array-level, the fast one."""

from trialwright.simulate.chance import Chance
from trialwright.simulate.many import Replays, many
from trialwright.simulate.trial import trial
from trialwright.simulate.world import World

__all__ = ["Chance", "Replays", "World", "many", "trial"]
