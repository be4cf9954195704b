"""The statistician's list: every allocation of a trial written down beforehand, and checked before it is used."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from trialwright.errors import DataError
from trialwright.randomize.allocation import Allocator, Assignment
from trialwright.randomize.scheme import Scheme

__all__ = ["generate_list", "list_csv", "list_sha256", "read_list"]

COLUMNS = ("list", "stratum", "position", "block", "place", "arm")


def generate_list(scheme: Scheme, key: bytes, list_id: str, places: int) -> tuple[Assignment, ...]:
    """Return at least ``places`` allocations of every stratum, in whole blocks; they are those of ``allocate``.

    >>> rows = generate_list(Scheme.of({"A": 2, "B": 1}, [3]), bytes(32), "example", 4)
    >>> len(rows), rows[5].block, rows[5].place
    (6, 1, 2)
    """
    if type(places) is not int or places < 1:
        raise ValueError(f"places must be a whole number of at least 1; got {places!r}")
    allocator = Allocator(scheme, key, list_id)
    return tuple(row for stratum in scheme.strata for row in _stratum(allocator, stratum, places))


def list_csv(rows: Iterable[Assignment]) -> bytes:
    """Return the list as CSV in UTF-8 with the columns list, stratum, position, block, place and arm.

    >>> list_csv([Assignment("A", "example", "all", 0, 0, 0)]).decode().split()
    ['list,stratum,position,block,place,arm', 'example,all,0,0,0,A']
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((row.list_id, row.stratum, row.position, row.block, row.place, row.arm) for row in rows)
    return text.getvalue().encode()


def list_sha256(content: bytes) -> str:
    """Return the SHA-256 of the bytes of a list in hex, by which the file that was approved is known again.

    >>> list_sha256(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(content).hexdigest()


def read_list(content: bytes, *, source: str, sha256: str | None = None) -> tuple[Assignment, ...]:
    """Return the rows of a list in the order of the file; what they say is for ``check_list`` to judge.

    ``source`` names the file in messages. DataError, with the line and never naming an arm, when the bytes are not
    those of ``sha256`` or are not a list.

    >>> read_list(b"list,stratum,position,block,place,arm\\nx,all,0,0,0,A\\n", source="x.csv")[0].stratum
    'all'
    """
    if sha256 is not None and list_sha256(content) != sha256.strip().lower():
        found = list_sha256(content)
        raise DataError(
            f"{source}: SHA-256 must be {sha256}; it is {found}. The file is not the one meant, or changed."
        )
    reader = csv.reader(io.StringIO(_text(content, source), newline=""), strict=True)
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise DataError(f"{source}, line 1: columns must be {','.join(COLUMNS)}, in this order")
        rows = tuple(_row(cells, f"{source}, line {reader.line_num}") for cells in reader)
    except csv.Error as error:
        raise DataError(f"{source}, line {reader.line_num}: not CSV: {error}") from None
    if not rows:
        raise DataError(f"{source}: the list must have rows; it has none")
    return rows


def _stratum(allocator: Allocator, stratum: str, places: int) -> Sequence[Assignment]:
    rows = [allocator.at(stratum, position) for position in range(places)]
    last = rows[-1].block
    return rows + list(takewhile(lambda row: row.block == last, _after(allocator, stratum, places)))


def _after(allocator: Allocator, stratum: str, position: int) -> Iterator[Assignment]:
    while True:
        yield allocator.at(stratum, position)
        position += 1


def _text(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{source}: must be UTF-8; byte {error.start} is not") from None


def _row(cells: list[str], where: str) -> Assignment:
    if len(cells) != len(COLUMNS):
        raise DataError(f"{where}: must have {len(COLUMNS)} cells; has {len(cells)}")
    list_id, stratum, position, block, place, arm = cells
    if not (list_id and stratum and arm):
        raise DataError(f"{where}: list, stratum and arm must not be empty")
    numbers = zip(COLUMNS[2:5], (position, block, place), strict=True)
    return Assignment(arm, list_id, stratum, *(_number(text, name, where) for name, text in numbers))


def _number(text: str, name: str, where: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise DataError(f"{where}: {name} must be a whole number from 0; got {text!r}")
    return int(text)
