"""The specifications of the analysis datasets, by name: all that is built, checked and described follows them."""

from __future__ import annotations

from trialwright.exchange.adam_spec_efficacy import ADRS, ADTR, ADTTE
from trialwright.exchange.adam_spec_safety import ADAE, ADEX, ADLB
from trialwright.exchange.adam_spec_subjects import ADSL

__all__ = ["ADAM"]

ADAM = {spec.name: spec for spec in (ADSL, ADRS, ADTR, ADTTE, ADAE, ADEX, ADLB)}
"""The specifications, subjects first."""
