"""Published claims: their ledger, their checks, and the calibration of a scenario to them."""

from trialwright.evidence.calibrate import calibrate
from trialwright.evidence.calibration import Achieved, Calibration, Observe, Target

__all__ = ["Achieved", "Calibration", "Observe", "Target", "calibrate"]
