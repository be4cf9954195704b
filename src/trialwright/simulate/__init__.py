"""Virtual trials: record-level, the readable reference, and array-level, the fast one."""

from trialwright.simulate.chance import Chance
from trialwright.simulate.checkpoint import FolderUnits, MemoryUnits, parquet, put_file
from trialwright.simulate.design_fields import DESIGN_FIELDS, with_design_fields
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
from trialwright.simulate.sweep import Columns, Point, Sweep, run_sweep
from trialwright.simulate.trial import trial
from trialwright.simulate.world import World

__all__ = [
    "DESIGN_FIELDS",
    "Allocating",
    "Chance",
    "Columns",
    "Comparison",
    "DesignTrials",
    "DesignedTrial",
    "FolderUnits",
    "Look",
    "LookSummary",
    "MemoryUnits",
    "Operating",
    "Outcomes",
    "Point",
    "Replays",
    "Scanning",
    "Share",
    "Spread",
    "StudyTrials",
    "Sweep",
    "Trigger",
    "Workers",
    "World",
    "as_planned",
    "designed",
    "designed_records",
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
    "trial",
    "with_design_fields",
]
