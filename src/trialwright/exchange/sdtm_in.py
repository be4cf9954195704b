"""SDTM to trial data: CDISC names end here, and what is wrong with the data is listed."""

from __future__ import annotations

from collections.abc import Mapping

from trialwright.errors import DataError
from trialwright.exchange.datasets import Dataset
from trialwright.exchange.sdtm_events import event_tables
from trialwright.exchange.sdtm_settings import SdtmSettings
from trialwright.exchange.sdtm_source import Source
from trialwright.exchange.sdtm_subjects import subject_tables
from trialwright.exchange.sdtm_tumors import tumor_tables
from trialwright.records import Finding, TrialData

__all__ = ["trial_data"]


def trial_data(
    datasets: Mapping[str, Dataset], settings: SdtmSettings | None = None
) -> tuple[TrialData, tuple[Finding, ...]]:
    """Return the trial data in SDTM datasets, and everything that was found wrong with them.

    Nothing is left out without a finding that names the dataset, the record, the rule and what was done. Dates stay
    unknown where the day is not recorded; adverse events keep them as recorded. ``settings`` says what SDTM leaves to
    each study. DataError only when there is no DM, without which nobody is known.

    >>> import polars as pl
    >>> from trialwright.exchange import Variable
    >>> names = ("USUBJID", "ARMCD", "RFICDTC")
    >>> dm = Dataset("DM", "", tuple(Variable(name, "", "text") for name in names),
    ...              pl.DataFrame({"USUBJID": ["1"], "ARMCD": ["SCRNFAIL"], "RFICDTC": ["2024-01-05"]}))
    >>> data, findings = trial_data({"DM": dm})
    >>> data["screened"]["outcome"].to_list()
    ['screen failure']
    >>> print(findings[0])
    DS: : missing dataset: DS is not among DM
    """
    source = Source(datasets, settings or SdtmSettings())
    if source.raw("DM") is None:
        raise DataError(f"there is no dataset DM, without which no subject is known; there are {', '.join(datasets)}")
    _report_warnings(source)
    frames = subject_tables(source) | event_tables(source) | tumor_tables(source)
    data = TrialData.from_frames(_study(source), frames, virtual=False)
    return data, tuple(dict.fromkeys(source.findings))


def _study(source: Source) -> str:
    frame = source.raw("DM")
    names = frame["STUDYID"].drop_nulls().unique().to_list() if frame is not None and "STUDYID" in frame.columns else []
    return str(names[0]) if len(names) == 1 else ""


def _report_warnings(source: Source) -> None:
    for name, dataset in source.datasets.items():
        for warning in dataset.warnings:
            source.found(name, "", "file as its format asks", warning)
