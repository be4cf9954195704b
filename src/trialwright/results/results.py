"""The long table of results, with the methods and the subjects behind each number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Method", "Result", "Results", "result_key"]


def result_key(
    cut: str,
    endpoint: str,
    population: str,
    group: str,
    statistic: str,
    *,
    at: float | None = None,
    item: str | None = None,
) -> str:
    """Return the name of one number within a set of results.

    >>> result_key("final", "PFS", "ITT", "A", "rate", at=183.0)
    'final/PFS/ITT/A/rate/183'
    """
    parts = [cut, endpoint, population, group, statistic]
    parts += [] if at is None else [f"{at:g}"]
    parts += [] if item is None else [item]
    return "/".join(parts)


@dataclass(frozen=True)
class Method:
    """How a kind of number is computed."""

    id: str
    title: str
    formula: str
    """In words, with the convention for ties, intervals and rounding."""
    citation: str


@dataclass(frozen=True)
class Result:
    """One number, or the reason why there is none.

    ``value`` None means not estimable, never zero; ``problem`` then says why. ``group`` is an arm, or ``all``, or a
    comparison written ``A v B``. Times are days.
    """

    cut: str
    endpoint: str
    population: str
    group: str
    statistic: str
    value: float | None
    at: float | None = None
    """Day of a landmark, level of a quantile, or None."""
    item: str | None = None
    """Category the number belongs to: a baseline variable's level, an adverse event's term, a reason."""
    lower: float | None = None
    upper: float | None = None
    level: float | None = None
    """Confidence level of the limits."""
    unit: str = ""
    n: int | None = None
    """Subjects in the group."""
    events: int | None = None
    method: str = ""
    """Key of ``Results.methods``."""
    conventions: str = ""
    source: str = ""
    """Derived table, or table of TrialData, that the number was counted from."""
    subjects: str = ""
    """Key of ``Results.subjects``: the set of contributing subjects."""
    problem: str | None = None

    def __post_init__(self) -> None:
        for name in ("value", "at", "lower", "upper"):
            number = getattr(self, name)
            if number is not None and math.isnan(number):
                raise ValueError(f"{name} of {self.key} must be a number or None, got NaN")
        if self.value is None and self.problem is None:
            raise ValueError(f"{self.key} has no value: say why in problem")

    @property
    def key(self) -> str:
        """Return the name of this number, unique within a set of results."""
        return result_key(
            self.cut, self.endpoint, self.population, self.group, self.statistic, at=self.at, item=self.item
        )


@dataclass(frozen=True)
class Results:
    """All numbers of one analysis, in order."""

    rows: tuple[Result, ...]
    methods: Mapping[str, Method] = field(default_factory=dict)
    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the data behind the rows of each cut."""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for row in self.rows:
            if row.key in seen:
                raise ValueError(f"two results are called {row.key}")
            seen.add(row.key)
            if row.method and row.method not in self.methods:
                raise ValueError(f"{row.key} names the method {row.method!r}, which is not described")
            if row.subjects and row.subjects not in self.subjects:
                raise ValueError(f"{row.key} names the subjects {row.subjects!r}, which are not listed")

    def __iter__(self) -> Iterator[Result]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: Results) -> Results:
        """Return both, one after the other; ValueError when one cut would have rows of two states of the data."""
        differing = sorted(cut for cut in self.data if other.data.get(cut, self.data[cut]) != self.data[cut])
        if differing:
            raise ValueError(f"cut {differing[0]!r} comes from other data on the one side than on the other")
        return Results(
            self.rows + other.rows,
            {**self.methods, **other.methods},
            {**self.subjects, **other.subjects},
            {**self.data, **other.data},
        )

    def where(self, **wanted: Any) -> tuple[Result, ...]:
        """Return the rows whose fields equal those given, in order."""
        return tuple(row for row in self.rows if all(getattr(row, name) == value for name, value in wanted.items()))

    def one(self, **wanted: Any) -> Result:
        """Return the only row whose fields equal those given; ValueError when there is not exactly one."""
        found = self.where(**wanted)
        if len(found) != 1:
            raise ValueError(f"{len(found)} results have {wanted}; exactly one was expected")
        return found[0]

    def frame(self) -> pl.DataFrame:
        """Return the rows as one polars frame: key, a column for each field of Result, and the SHA-256 of the data."""
        import polars as pl

        kinds = {"float | None": pl.Float64, "int | None": pl.Int64}
        schema = {"key": pl.String} | {f.name: kinds.get(str(f.type), pl.String) for f in fields(Result)}
        rows = [{"key": row.key} | asdict(row) | {"data": self.data.get(row.cut)} for row in self.rows]
        return pl.DataFrame(rows, schema=schema | {"data": pl.String}, orient="row")

    def to_csv(self) -> str:
        """Return the rows as CSV; a number that could not be estimated is an empty field beside its problem."""
        return self.frame().write_csv()

    def to_json(self) -> str:
        """Return rows, methods, subjects and hashes of the data as JSON: the same results give the same bytes."""
        content = {
            "rows": [{"key": row.key} | asdict(row) for row in self.rows],
            "methods": {key: asdict(method) for key, method in self.methods.items()},
            "subjects": {key: list(ids) for key, ids in self.subjects.items()},
            "data": dict(self.data),
        }
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
