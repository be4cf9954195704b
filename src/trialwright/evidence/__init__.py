"""Published claims: their ledger, their checks, and the calibration of a scenario to them."""

from trialwright.evidence.allocation_split import SchemeFit, compatible_schemes
from trialwright.evidence.calibrate import calibrate
from trialwright.evidence.calibration import Achieved, Calibration, Observe, Target
from trialwright.evidence.check import check
from trialwright.evidence.claims import Claim, Link, PrintedP
from trialwright.evidence.claims_file import Claims, Contradiction, PublishedAllocation, Said
from trialwright.evidence.compare import Compared, Replayed, compare, published
from trialwright.evidence.compatible import Compatible, PrintedArm, compatible
from trialwright.evidence.compatible_claims import compatible_with
from trialwright.evidence.counts import denominators, numerators
from trialwright.evidence.curve_files import read_curves
from trialwright.evidence.curves import ReadCurve
from trialwright.evidence.findings import CHECKS, Finding, Reading, Verdict
from trialwright.evidence.heterogeneity import Heterogeneity, PoolingMethod
from trialwright.evidence.inference import Inference, PoolingTest
from trialwright.evidence.information import information
from trialwright.evidence.intake import Draft, Intake, Unread, draft_rows, intake
from trialwright.evidence.ledger import Ledger, LedgerFile, Question, ledger, ledger_names, question
from trialwright.evidence.meta_regression import MetaRegression, Omnibus, meta_regression
from trialwright.evidence.pooled_trials import Poolable, PooledTrial, poolable
from trialwright.evidence.pooling_sensitivity import SensitivityRow, pooling_sensitivity
from trialwright.evidence.printed import Range
from trialwright.evidence.reconstruct import Reconstruction, reconstruct
from trialwright.evidence.reconstruct_printed import Answer, Printed
from trialwright.evidence.share_limits import limits_of_share
from trialwright.evidence.single_studies import Cumulated, Influence, LeftOut, cumulative, influence, leave_one_out
from trialwright.evidence.small_studies import Asymmetry, RankTest, TrimmedAndFilled, egger, rank_test, trim_and_fill
from trialwright.evidence.studies import Study
from trialwright.evidence.subgroups import Subgroups, pool_subgroups
from trialwright.evidence.suppose import SupposedStudy, suppose
from trialwright.evidence.synthesis import Prediction, PredictionKind, Synthesis, pool
from trialwright.evidence.tables_2x2 import Measure, PooledTables, pool_mantel_haenszel, pool_peto, studies_of_tables
from trialwright.evidence.two_shares import p_of_two_shares

__all__ = [
    "CHECKS",
    "Achieved",
    "Answer",
    "Asymmetry",
    "Calibration",
    "Claim",
    "Claims",
    "Compared",
    "Compatible",
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
    "Poolable",
    "PooledTables",
    "PooledTrial",
    "PoolingMethod",
    "PoolingTest",
    "Prediction",
    "PredictionKind",
    "Printed",
    "PrintedArm",
    "PrintedP",
    "PublishedAllocation",
    "Question",
    "Range",
    "RankTest",
    "ReadCurve",
    "Reading",
    "Reconstruction",
    "Replayed",
    "Said",
    "SchemeFit",
    "SensitivityRow",
    "Study",
    "Subgroups",
    "SupposedStudy",
    "Synthesis",
    "Target",
    "TrimmedAndFilled",
    "Unread",
    "Verdict",
    "calibrate",
    "check",
    "compare",
    "compatible",
    "compatible_schemes",
    "compatible_with",
    "cumulative",
    "denominators",
    "draft_rows",
    "egger",
    "influence",
    "information",
    "intake",
    "leave_one_out",
    "ledger",
    "ledger_names",
    "limits_of_share",
    "meta_regression",
    "numerators",
    "p_of_two_shares",
    "pool",
    "pool_mantel_haenszel",
    "pool_peto",
    "pool_subgroups",
    "poolable",
    "pooling_sensitivity",
    "published",
    "question",
    "rank_test",
    "read_curves",
    "reconstruct",
    "studies_of_tables",
    "suppose",
    "trim_and_fill",
]
