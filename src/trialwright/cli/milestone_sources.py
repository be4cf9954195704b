"""What a forecast of milestones rests on: the plan of a study, or the pooled data of a running trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from trialwright.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from trialwright.design import AveragedModel, EventModel, Forecast, InterimFit, Scenario
    from trialwright.protocol import Protocol
    from trialwright.records import TrialData

__all__ = ["Source", "from_data", "from_plan"]

Say = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """A forecast with what it was made from."""

    forecast: Forecast
    day_0: date
    kind: str
    """``plan`` or ``data``."""
    title: str
    assumptions: tuple[str, ...]
    details: Mapping[str, Any]
    """What the JSON says besides: fitted models and recruitment."""

    def day(self, on: date) -> int:
        """Return the day of a date in the forecast."""
        return (on - self.day_0).days


def from_plan(  # noqa: PLR0917 - the options of the command
    protocol: Protocol, scenario: Scenario, endpoint: str, draws: int, seed: int, say: Say
) -> Source:
    """Return the forecast of protocol and scenario: the virtual trials of the array-level simulator."""
    from trialwright import simulate

    chunks = -(-draws // 100)

    def told(work: Callable[[Any], Any], parts: Iterable[Any]) -> Iterator[Any]:
        for done, part in enumerate(parts, 1):
            yield work(part)
            say(done, chunks)

    forecast = simulate.scenario_forecast(protocol, scenario, endpoint, draws, seed, map=told)
    opens = scenario.recruitment
    return Source(
        forecast,
        opens.opens_on,
        "plan",
        f"forecast from the plan, {draws:,} virtual trials, seed {seed}",
        (
            f"Supposed is the scenario {scenario.label!r}.",
            f"Recruitment: {forecast.patients} patients, {len(protocol.sites)} centers opening within"
            f" {opens.opening_months:g} months from {opens.opens_on}, {opens.per_site_month:g} consents per center and"
            f" month, gamma rates of shape {opens.heterogeneity:g}.",
            _counted(protocol, endpoint),
            "What is supposed is taken as known: intervals carry the chance of one trial, not doubt of the scenario.",
        ),
        {},
    )


def from_data(
    protocol: Protocol,
    data: TrialData,
    endpoint: str,
    *,
    openings: Path | None,
    models: Sequence[EventModel],
    draws: int,
    seed: int,
    say: Say,
) -> Source:
    """Return the forecast of a trial already cut: pooled, without a look at the arms."""
    from trialwright.cli.milestone_data import EPOCH, centers_at, interim_at
    from trialwright.design import fit_interim, forecast_interim

    if data.cutoff is None:
        raise DataError("the data must be cut at a date before they are forecast")
    interim = interim_at(protocol, data, endpoint)
    patients = max(protocol.design.enrollment, len(interim.days))
    coming = patients - len(interim.days)
    centers, told = centers_at(protocol, data, openings) if coming else (None, ())
    fit = fit_interim(interim, patients=patients, centers=centers, models=models, leaving_models=models)
    forecast = forecast_interim(fit, draws=draws, seed=seed, say=say)
    return Source(
        forecast,
        EPOCH,
        "data",
        f"forecast from the data at {data.cutoff}, {draws:,} draws, seed {seed}",
        (*_said(fit), *told, *_rules(protocol, endpoint)),
        _details(fit),
    )


def _said(fit: InterimFit) -> list[str]:
    """Return what the data said, in sentences."""
    interim = fit.interim
    lines = [
        f"Data: {len(interim.days)} of {fit.patients} patients randomized, {interim.event.sum()} events,"
        f" {interim.followed.sum()} followed, {interim.left.sum()} left without the event; arms are not looked at.",
        f"Time to event: {_weights(fit.events)} (weights by BIC).",
        f"Time to leaving: {_weights(fit.leaving)}.",
    ]
    if fit.recruitment:
        rate = fit.recruitment.rate * 365.25 / 12
        lines.append(
            f"Recruitment: Poisson-gamma, {len(fit.recruitment.centers.names)} open centers,"
            f" {len(fit.recruitment.centers.planned)} to open, {rate:.3g} patients per center and month,"
            f" coefficient of variation {fit.recruitment.variation:.2g}."
        )
    return lines


def _weights(model: AveragedModel) -> str:
    parts = [f"{each.name} {each.weight:.0%}" for each in model.models if each.course is not None]
    parts += [f"{each.name} left out ({each.problem})" for each in model.models if each.course is None]
    return ", ".join(parts)


def _rules(protocol: Protocol, endpoint: str) -> tuple[str, ...]:
    left = "left the study"
    if "progression" in _events(protocol, endpoint):
        left = f"has missed more assessments than {endpoint} allows or {left}"
    return _counted(protocol, endpoint), f"A patient who {left} has no event any more."


def _counted(protocol: Protocol, endpoint: str) -> str:
    """Return on which day an event counts: a progression is there before it is seen."""
    days = {"progression": f"progression at scans {_intervals(protocol)}", "death": "death on its day"}
    named = [days.get(event, f"{event} when it is known") for event in _events(protocol, endpoint)]
    return f"Events are counted when they are seen, by the censoring rules of {endpoint}: {', '.join(named)}."


def _events(protocol: Protocol, endpoint: str) -> tuple[str, ...]:
    return tuple(getattr(protocol.endpoint(endpoint), "events", ()))


def _intervals(protocol: Protocol) -> str:
    steps = protocol.assessments.every_weeks
    return ", ".join(f"every {every:g} weeks" + (f" from week {start}" if start else "") for start, every in steps)


def _details(fit: InterimFit) -> dict[str, Any]:
    found: dict[str, Any] = {
        "patients": fit.patients,
        "randomized": len(fit.interim.days),
        "events": int(fit.interim.event.sum()),
        "left": int(fit.interim.left.sum()),
        "event_models": _models(fit.events),
        "leaving_models": _models(fit.leaving),
    }
    if fit.recruitment:
        found["recruitment"] = {
            "centers_open": len(fit.recruitment.centers.names),
            "centers_to_open": len(fit.recruitment.centers.planned),
            "patients_per_center_and_day": fit.recruitment.rate,
            "coefficient_of_variation": fit.recruitment.variation,
            "log_likelihood": fit.recruitment.log_likelihood,
        }
    return found


def _models(model: AveragedModel) -> list[dict[str, Any]]:
    fields = ("name", "weight", "bic", "log_likelihood", "problem")
    return [{field: getattr(each, field) for field in fields} for each in model.models]
