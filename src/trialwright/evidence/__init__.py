"""Published claims: their ledger, their checks, and the calibration of a scenario to them."""

from trialwright.evidence.calibrate import calibrate
from trialwright.evidence.calibration import Achieved, Calibration, Observe, Target
from trialwright.evidence.check import check
from trialwright.evidence.claims import Claim, Link, PrintedP
from trialwright.evidence.claims_file import Claims, Contradiction, PublishedAllocation, Said
from trialwright.evidence.compare import Compared, Replayed, compare, published
from trialwright.evidence.counts import denominators, numerators
from trialwright.evidence.findings import Finding, Verdict
from trialwright.evidence.ledger import Ledger, LedgerFile, ledger, ledger_names

__all__ = [
    "Achieved",
    "Calibration",
    "Claim",
    "Claims",
    "Compared",
    "Contradiction",
    "Finding",
    "Ledger",
    "LedgerFile",
    "Link",
    "Observe",
    "PrintedP",
    "PublishedAllocation",
    "Replayed",
    "Said",
    "Target",
    "Verdict",
    "calibrate",
    "check",
    "compare",
    "denominators",
    "ledger",
    "ledger_names",
    "numerators",
    "published",
]
