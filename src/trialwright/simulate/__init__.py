"""Virtual trials: record-level, the readable reference, and array-level, the fast one."""

from trialwright.simulate.chance import Chance
from trialwright.simulate.many import Replays, many
from trialwright.simulate.population import list_of
from trialwright.simulate.trial import trial

__all__ = ["Chance", "Replays", "list_of", "many", "trial"]
