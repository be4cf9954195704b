"""A document as passages of text that know their place: registry records, PubMed, MARC, pages and plain text."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from trialwright.errors import DocumentError

__all__ = ["DocumentKind", "Passage", "Place", "passages"]

DocumentKind = Literal["registry record", "registry text", "PubMed", "MARC", "page", "text"]


@dataclass(frozen=True)
class Place:
    """Where something stands in a document."""

    file: str
    line: int
    column: int
    field: str = ""
    """Field of the record, such as AB, 520 or a path within JSON; empty in running text."""

    def __str__(self) -> str:
        """Return file, line and column as editors read them, with the field."""
        return f"{self.file}:{self.line}:{self.column}" + (f" ({self.field})" if self.field else "")


@dataclass(frozen=True)
class Passage:
    """A stretch of text read as one: a paragraph, or one field of a record."""

    text: str
    file: str
    marks: tuple[tuple[int, int, int], ...]
    """Offset within ``text`` from which line and column of the file hold."""
    field: str = ""
    speaks: bool = True
    """Whether it can state results; False for fields of identifiers and dates."""

    def place(self, offset: int) -> Place:
        """Return the place of an offset within the text."""
        start, line, column = self.marks[bisect_right(self.marks, (offset, 10**9, 10**9)) - 1]
        return Place(self.file, line, column + offset - start, self.field)


def passages(path: Path) -> tuple[DocumentKind, tuple[Passage, ...]]:
    """Return the kind of a document and its passages; DocumentError when it cannot be read as text."""
    raw = _bytes(path)
    if re.match(rb"\d{5}[acdnp]", raw[:6]) and b"\x1e" in raw:
        return "MARC", tuple(_iso2709(raw, path.name))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: must be UTF-8 text; byte {error.start} is not. Save it as UTF-8.") from error
    return _kind_of(text, path)


def _kind_of(text: str, path: Path) -> tuple[DocumentKind, tuple[Passage, ...]]:
    lines = text.splitlines()
    if path.suffix == ".json":
        return "registry record", tuple(_leaves(_json(text, path), text, path.name))
    if any(re.match(r"PMID\s*- ", line) for line in lines[:5]):
        return "PubMed", tuple(_tagged(lines, path.name, r"([A-Z]{2,4}) *- ", {"TI", "AB", "OAB"}))
    if "<datafield" in text:
        return "MARC", tuple(_paragraphs(_without_tags(text).splitlines(), path.name))
    if any(re.match(r"=?\d{3}\s+[\d\\#_ ]{0,2}\s*[$|‡]a", line) for line in lines):
        return "MARC", tuple(_tagged(lines, path.name, r"=?(\d{3})\s+(?=[\d\\#_ $|‡])", {"245", "500", "520"}))
    if re.match(r"\s*(<!doctype html|<html)", text, re.IGNORECASE):
        return "page", tuple(_paragraphs(_without_tags(text).splitlines(), path.name))
    registry = re.search(r"\bNCT\d{8}\b", text) and re.search(r"(?m)^\s*(Enrollment|Study Start)\b", text)
    return ("registry text" if registry else "text"), tuple(_paragraphs(lines, path.name))


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}") from error
    if not raw.strip():
        raise DocumentError(f"{path}: must hold a document; it is empty")
    return raw


def _json(text: str, path: Path) -> Any:
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    if not isinstance(record, dict) or "protocolSection" not in record:
        raise DocumentError(
            f"{path}: must be a ClinicalTrials.gov study record of API v2 with a protocolSection; it has none"
        )
    return {name: record[name] for name in ("protocolSection", "resultsSection") if name in record}


def _paragraphs(lines: list[str], file: str) -> Iterator[Passage]:
    numbered = list(enumerate(lines, start=1))
    for filled, group in groupby(numbered, key=lambda pair: bool(pair[1].strip())):
        if filled:
            yield _joined([(number, 1, line) for number, line in group], file)


def _joined(parts: list[tuple[int, int, str]], file: str, field: str = "", speaks: bool = True) -> Passage:
    """Return one passage of (line, column of its first character, text), the lines joined by a blank."""
    marks, texts, offset = [], [], 0
    for line, column, text in parts:
        marks.append((offset, line, column))
        texts.append(text)
        offset += len(text) + 1
    return Passage(" ".join(texts), file, tuple(marks), field, speaks)


def _tagged(lines: list[str], file: str, tag: str, speaking: set[str]) -> Iterator[Passage]:
    """Yield the fields of a record whose lines begin with a tag; other lines go on with the field before."""
    field = ""
    parts: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines, start=1):
        found = re.match(tag, line)
        if found:
            if parts:
                yield _joined(parts, file, field, field in speaking)
            field, parts = found[1], []
        start = found.end() if found else len(line) - len(line.lstrip())
        if line.strip():
            parts.append((number, start + 1, line[start:]))
    if parts:
        yield _joined(parts, file, field, field in speaking)


def _iso2709(raw: bytes, file: str) -> Iterator[Passage]:
    """Yield the fields of MARC records as exchanged (ISO 2709): leader, directory of twelve bytes a field, data."""
    for record in raw.split(b"\x1d"):
        if len(record) < 24:
            continue
        base, directory = int(record[12:17]), record[24 : record.index(b"\x1e")]
        for at in range(0, len(directory), 12):
            tag, length, start = (
                directory[at : at + 3].decode(),
                int(directory[at + 3 : at + 7]),
                int(directory[at + 7 : at + 12]),
            )
            data = record[base + start : base + start + length].rstrip(b"\x1e").decode("utf-8", "replace")
            text = re.sub(r"\x1f.", " ", data)
            yield _joined([(1, 1, text)], file, tag, tag in {"245", "500", "520"})


SILENT = re.compile(r"Id$|Ids?\b|date|Date|version|Version|url|geoPoint|zip|phone|references|derived|miscInfo|Info\.id")


def _leaves(node: Any, text: str, file: str, path: str = "") -> Iterator[Passage]:
    """Yield the texts and numbers of a record with their path; the line is that of their first mention."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _leaves(child, text, file, f"{path}.{name}".lstrip("."))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _leaves(child, text, file, f"{path}[{index}]")
    elif isinstance(node, str | int | float) and not isinstance(node, bool):
        written = json.dumps(node, ensure_ascii=False)
        line, column = _line_of(text, written)
        yield Passage(str(node), file, ((0, line, column),), path, not SILENT.search(path))


def _line_of(text: str, written: str) -> tuple[int, int]:
    at = text.find(written)
    before = text[: max(at, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


class _Blank(HTMLParser):
    """Replaces everything that is not text by blanks, so that lines and columns stay."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[tuple[tuple[int, int], str]] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.kept.append((self.getpos(), data))


def _without_tags(text: str) -> str:
    blank = _Blank()
    blank.feed(text)
    rows = [[" "] * len(line) for line in text.split("\n")]
    for (line, column), data in blank.kept:
        for number, part in enumerate(data.split("\n")):
            start = column if number == 0 else 0
            rows[line - 1 + number][start : start + len(part)] = part
    return "\n".join("".join(row).rstrip() for row in rows)
