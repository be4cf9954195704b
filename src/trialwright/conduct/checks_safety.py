"""Edit checks of adverse events, laboratory values, deaths and follow-up."""

from __future__ import annotations

from collections.abc import Iterator

from trialwright.conduct.checks import Complaint, Look, check

__all__: list[str] = []


@check("grade out of range", "adverse_events", hard=True, says="CTCAE grades are 1 to 5")
def _grade(look: Look) -> Iterator[Complaint]:
    grade = look.row["grade"]
    if grade is not None and not 1 <= grade <= 5:
        yield Complaint("grade", f"must be 1 to 5; got {grade}")


@check("grade 5 without death", "adverse_events", hard=False, says="grade 5 means death")
def _grade_five(look: Look) -> Iterator[Complaint]:
    if look.row["grade"] == 5 and look.died_on is None:
        yield Complaint("grade", "grade 5 means death, and no death is recorded")


@check("severe and not serious", "adverse_events", hard=False, says="grade 4 and 5 are nearly always serious")
def _serious(look: Look) -> Iterator[Complaint]:
    if look.row["grade"] == 5 and look.row["serious"] is False:
        yield Complaint("serious", "grade 5 and recorded as not serious")


@check("event twice", "adverse_events", hard=False, says="one event is recorded once")
def _event_twice(look: Look) -> Iterator[Complaint]:
    for other in look.others("adverse_events"):
        if other["started_on"] == look.row["started_on"] and other["term"].lower() == look.row["term"].lower():
            yield Complaint("term", f"event {other['number']} has the same term and start")
            return


@check("range upside down", "laboratory", hard=True, says="the lower limit is not above the upper")
def _range(look: Look) -> Iterator[Complaint]:
    low, high = look.row["low"], look.row["high"]
    if low is not None and high is not None and low > high:
        yield Complaint("low", f"{low:g} is above the upper limit {high:g}")


@check("value without unit", "laboratory", hard=False, says="a number has its unit")
def _unit(look: Look) -> Iterator[Complaint]:
    if look.row["value"] is not None and look.row["unit"] is None:
        yield Complaint("unit", "a value is given without its unit")
    same = [o for o in look.others("laboratory") if o["test"] == look.row["test"] and o["unit"] is not None]
    if same and look.row["unit"] is not None and same[-1]["unit"] != look.row["unit"]:
        yield Complaint("unit", f"{look.row['unit']}, and {same[-1]['unit']} before; the unit as printed by the lab?")


@check("far outside the range", "laboratory", hard=False, says="values far from normal are looked at twice")
def _far(look: Look) -> Iterator[Complaint]:
    value, low, high = look.row["value"], look.row["low"], look.row["high"]
    if value is not None and ((high and value > 10 * high) or (low and value < low / 10)):
        yield Complaint("value", f"{value:g} is more than ten times beyond the normal range")


@check("death and end of study disagree", "dispositions", hard=False, says="a study that ends by death has its death")
def _end_by_death(look: Look) -> Iterator[Complaint]:
    if look.row["reason"] == "death" and look.row["ended"] == "study" and look.died_on is None:
        yield Complaint("reason", "the study ended by death, and no death is recorded")


@check("not the site's range", "laboratory", hard=False, says="limits are those the site stated for that day")
def _other_range(look: Look) -> Iterator[Complaint]:
    held = look.state.rows.range_on(look.record.site, look.row["test"], look.row["sampled_on"])
    given = (look.row["low"], look.row["high"])
    if held is not None and held.unit == look.row["unit"] and given not in {(held.low, held.high), (None, None)}:
        yield Complaint("low", f"{given[0]} to {given[1]}; the site stated {held.low} to {held.high} from {held.start}")
