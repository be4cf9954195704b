"""What was promised: the typed document, its loader, the rule language and screening."""

from typing import TYPE_CHECKING

from trialwright.doors import lazy_door

if TYPE_CHECKING:
    from trialwright.protocol.analysis_plan import (
        AdverseEventWindow,
        AnalysisItem,
        AnalysisPlan,
        Cut,
        Population,
        Rerandomization,
        SafetyPlan,
        Supporting,
    )
    from trialwright.protocol.base import Rule
    from trialwright.protocol.censoring_reasons import censoring_reasons
    from trialwright.protocol.design import Assumptions, Design, Randomization, StratificationFactor
    from trialwright.protocol.document import read_document
    from trialwright.protocol.eligibility import Criterion, Eligibility, Variable
    from trialwright.protocol.endpoints import (
        Censoring,
        Endpoint,
        ResponseEndpoint,
        SafetyEndpoint,
        TimeToEventEndpoint,
        UnanalyzedEndpoint,
    )
    from trialwright.protocol.estimands import STRATEGIES, estimand_endpoint, with_estimands
    from trialwright.protocol.example_patients import (
        Base,
        Example,
        ExampleFailure,
        Examples,
        SurvivingMutant,
        run_examples,
        surviving_mutants,
    )
    from trialwright.protocol.identification import (
        DatedStatus,
        Description,
        Identification,
        Organization,
        Registry,
        Site,
    )
    from trialwright.protocol.load import load, protocol_file, protocol_hash, study_file, study_names
    from trialwright.protocol.misfits import Misfit, raise_misfits
    from trialwright.protocol.open_points import Leaf, OpenPoints, check_provenance, leaves, open_points, path_of
    from trialwright.protocol.protocol import OpenPoint, Protocol
    from trialwright.protocol.provenance import Provenance
    from trialwright.protocol.questions import (
        DeltaRange,
        Estimand,
        Hypothesis,
        IntercurrentEvent,
        Multiplicity,
        SensitivityPlan,
        Stop,
        SubgroupFactor,
        SubgroupPlan,
    )
    from trialwright.protocol.rules import (
        Answer,
        Compiled,
        Deciding,
        KnownAnswers,
        Missing,
        NoValue,
        Vocabulary,
        compile_rule,
        evaluate,
        read_answers,
        read_plain_answers,
    )
    from trialwright.protocol.rules.column_data import Column, Records, columns_of
    from trialwright.protocol.rules.mutants import Mutant, threshold_mutants
    from trialwright.protocol.rules.static import Problem, check_rules
    from trialwright.protocol.rules.warnings import rule_warnings
    from trialwright.protocol.schedule import interval_at, planned_scans
    from trialwright.protocol.schema import json_schema
    from trialwright.protocol.screening import (
        Finding,
        MissingDatum,
        Screener,
        Screening,
        StartingDose,
        evaluate_rule,
        screen,
        starting_doses,
        stratum,
    )
    from trialwright.protocol.screening_columns import rule_column, rule_variables, screen_columns, stratum_columns
    from trialwright.protocol.treatments import Arm, Choice, Cycle, Dose, Intervention
    from trialwright.protocol.visits import Assessments, Sample, Visit

__all__ = [
    "STRATEGIES",
    "AdverseEventWindow",
    "AnalysisItem",
    "AnalysisPlan",
    "Answer",
    "Arm",
    "Assessments",
    "Assumptions",
    "Base",
    "Censoring",
    "Choice",
    "Column",
    "Compiled",
    "Criterion",
    "Cut",
    "Cycle",
    "DatedStatus",
    "Deciding",
    "DeltaRange",
    "Description",
    "Design",
    "Dose",
    "Eligibility",
    "Endpoint",
    "Estimand",
    "Example",
    "ExampleFailure",
    "Examples",
    "Finding",
    "Hypothesis",
    "Identification",
    "IntercurrentEvent",
    "Intervention",
    "KnownAnswers",
    "Leaf",
    "Misfit",
    "Missing",
    "MissingDatum",
    "Multiplicity",
    "Mutant",
    "NoValue",
    "OpenPoint",
    "OpenPoints",
    "Organization",
    "Population",
    "Problem",
    "Protocol",
    "Provenance",
    "Randomization",
    "Records",
    "Registry",
    "Rerandomization",
    "ResponseEndpoint",
    "Rule",
    "SafetyEndpoint",
    "SafetyPlan",
    "Sample",
    "Screener",
    "Screening",
    "SensitivityPlan",
    "Site",
    "StartingDose",
    "Stop",
    "StratificationFactor",
    "SubgroupFactor",
    "SubgroupPlan",
    "Supporting",
    "SurvivingMutant",
    "TimeToEventEndpoint",
    "UnanalyzedEndpoint",
    "Variable",
    "Visit",
    "Vocabulary",
    "censoring_reasons",
    "check_provenance",
    "check_rules",
    "columns_of",
    "compile_rule",
    "estimand_endpoint",
    "evaluate",
    "evaluate_rule",
    "interval_at",
    "json_schema",
    "leaves",
    "load",
    "open_points",
    "path_of",
    "planned_scans",
    "protocol_file",
    "protocol_hash",
    "raise_misfits",
    "read_answers",
    "read_document",
    "read_plain_answers",
    "rule_column",
    "rule_variables",
    "rule_warnings",
    "run_examples",
    "screen",
    "screen_columns",
    "starting_doses",
    "stratum",
    "stratum_columns",
    "study_file",
    "study_names",
    "surviving_mutants",
    "threshold_mutants",
    "with_estimands",
]

lazy_door(__name__)
