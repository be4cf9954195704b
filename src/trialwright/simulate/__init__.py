"""Virtual trials: record-level, the readable reference, and array-level, the fast one."""

from trialwright.simulate.chance import Chance
from trialwright.simulate.checkpoint import FolderUnits, MemoryUnits, parquet, put_file
from trialwright.simulate.design_fields import DESIGN_FIELDS, with_design_fields
from trialwright.simulate.grid import read_points, scenario_paths
from trialwright.simulate.many import Replays, many
from trialwright.simulate.milestone_draws import scenario_forecast
from trialwright.simulate.points import StudyTrials
from trialwright.simulate.scheduler import Workers, on_cluster, on_processes, on_threads
from trialwright.simulate.sweep import Columns, Point, Sweep, run_sweep
from trialwright.simulate.trial import trial
from trialwright.simulate.world import World

__all__ = [
    "DESIGN_FIELDS",
    "Chance",
    "Columns",
    "FolderUnits",
    "MemoryUnits",
    "Point",
    "Replays",
    "StudyTrials",
    "Sweep",
    "Workers",
    "World",
    "many",
    "on_cluster",
    "on_processes",
    "on_threads",
    "parquet",
    "put_file",
    "read_points",
    "run_sweep",
    "scenario_forecast",
    "scenario_paths",
    "trial",
    "with_design_fields",
]
