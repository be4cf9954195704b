"""Published claims: their ledger, their checks, and the calibration of a scenario to them."""

from trialwright.evidence.allocation_split import SchemeFit, compatible_schemes
from trialwright.evidence.calibrate import calibrate
from trialwright.evidence.calibration import Achieved, Calibration, Observe, Target
from trialwright.evidence.check import check
from trialwright.evidence.claims import Claim, Link, PrintedP
from trialwright.evidence.claims_file import Claims, Contradiction, PublishedAllocation, Said
from trialwright.evidence.compare import Compared, Replayed, compare, published
from trialwright.evidence.counts import denominators, numerators
from trialwright.evidence.findings import CHECKS, Finding, Reading, Verdict
from trialwright.evidence.heterogeneity import Heterogeneity, PoolingMethod
from trialwright.evidence.inference import Inference, PoolingTest
from trialwright.evidence.influence import Cumulated, Influence, LeftOut, cumulative, influence, leave_one_out
from trialwright.evidence.intake import Draft, Intake, Unread, draft_rows, intake
from trialwright.evidence.ledger import Ledger, LedgerFile, ledger, ledger_names
from trialwright.evidence.meta_regression import MetaRegression, Omnibus, meta_regression
from trialwright.evidence.small_studies import Asymmetry, RankTest, TrimmedAndFilled, egger, rank_test, trim_and_fill
from trialwright.evidence.studies import Study
from trialwright.evidence.subgroups import Subgroups, pool_subgroups
from trialwright.evidence.synthesis import Prediction, PredictionKind, Synthesis, pool
from trialwright.evidence.tables_2x2 import Measure, PooledTables, pool_mantel_haenszel, pool_peto, studies_of_tables

__all__ = [
    "CHECKS",
    "Achieved",
    "Asymmetry",
    "Calibration",
    "Claim",
    "Claims",
    "Compared",
    "Contradiction",
    "Cumulated",
    "Draft",
    "Finding",
    "Heterogeneity",
    "Inference",
    "Influence",
    "Intake",
    "Ledger",
    "LedgerFile",
    "LeftOut",
    "Link",
    "Measure",
    "MetaRegression",
    "Observe",
    "Omnibus",
    "PooledTables",
    "PoolingMethod",
    "PoolingTest",
    "Prediction",
    "PredictionKind",
    "PrintedP",
    "PublishedAllocation",
    "RankTest",
    "Reading",
    "Replayed",
    "Said",
    "SchemeFit",
    "Study",
    "Subgroups",
    "Synthesis",
    "Target",
    "TrimmedAndFilled",
    "Unread",
    "Verdict",
    "calibrate",
    "check",
    "compare",
    "compatible_schemes",
    "cumulative",
    "denominators",
    "draft_rows",
    "egger",
    "influence",
    "intake",
    "leave_one_out",
    "ledger",
    "ledger_names",
    "meta_regression",
    "numerators",
    "pool",
    "pool_mantel_haenszel",
    "pool_peto",
    "pool_subgroups",
    "published",
    "rank_test",
    "studies_of_tables",
    "trim_and_fill",
]
