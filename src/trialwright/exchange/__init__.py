"""Registry records, tables of anybody's making and CDISC formats: names change here only."""

from trialwright.exchange.adam_build import adam
from trialwright.exchange.adam_checks import check_across, check_dataset
from trialwright.exchange.adam_files import write_adam
from trialwright.exchange.adam_specification import ADAM
from trialwright.exchange.allowed_findings import Allowed, allow, read_allowed
from trialwright.exchange.archive import archive
from trialwright.exchange.ars import reporting_event
from trialwright.exchange.casebook_page import casebook_page
from trialwright.exchange.comparison import Comparison
from trialwright.exchange.core_rules import read_rules
from trialwright.exchange.core_run import Conformance, Outcome, check_conformance
from trialwright.exchange.dataset_comparison import (
    AttributeDifference,
    DatasetComparison,
    VariableDifference,
    compare_datasets,
)
from trialwright.exchange.datasets import Dataset, Variable
from trialwright.exchange.define_xml import define_xml
from trialwright.exchange.findings import DatasetFinding
from trialwright.exchange.formats import convert, read_dataset, read_folder, write_dataset
from trialwright.exchange.odm_read import rows_of_odm
from trialwright.exchange.odm_write import odm_xml
from trialwright.exchange.office_export import EXPORTS, audit_csv, export_office, facts_of_site
from trialwright.exchange.registry import compare
from trialwright.exchange.results_file import results_file
from trialwright.exchange.sdtm_in import trial_data
from trialwright.exchange.sdtm_out import NOT_IN_SDTM, sdtm, settings_of
from trialwright.exchange.sdtm_settings import SdtmSettings
from trialwright.exchange.specification import Codelist, DatasetSpec, ValueSpec, VariableSpec, built, specification_of
from trialwright.exchange.study_checks import check_study
from trialwright.exchange.tables import read_table

__all__ = [
    "ADAM",
    "EXPORTS",
    "NOT_IN_SDTM",
    "Allowed",
    "AttributeDifference",
    "Codelist",
    "Comparison",
    "Conformance",
    "Dataset",
    "DatasetComparison",
    "DatasetFinding",
    "DatasetSpec",
    "Outcome",
    "SdtmSettings",
    "ValueSpec",
    "Variable",
    "VariableDifference",
    "VariableSpec",
    "adam",
    "allow",
    "archive",
    "audit_csv",
    "built",
    "casebook_page",
    "check_across",
    "check_conformance",
    "check_dataset",
    "check_study",
    "compare",
    "compare_datasets",
    "convert",
    "define_xml",
    "export_office",
    "facts_of_site",
    "odm_xml",
    "read_allowed",
    "read_dataset",
    "read_folder",
    "read_rules",
    "read_table",
    "reporting_event",
    "results_file",
    "rows_of_odm",
    "sdtm",
    "settings_of",
    "specification_of",
    "trial_data",
    "write_adam",
    "write_dataset",
]
