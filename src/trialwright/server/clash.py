"""Two people at one row: what the other one changed meanwhile, and a form that keeps what this one typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.conduct import Field, Form

if TYPE_CHECKING:
    from trialwright.conduct import Row, Version

__all__ = ["Clash", "clash_of", "shown_values"]


@dataclass(frozen=True)
class Clash:
    """A correction that came after somebody else's."""

    changed: list[list[str | None]]
    """Field, as this one saw it, as it is now, as this one typed it (None where it was left alone)."""
    values: dict[str, str]
    """The form again: what was typed stays, what was left alone follows the row as it is now."""


def shown_values(form: Form, version: Version) -> dict[str, str]:
    """Return a version of a row as the controls of its form hold it."""
    kept = version.values or {}
    return {one.name: one.shown(kept.get(one.name)) for one in form.values} | {
        f"{one.name}--none": version.without.get(one.name, "") for one in form.values
    }


def clash_of(form: Form, row: Row, sent: Mapping[str, str]) -> Clash | None:
    """Return what changed between the version that a form was made from and the one in force; None without any.

    A field left alone must not bring the old value back: it takes the one that the other person gave.
    """
    seen = next((one for one in row.versions if str(one.number) == sent.get("version")), None)
    if seen is None or seen is row.now or row.struck:
        return None
    before, now = shown_values(form, seen), shown_values(form, row.now)
    typed = {name: sent.get(name, "").strip() for name in before}
    mine = {name: text for name, text in typed.items() if text != before[name]}
    changed = [_line(one, before, now, mine) for one in form.values if _differs(one, before, now)]
    return Clash(changed, {**dict(sent), **now, **mine})


def _differs(one: Field, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return any(before[name] != now[name] for name in (one.name, f"{one.name}--none"))


def _line(one: Field, before: Mapping[str, str], now: Mapping[str, str], mine: Mapping[str, str]) -> list[str | None]:
    """Return one field at the three places; a reason for having no value stands for the value."""

    def told(at: Mapping[str, str]) -> str | None:
        return at.get(one.name) or at.get(f"{one.name}--none") or None

    return [one.label, told(before), told(now), told(mine)]
