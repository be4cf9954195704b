"""What ``design milestones`` prints: dates and counts with their intervals, as values, text, JSON and a figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.cli.milestone_sources import Source
    from trialwright.design import Forecast, Prediction
    from trialwright.protocol import Protocol

__all__ = ["answer", "as_json", "as_text", "figure"]

Answer = dict[str, Any]
LEVELS = (0.5, 0.8, 0.95)
BAND_POINTS = 60


def answer(protocol: Protocol, endpoint: str, source: Source, numbers: Sequence[int], dates: Sequence[date]) -> Answer:
    """Return all that is printed, as plain values: dates as text, null for never."""
    forecast = source.forecast
    return {
        "study": protocol.identification.id,
        "endpoint": endpoint,
        "from": source.kind,
        "title": f"{protocol.identification.acronym}: events of {endpoint}, {source.title}",
        "milestones": [_milestone(forecast, source.day_0, number) for number in sorted(set(numbers))],
        "last_patient_in": _dated(forecast.last_patient_in(LEVELS), source.day_0),
        "by_date": [_by_date(source, on, numbers) for on in sorted(set(dates))],
        "assumptions": list(source.assumptions),
        **source.details,
    }


def _milestone(forecast: Forecast, day_0: date, number: int) -> Answer:
    ever = forecast.chance_by(number, float("inf"))
    when = _dated(forecast.date_of_event(number, LEVELS), day_0)
    return {"events": number, **when, "chance_ever": ever.value, "monte_carlo_error": ever.monte_carlo_error}


def _by_date(source: Source, on: date, numbers: Sequence[int]) -> Answer:
    forecast, day = source.forecast, source.day(on)
    chances = [(number, forecast.chance_by(number, day)) for number in sorted(set(numbers))]
    return {
        "date": on.isoformat(),
        "events": _plain(forecast.events_by(day, LEVELS)) | {"mean": forecast.mean_events_by(day)},
        "patients": _plain(forecast.patients_by(day, LEVELS)),
        "chance": [
            {"events": number, "value": chance.value, "monte_carlo_error": chance.monte_carlo_error}
            for number, chance in chances
        ],
    }


def _dated(found: Prediction, day_0: date) -> Answer:
    def on(day: float) -> str | None:
        return None if day == float("inf") else (day_0 + timedelta(days=int(day))).isoformat()

    limits = [{"level": level, "lower": on(lower), "upper": on(upper)} for level, lower, upper in found.intervals]
    return {"median": on(found.median), "intervals": limits}


def _plain(found: Prediction) -> Answer:
    limits = [{"level": level, "lower": lower, "upper": upper} for level, lower, upper in found.intervals]
    return {"median": found.median, "intervals": limits}


def as_json(found: Answer) -> str:
    """Return the answer with all digits."""
    import json

    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)


def as_text(found: Answer) -> str:
    """Return dates, counts and the assumptions they rest on, fit for a terminal."""
    whens = [(f"{row['events']} events", row) for row in found["milestones"]]
    whens.append(("last patient in", found["last_patient_in"]))
    heads = "".join(f"{f'{100 * level:g} %':<26}" for level in LEVELS)
    lines = [found["title"], "", f"{'':<17}{'median':<14}{heads}".rstrip()]
    lines += [f"{name:<17}{row['median'] or 'never':<14}{_limits(row)}".rstrip() for name, row in whens]
    lines += [
        f"{row['events']} events are reached in {row['chance_ever']:.1%} of the possible trials, in the others never."
        for row in found["milestones"]
        if row["chance_ever"] < 1
    ]
    lines += _counts(found["by_date"])
    return "\n".join([*lines, "", *_wrapped(found["assumptions"])])


def _limits(row: Answer) -> str:
    return "".join(f"{limit['lower'] or 'never'} to {limit['upper'] or 'never':<12}" for limit in row["intervals"])


def _counts(rows: Sequence[Answer]) -> list[str]:
    if not rows:
        return []
    numbers = [chance["events"] for chance in rows[0]["chance"]]
    chances = "".join(f"{f'chance of {number}':<16}" for number in numbers)
    head = f"{'by':<16}{'events (95 %)':<22}{'patients (95 %)':<22}{chances}"
    return ["", head.rstrip(), *(_count(row).rstrip() for row in rows)]


def _count(row: Answer) -> str:
    def shown(part: Answer) -> str:
        widest = part["intervals"][-1]
        return f"{part['median']:.0f} ({widest['lower']:.0f} to {widest['upper']:.0f})"

    chances = "".join(f"{chance['value']:<16.1%}" for chance in row["chance"])
    return f"{row['date']:<16}{shown(row['events']):<22}{shown(row['patients']):<22}{chances}"


def _wrapped(sentences: Sequence[str]) -> Iterator[str]:
    import textwrap

    for sentence in sentences:
        yield from textwrap.wrap(sentence, 100, initial_indent="- ", subsequent_indent="  ")


def figure(found: Answer, source: Source, goal: int) -> str:
    """Return the figure from the beginning of the forecast until the goal is all but sure, 95 percent bands."""
    from trialwright.report import CountOnDate, milestone_figure

    forecast = source.forecast
    days = _days_drawn(forecast, goal)

    def row(day: int, label: bool, *, patients: bool) -> CountOnDate:
        name = (source.day_0 + timedelta(days=day)).strftime("%b %Y") if label else ""
        expected = (forecast.mean_patients_by if patients else forecast.mean_events_by)(day)
        found = (forecast.patients_by if patients else forecast.events_by)(day, (0.95,))
        return CountOnDate(name, day, expected, *found.interval(0.95))

    events, entered = ([row(*day, patients=patients) for day in days] for patients in (False, True))
    return milestone_figure(events, title=found["title"], goal=goal, level=0.95, patients=entered)


def _days_drawn(forecast: Forecast, goal: int) -> list[tuple[int, bool]]:
    """Return the days of the curve with whether each is labelled, about six of them."""
    import numpy as np

    when = forecast.days_of_event(goal)
    sure = when[np.isfinite(when)]
    last = forecast.last_patient_in((0.95,)).interval(0.95)[1]
    end = max(float(np.quantile(sure, 0.99, method="inverted_cdf")) if len(sure) else last, forecast.start + 30)
    days = np.unique(np.linspace(forecast.start, end, BAND_POINTS + 1).round().astype(int)).tolist()
    step = max(len(days) // 6, 1)
    return [(day, number % step == 0) for number, day in enumerate(days)]
