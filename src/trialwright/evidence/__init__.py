"""Published claims: their ledger, their checks, and the calibration of a scenario to them."""

from trialwright.evidence.calibrate import calibrate
from trialwright.evidence.calibration import Achieved, Calibration, Observe, Target
from trialwright.evidence.check import check
from trialwright.evidence.claims import Claim, Claims, Link, PrintedP
from trialwright.evidence.compare import Compared, Replayed, compare, published
from trialwright.evidence.counts import denominators, numerators
from trialwright.evidence.findings import Finding, Verdict

__all__ = [
    "Achieved",
    "Calibration",
    "Claim",
    "Claims",
    "Compared",
    "Finding",
    "Link",
    "Observe",
    "PrintedP",
    "Replayed",
    "Target",
    "Verdict",
    "calibrate",
    "check",
    "compare",
    "denominators",
    "numerators",
    "published",
]
