"""Virtual trials: record-level, the readable reference, and array-level, the fast one."""

from typing import TYPE_CHECKING

from trialwright.doors import lazy_door

if TYPE_CHECKING:
    from trialwright.simulate.calibrated import Calibration, calibrate_bound
    from trialwright.simulate.card import (
        Card,
        CardLook,
        CardRow,
        CoursePoint,
        FormulaRow,
        PowerPoint,
    )
    from trialwright.simulate.card_making import design_card, lint_design
    from trialwright.simulate.card_promise import Promised
    from trialwright.simulate.chance import Chance
    from trialwright.simulate.checkpoint import FolderUnits, MemoryUnits, parquet, put_file
    from trialwright.simulate.design_fields import DESIGN_FIELDS, with_design_fields
    from trialwright.simulate.design_rules import DESIGN_RULES, DesignFinding, DesignRule, Lint
    from trialwright.simulate.design_trials import DesignTrials
    from trialwright.simulate.designed import Allocating, Comparison, DesignedTrial, Look, Scanning, Trigger
    from trialwright.simulate.designed_records import designed_records
    from trialwright.simulate.designed_reference import open_trial
    from trialwright.simulate.grid import read_points, scenario_paths
    from trialwright.simulate.many import Replays, many
    from trialwright.simulate.milestone_draws import scenario_forecast
    from trialwright.simulate.operating import simulate_design
    from trialwright.simulate.outcomes import LookSummary, Operating, Outcomes, Share, Spread
    from trialwright.simulate.planned import as_planned, designed
    from trialwright.simulate.points import StudyTrials
    from trialwright.simulate.scheduler import Workers, on_cluster, on_processes, on_threads
    from trialwright.simulate.suppositions import Supposition, Suppositions, suppositions
    from trialwright.simulate.sweep import Columns, Point, Sweep, run_sweep
    from trialwright.simulate.trial import trial
    from trialwright.simulate.world import World

__all__ = [
    "DESIGN_FIELDS",
    "DESIGN_RULES",
    "Allocating",
    "Calibration",
    "Card",
    "CardLook",
    "CardRow",
    "Chance",
    "Columns",
    "Comparison",
    "CoursePoint",
    "DesignFinding",
    "DesignRule",
    "DesignTrials",
    "DesignedTrial",
    "FolderUnits",
    "FormulaRow",
    "Lint",
    "Look",
    "LookSummary",
    "MemoryUnits",
    "Operating",
    "Outcomes",
    "Point",
    "PowerPoint",
    "Promised",
    "Replays",
    "Scanning",
    "Share",
    "Spread",
    "StudyTrials",
    "Supposition",
    "Suppositions",
    "Sweep",
    "Trigger",
    "Workers",
    "World",
    "as_planned",
    "calibrate_bound",
    "design_card",
    "designed",
    "designed_records",
    "lint_design",
    "many",
    "on_cluster",
    "on_processes",
    "on_threads",
    "open_trial",
    "parquet",
    "put_file",
    "read_points",
    "run_sweep",
    "scenario_forecast",
    "scenario_paths",
    "simulate_design",
    "suppositions",
    "trial",
    "with_design_fields",
]

lazy_door(__name__)
