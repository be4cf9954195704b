"""The grammar of printed results: which numbers of a text say what.

It is written out in docs/reference/intake-grammar.md. Every number of a text ends in exactly one of three heaps: part
of a drafted claim, context (a date, a dose, a duration, an identifier), or not understood, with its place. Nothing is
drafted that is not printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trialwright.evidence.intake_patterns import (
    AGAINST,
    ANCHORS,
    BARE,
    CONTEXT,
    COUNTS,
    ENDPOINTS,
    INTERVAL,
    NUMERAL,
    P_VALUE,
    SHARES,
    UNIT,
    N,
    plain,
)

__all__ = ["Found", "Numeral", "Reading", "read_text"]

_PAIRED = {"median", "rate", "share"}
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(])|\n")
_REACH, _GAP = 110, 14


@dataclass(frozen=True)
class Numeral:
    """A number as it stands in a text."""

    start: int
    end: int
    value: float
    decimals: int


@dataclass(frozen=True)
class Found:
    """One result read from a text."""

    statistic: str
    start: int
    end: int
    value: float
    decimals: int
    endpoint: str = ""
    unit: str = ""
    at: float | None = None
    """Months of a rate at a time."""
    side: int | None = None
    """0 or 1: first or second number of a comparison such as "4.9 v 3.6 months"; None for one that stands alone."""
    lower: float | None = None
    upper: float | None = None
    level: float | None = None
    p: float | None = None
    operator: str | None = None
    sides: int | None = None
    of: int | None = None
    """Denominator printed with a count."""
    used: frozenset[int] = frozenset()
    """Starts of all numbers of the text that it accounts for."""


@dataclass(frozen=True)
class Reading:
    """A text, every number of it accounted for."""

    found: tuple[Found, ...]
    context: tuple[tuple[Numeral, str], ...]
    not_understood: tuple[Numeral, ...]


def read_text(text: str) -> Reading:
    """Return what a text says in numbers.

    >>> reading = read_text("Median PFS was 5.1 v 4.0 months (hazard ratio 0.80; 95% CI, 0.61 to 1.05; P = .11).")
    >>> [(found.statistic, found.value) for found in reading.found]
    [('median', 5.1), ('median', 4.0), ('hazard ratio', 0.8)]
    >>> reading.found[-1].lower, reading.found[-1].p, reading.not_understood
    (0.61, 0.11, ())
    """
    same = plain(text)
    numerals = {n.start: n for n in _numerals(same)}
    found = list(_anchored(same, numerals))
    taken = {start for one in found for start in one.used}
    for one in _counted(same, numerals, taken):
        found.append(one)
        taken |= one.used
    context = [(n, kind) for n, kind in _contexts(same, numerals) if n.start not in taken]
    known = taken | {n.start for n, _ in context}
    left = tuple(n for start, n in numerals.items() if start not in known)
    return Reading(tuple(sorted(found, key=lambda one: one.start)), tuple(context), left)


def _numerals(text: str) -> Iterator[Numeral]:
    for match in NUMERAL.finditer(text):
        if match["number"]:
            yield _numeral(text, match.start("number"), match.end("number"))


def _numeral(text: str, start: int, end: int) -> Numeral:
    written = text[start:end].replace(",", "")
    return Numeral(start, end, float(written), len(written.partition(".")[2]))


def _anchored(text: str, numerals: dict[int, Numeral]) -> Iterator[Found]:
    """Yield the numbers that follow the name of a statistic, with their intervals and P values."""
    anchors = sorted(_anchors(text), key=lambda anchor: anchor[1].start())
    spent: set[int] = set()
    ends = [anchor.start() for _, anchor in anchors[1:]] + [len(text)]
    for (statistic, anchor), end in zip(anchors, ends, strict=False):
        stop = min(end, _sentence_end(text, anchor.end()))
        for one in _values(text, statistic, anchor, stop, numerals):
            if not one.used & spent:
                spent |= one.used
                yield one


def _anchors(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    matches = [(statistic, match) for statistic, pattern in ANCHORS for match in pattern.finditer(text)]
    matches.sort(key=lambda pair: (pair[1].start(), -pair[1].end()))
    last = -1
    for statistic, match in matches:
        if match.start() >= last:
            last = match.end()
            yield statistic, match


def _sentence_end(text: str, start: int) -> int:
    found = _SENTENCE.search(text, start)
    return found.start() if found else len(text)


def _values(
    text: str, statistic: str, anchor: re.Match[str], stop: int, numerals: dict[int, Numeral]
) -> Iterator[Found]:
    first = _first_value(text, anchor.end(), stop, statistic, numerals)
    if first is None:
        return
    one = _dressed(text, (statistic, anchor), first, stop, numerals)
    second = _second_value(text, one, stop, numerals) if statistic in _PAIRED else None
    if second is None:
        yield one
        return
    other = _dressed(text, (statistic, anchor), second, stop, numerals)
    unit = one.unit or other.unit
    yield replace(one, side=0, unit=unit)
    yield replace(other, side=1, unit=unit, used=other.used - one.used)


def _first_value(text: str, start: int, stop: int, statistic: str, numerals: dict[int, Numeral]) -> Numeral | None:
    for at in range(start, min(stop, start + _REACH)):
        if at in numerals and not _is_aside(text, numerals[at], statistic):
            return numerals[at]
    return None


def _is_aside(text: str, numeral: Numeral, statistic: str) -> bool:
    """Whether a number near a name is something else: a level, a limit, a P value, n = 12, a time, a date."""
    spans = [*INTERVAL.finditer(text), *P_VALUE.finditer(text)]
    if any(span.start() <= numeral.start < span.end() for span in spans):
        return True
    before = text[max(0, numeral.start - 6) : numeral.start]
    if re.search(r"\bn\s*=\s*$", before) or re.match(r"-(?:month|year|week|day)", text[numeral.end :]):
        return True
    if statistic == "alpha":
        return False
    percent = bool(re.match(r"\s*(?:%|percent\b|per cent\b)", text[numeral.end :], re.IGNORECASE))
    if statistic in {"share", "rate"}:
        return not percent and not _shares_unit(text, numeral)
    return percent


def _shares_unit(text: str, numeral: Numeral) -> bool:
    """Whether the unit comes only after the second number: "40.9 v 28.6 %"."""
    rest = text[numeral.end : numeral.end + 60]
    return bool(re.match(rf"\s*(?:\([^)]*\)\s*)?(?:v|vs\.?|versus|and|to)\s+(?:{N})(?:\s*\([^)]*\))?\s*%", rest))


def _dressed(
    text: str, named: tuple[str, re.Match[str]], value: Numeral, stop: int, numerals: dict[int, Numeral]
) -> Found:
    """Return the value with what is printed behind it: unit, interval with its level, P value."""
    statistic, anchor = named
    unit = UNIT.match(text, value.end)
    end = unit.end() if unit else value.end
    interval = _interval_after(text, end, stop)
    end = interval.end() if interval else end
    p = _p_after(text, end, stop, numerals)
    parts = interval.groupdict() if interval else {}
    tested = p.groupdict() if p else {}
    used = {value.start} | {at for at in numerals if anchor.start() <= at < anchor.end()}
    for match, names in ((interval, ("level", "lower", "upper")), (p, ("p",))):
        used |= {match.start(name) for name in names if match and match.groupdict().get(name)}
    return Found(
        statistic,
        value.start,
        p.end() if p else end,
        value.value,
        value.decimals,
        _endpoint(text, anchor),
        unit[0].strip() if unit else "",
        at=float(anchor["at"]) if "at" in anchor.groupdict() else None,
        lower=_number(parts.get("lower")),
        upper=_number(parts.get("upper")),
        level=_number(parts.get("level")),
        p=_number(tested.get("p")),
        operator=_operator(tested.get("operator")),
        sides={"one": 1, "1": 1, "two": 2, "2": 2}.get((tested.get("sides") or "").lower()),
        used=frozenset(used),
    )


def _interval_after(text: str, end: int, stop: int) -> re.Match[str] | None:
    """Return the interval printed right behind a value, with nothing but punctuation and a unit between."""
    for pattern in (INTERVAL, BARE):
        match = pattern.search(text, end, stop)
        if match and match.start() - end <= _GAP and not re.search(r"\d", text[end : match.start()]):
            return match
    return None


def _p_after(text: str, end: int, stop: int, numerals: dict[int, Numeral]) -> re.Match[str] | None:
    """Return the P value that follows with no other number between."""
    match = P_VALUE.search(text, end, min(stop, end + _REACH))
    if match is None or any(end <= at < match.start() for at in numerals):
        return None
    return match


def _second_value(text: str, first: Found, stop: int, numerals: dict[int, Numeral]) -> Numeral | None:
    """Return the number that the first is compared with: the next one behind "v", "versus", "compared with", "and"."""
    against = AGAINST.search(text, first.end, min(stop, first.end + _REACH))
    if against is None:
        return None
    for at in sorted(numerals):
        if at >= against.end():
            near = at < min(stop, against.end() + _REACH)
            free = not any(
                span.start() <= at < span.end() for span in (*INTERVAL.finditer(text), *P_VALUE.finditer(text))
            )
            named = re.search(r"\bn\s*=\s*$", text[max(0, at - 6) : at])
            if named:
                continue
            return (
                numerals[at] if near and free and not re.match(r"-(?:month|year)", text[numerals[at].end :]) else None
            )
    return None


def _endpoint(text: str, anchor: re.Match[str]) -> str:
    """Return the endpoint named in the anchor itself, else the last one named before it in the text."""
    for name, pattern in ENDPOINTS.items():
        if pattern.search(anchor[0]):
            return name
    if re.search(SHARES, anchor[0], re.IGNORECASE):
        return anchor[0]
    named = [
        (m.start(), name) for name, pattern in ENDPOINTS.items() for m in pattern.finditer(text, 0, anchor.start())
    ]
    return max(named)[1] if named else ""


def _counted(text: str, numerals: dict[int, Numeral], taken: set[int]) -> Iterator[Found]:
    """Yield counts: patients, events, sites, 54 of 135 (40.0%)."""
    for statistic, pattern in COUNTS:
        for match in pattern.finditer(text):
            groups = {name: match.start(name) for name, written in match.groupdict().items() if written}
            used = frozenset(at for at in groups.values() if at in numerals)
            if used & taken or not used:
                continue
            value = numerals.get(groups.get("value", groups.get("behind", -1)))
            if value is None:
                continue
            taken |= used
            of = int(numerals[groups["of"]].value) if groups.get("of") in numerals else None
            yield Found(
                statistic, value.start, match.end(), value.value, value.decimals, of=of, used=used,
                unit="%" if statistic == "power" else "" if statistic == "count" else statistic,
            )  # fmt: skip


def _contexts(text: str, numerals: dict[int, Numeral]) -> Iterator[tuple[Numeral, str]]:
    seen: set[int] = set()
    for kind, pattern in CONTEXT:
        for match in pattern.finditer(text):
            for at, numeral in numerals.items():
                if match.start() <= at < match.end() and at not in seen:
                    seen.add(at)
                    yield numeral, kind


def _number(written: str | None) -> float | None:
    return None if written is None else float(written.replace(",", ""))


def _operator(written: str | None) -> str | None:
    return None if written is None else {"≤": "<=", "≥": ">=", "<": "<", ">": ">"}.get(written, "=")
