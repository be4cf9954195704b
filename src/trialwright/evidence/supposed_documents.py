"""The least protocol and scenario that the simulators and the analysis need, for a trial known by its claims only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.evidence.suppose import Told

__all__ = ["least_protocol", "least_scenario"]

SITES = 20
MONTHS_AFTER = 1
"""Recorded after the cut, so that the cut is reached."""


def least_protocol(told: Told) -> dict[str, Any]:
    """Return a protocol of two arms, one time to event and overall survival, and what the model cannot do without."""
    one, other = told.arms
    name = "".join(c for c in told.trial.lower() if c.isalnum())
    return {
        "identification": {"id": name, "acronym": told.trial, "brief_title": _title(told), "version": "supposed"},
        "organization": {"sponsor": None},
        "description": {"disease": "as in the claims"},
        "design": {
            "study_type": "INTERVENTIONAL",
            "phases": ("PHASE2",),
            "allocation": "RANDOMIZED",
            "model": "PARALLEL",
            "primary_purpose": "TREATMENT",
            "masking": "NONE",
            "enrollment": told.patients,
            "recruitment_months": told.accrual_months,
        },
        "arms": [_arm(told, 0, "EXPERIMENTAL"), _arm(told, 1, "ACTIVE_COMPARATOR")],
        "interventions": [_drug(one), _drug(other)],
        "randomization": {
            "method": "stratified permuted blocks",
            "ratio": dict(zip(told.arms, told.parts, strict=True)),
            "block_sizes": (sum(told.parts), 2 * sum(told.parts)),
        },
        **_patients(),
        **_plan(told),
        "sites": [
            {"id": f"S{k:02}", "facility": f"Site {k}", "city": "supposed", "country": "supposed"}
            for k in range(1, SITES + 1)
        ],
    }


def _title(told: Told) -> str:
    return f"{told.trial} as supposed from its claims: {told.names[0]} v {told.names[1]}"


def _arm(told: Told, place: int, kind: str) -> dict[str, Any]:
    name, arm = told.names[place], told.arms[place]
    return {"id": arm, "label": name, "short": name, "type": kind, "interventions": (f"of-{arm}",)}


def _drug(arm: str) -> dict[str, Any]:
    return {
        "id": f"of-{arm}",
        "name": f"treatment of {arm}",
        "type": "DRUG",
        "unit": "mg",
        "route": "oral",
        "frequency": "once daily",
        "cycle": {"days": 28, "dosing_days": (1, 28)},
        "start": [{"dose": 1}],
    }


def _patients() -> dict[str, Any]:
    fields = {
        "organ": {"type": "choice", "levels": ("liver", "bone"), "label": "Organ"},
        "measurable": {"type": "yes/no", "label": "Measurable by RECIST 1.1"},
    }
    return {
        "variables": {
            "age": {"type": "number", "unit": "y", "label": "Age", "baseline": True},
            "lesions": {"type": "records", "label": "Lesions at baseline", "fields": fields},
        },
        "eligibility": {
            "minimum_age": 18,
            "sex": "ALL",
            "healthy_volunteers": False,
            "anchors": ("entry",),
            "criteria": [{"id": "I01", "kind": "inclusion", "number": 1, "short": "Adults", "rule": "age >= 18 y"}],
        },
        "visits": [
            {"id": "screening", "label": "Screening", "day": 1, "anchor": "screening", "activities": ("consent",)},
            {"id": "c1d1", "label": "Cycle 1 day 1", "day": 1, "window_days": 3, "activities": ("dosing",)},
        ],
    }


def _plan(told: Told) -> dict[str, Any]:
    censoring = {"without_baseline": "count event", "new_therapy": "ignore", "missed_visits": "ignore"}
    scans = {"measure": "Days from randomization", "kind": "time to event", "level": "primary"}
    own = {"without_event": "last adequate assessment"}
    items = {"endpoint": told.endpoint, "population": "ITT", "at_months": _landmarks(told)}
    return {
        "assessments": {
            "criteria": "RECIST 1.1",
            "every_weeks": ((0, told.scan_weeks),),
            "window_days": 7,
            "baseline_within_days": 28,
            "until": "progression",
        },
        "endpoints": [
            {
                "id": told.endpoint,
                "label": told.endpoint,
                "events": ("progression", "death"),
                "censoring": {**censoring, **own},
                **scans,
            }
        ],
        "safety": {"grading": "CTCAE 5.0", "window": {"days_after_last_dose": 30}, "survival_follow_up_weeks": 12},
        "sample_size": {
            "endpoint": told.endpoint,
            "test": "log-rank",
            "hazard_ratio": told.ratio.number,
            "power": 0.8,
            "alpha": 0.05,
            "sides": 2,
            "patients": told.patients,
        },
        "analysis": {
            "populations": [{"id": "ITT", "label": "All randomized patients", "members": "randomized"}],
            "cuts": [{"id": "final", "label": "Data cut-off of the claims", "on": told.ends}],
            "confidence_level": told.ratio.level or 0.95,
            "ties": "efron",
            "interval": "log-log",
            "proportion_interval": "clopper-pearson",
            "stratified": False,
            "control": told.arms[1],
            "items": [items],
        },
    }


def _landmarks(told: Told) -> tuple[float, ...]:
    claims = [*told.points[0], *told.points[1], *told.others]
    return tuple(sorted({each.at_months for each in claims if each.at_months is not None}))


def least_scenario(told: Told, hazards: Mapping[str, tuple[list[float], list[float]]]) -> dict[str, Any]:
    """Return suppositions with the given hazards of progression, and which figure each hazard is fitted to."""
    name = "".join(c for c in told.trial.lower() if c.isalnum())
    return {
        "study": name,
        "label": _title(told),
        "until": told.ends + timedelta(days=31 * MONTHS_AFTER),
        "recruitment": _recruitment(told),
        "candidates": {
            "anchors": {"entry": "screening"},
            "variables": {
                "age": {"normal": {"mean": 60, "sd": 10, "low": 30, "high": 90}},
                "lesions": {"lesions": True},
            },
        },
        "lesions": {
            "organ_field": "organ",
            "measurable_field": "measurable",
            "organs": {"liver": {"share": 0.5, "measurable": 0.9}, "bone": {"share": 0.6, "measurable": 0.1}},
            "otherwise": "bone",
            "diameter_mm": (10, 80),
        },
        "progression": {arm: {"from_months": at, "hazard": rates} for arm, (at, rates) in hazards.items()},
        "death_before_progression": dict.fromkeys(told.arms, 0.002),
        "death_after_progression": dict.fromkeys(told.arms, 0.03),
        "leaving": {arm: {"from_months": (0,), "hazard": (0.005,)} for arm in told.arms},
        **_conduct(told),
        "calibration": [
            {"parameter": f"progression.{arm}.hazard.{k}", "claim": point.id, "scale": "log"}
            for arm, points in zip(told.arms, told.points, strict=True)
            for k, point in enumerate(points)
        ],
    }


def _recruitment(told: Told) -> dict[str, Any]:
    return {
        "opens_on": told.opens,
        "opening_months": 0.1,
        "per_site_month": told.patients / (SITES * told.accrual_months),
        "heterogeneity": 1000.0,
        "screening_days": (1, 2),
        "first_dose_days": (0, 1),
    }


def _conduct(told: Told) -> dict[str, Any]:
    return {
        "scans": {
            "jitter_sd_days": 2,
            "missed": 0.02,
            "not_evaluable": 0.01,
            "unscheduled": 0.1,
            "unscheduled_days": (0, 10),
        },
        "response": {"share": dict.fromkeys(told.arms, 0.1), "second_scan": 0.4},
        "adverse_events": (),
        "treatment": {
            "never": dict.fromkeys(told.arms, 0.01),
            "stops_for_toxicity": dict.fromkeys(told.arms, 0.005),
            "next_therapy": 0.6,
            "next_therapy_days": (10, 40),
            "chemotherapy": 0.5,
            "delayed_cycles": 0.1,
        },
        "samples_missed": {},
        "contacts": {"every_days": 60, "lost": 0.002},
    }
