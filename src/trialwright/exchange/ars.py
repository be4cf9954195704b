"""Results as a reporting event of the CDISC Analysis Results Standard 1.0 (ARS, logical data model 2024-04)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.protocol import Protocol
    from trialwright.results import Result, Results

__all__ = ["reporting_event"]

GROUP, AT, ITEM = "GF_GROUP", "GF_AT", "GF_ITEM"
PARTS = ("value", "lower", "upper", "level", "n", "events", "problem")
"""What a row says, each an operation of its own: the standard knows one raw value for each operation and group."""
PURPOSES = {"primary": "PRIMARY OUTCOME MEASURE", "secondary": "SECONDARY OUTCOME MEASURE"}
EXPLORATORY = "EXPLORATORY OUTCOME MEASURE"


def reporting_event(results: Results, *, title: str, protocol: Protocol | None = None) -> dict[str, Any]:
    """Return results as the content of an ARS JSON file.

    Rows of one cut, endpoint, population, statistic, method and conventions are one analysis; its results are given by
    group, and by landmark and item where there are any. Conventions, code version and the SHA-256 of the data stand
    with each analysis. With ``protocol`` the analyses are planned ones, their purpose that of the endpoint; without,
    they are exploratory and driven by the data. Raw values have all digits; a number that could not be estimated is
    the operation ``problem`` with its reason.

    >>> from trialwright.results import Method, Result, Results
    >>> rows = (Result("table", "days", "all", "A", "median", 5.0, method="median"),)
    >>> event = reporting_event(Results(rows, {"median": Method("median", "Median", "50 %", "-")}), title="An example")
    >>> event["analyses"][0]["results"][0]["rawValue"]
    '5.0'
    """
    export = _Export(results, protocol)
    return {
        "id": "RE",
        "name": title,
        "version": 1,
        "mainListOfContents": _contents(export.analyses),
        "analysisSets": [
            {"id": export.set_id(name), "name": name, "label": export.label(name), "level": 1, "order": i + 1}
            for i, name in enumerate(export.populations)
        ],
        "dataSubsets": [
            {"id": export.cut_id(cut), "name": f"data cut-off {cut}", "level": 1, "order": i + 1}
            for i, cut in enumerate(export.cuts)
        ],
        "analysisGroupings": export.groupings(),
        "methods": [export.method(key) for key in export.operations],
        "analyses": export.analyses,
        "referenceDocuments": [
            {"id": export.data_id(cut), "name": f"data of the cut-off {cut}", "description": f"SHA-256 {digest}"}
            for cut, digest in results.data.items()
            if cut in export.cuts
        ],
    }


def _contents(analyses: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    items = [
        {"name": each["name"], "level": 1, "order": i + 1, "analysisId": each["id"]} for i, each in enumerate(analyses)
    ]
    return {"name": "List of analyses", "contentsList": {"listItems": items}}


Key = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True)
class _Export:
    """Results with the identifiers under which the standard lists their parts."""

    results: Results
    protocol: Protocol | None

    @cached_property
    def groups(self) -> dict[Key, list[Result]]:
        """Return the rows of each analysis."""
        found: dict[Key, list[Result]] = {}
        for r in self.results:
            key = (r.cut, r.endpoint, r.population, r.statistic, r.method, r.conventions, r.source)
            found.setdefault(key, []).append(r)
        return found

    @cached_property
    def cuts(self) -> list[str]:
        return list(dict.fromkeys(row.cut for row in self.results))

    @cached_property
    def populations(self) -> list[str]:
        return list(dict.fromkeys(row.population for row in self.results))

    @cached_property
    def operations(self) -> dict[tuple[str, str], list[str]]:
        """Return, for each method and statistic, the parts that occur."""
        found: dict[tuple[str, str], set[str]] = {}
        for row in self.results:
            found.setdefault((row.method, row.statistic), set()).update(part for part, _ in _parts(row))
        return {key: [part for part in PARTS if part in parts] for key, parts in found.items()}

    @cached_property
    def analyses(self) -> list[dict[str, Any]]:
        return [self._analysis(i + 1, key, rows) for i, (key, rows) in enumerate(self.groups.items())]

    def set_id(self, population: str) -> str:
        return f"AS{self.populations.index(population) + 1}_{_id(population)}"

    def cut_id(self, cut: str) -> str:
        return f"DS{self.cuts.index(cut) + 1}_{_id(cut)}"

    def data_id(self, cut: str) -> str:
        return f"DATA{self.cuts.index(cut) + 1}_{_id(cut)}"

    def method_id(self, key: tuple[str, str]) -> str:
        return f"M{self._method_numbers[key]}_{_id(key[0] or 'counted')}_{_id(key[1])}"

    def label(self, population: str) -> str:
        plans = () if self.protocol is None else self.protocol.analysis.populations
        return next((plan.label for plan in plans if plan.id == population), population)

    def groupings(self) -> list[dict[str, Any]]:
        """Return the factors by which results are given: group, landmark, item."""
        names = list(dict.fromkeys(row.group for row in self.results))
        listed = [
            {"id": self._group_id(name), "name": name, "level": 1, "order": i + 1} for i, name in enumerate(names)
        ]
        return [
            {"id": GROUP, "name": "arm, all, or a comparison with the control", "dataDriven": False, "groups": listed},
            {"id": AT, "name": "landmark", "dataDriven": True},
            {"id": ITEM, "name": "category", "dataDriven": True},
        ]

    def method(self, key: tuple[str, str]) -> dict[str, Any]:
        """Return a method of the standard: one statistic by one of our methods, with an operation for each part."""
        own = self.results.methods.get(key[0])
        title, words = (own.title, f"{own.formula} {own.citation}.") if own else ("Counted", "By definition.")
        made = [
            {"id": self._operation_id(key, part), "name": f"{key[1]}: {part}", "order": i + 1}
            for i, part in enumerate(self.operations[key])
        ]
        return {"id": self.method_id(key), "name": f"{title}: {key[1]}", "description": words, "operations": made}

    def _analysis(self, number: int, key: Key, rows: Sequence[Result]) -> dict[str, Any]:
        from trialwright import __version__

        cut, endpoint, population, statistic, method, conventions, source = key
        order = [
            GROUP,
            *([AT] if any(r.at is not None for r in rows) else []),
            *([ITEM] if any(map(_item, rows)) else []),
        ]
        units = ", ".join(sorted({row.unit for row in rows if row.unit}))
        words = [
            conventions,
            f"unit: {units}" if units else "",
            f"data SHA-256 {self.results.data.get(cut, 'not given')}",
        ]
        return {
            "id": f"AN{number}",
            "name": f"{endpoint}, {population}, {cut}: {statistic}",
            "description": "; ".join(filter(None, words)),
            "reason": {"controlledTerm": "DATA DRIVEN" if self.protocol is None else "SPECIFIED IN PROTOCOL"},
            "purpose": {"controlledTerm": self._purpose(endpoint)},
            "analysisSetId": self.set_id(population),
            "dataSubsetId": self.cut_id(cut),
            "dataset": source or "not stated",
            "variable": endpoint,
            "methodId": self.method_id((method, statistic)),
            "orderedGroupings": [
                {"order": i + 1, "groupingId": id, "resultsByGroup": True} for i, id in enumerate(order)
            ],
            "programmingCode": {"context": f"trialwright {__version__}"},
            **self._documents(cut),
            "results": [result for row in rows for result in self._results(row)],
        }

    def _documents(self, cut: str) -> dict[str, Any]:
        known = cut in self.results.data
        return {"documentRefs": [{"referenceDocumentId": self.data_id(cut)}]} if known else {}

    def _purpose(self, endpoint: str) -> str:
        plans = () if self.protocol is None else self.protocol.endpoints
        level = next((plan.level for plan in plans if plan.id == endpoint), "")
        return PURPOSES.get(level, EXPLORATORY)

    def _results(self, row: Result) -> Iterable[dict[str, Any]]:
        where: list[dict[str, str]] = [{"groupingId": GROUP, "groupId": self._group_id(row.group)}]
        where += [] if row.at is None else [{"groupingId": AT, "groupValue": f"{row.at:g}"}]
        where += [] if row.item is None else [{"groupingId": ITEM, "groupValue": row.item}]
        for part, raw in _parts(row):
            id = self._operation_id((row.method, row.statistic), part)
            yield {"operationId": id, "rawValue": raw, "formattedValue": _formatted(part, raw), "resultGroups": where}

    @cached_property
    def _method_numbers(self) -> dict[tuple[str, str], int]:
        return {key: i + 1 for i, key in enumerate(self.operations)}

    @cached_property
    def _group_numbers(self) -> dict[str, int]:
        return {name: i + 1 for i, name in enumerate(dict.fromkeys(row.group for row in self.results))}

    def _group_id(self, group: str) -> str:
        return f"G{self._group_numbers[group]}_{_id(group)}"

    def _operation_id(self, key: tuple[str, str], part: str) -> str:
        return f"{self.method_id(key)}_{part}"


def _item(row: Result) -> bool:
    return row.item is not None


def _parts(row: Result) -> Iterable[tuple[str, str]]:
    """Yield the parts of a row that are there, as text with all digits."""
    for part in PARTS:
        value = getattr(row, part)
        if value is not None:
            yield part, str(value)


def _formatted(part: str, raw: str) -> str:
    return f"{float(raw):.4g}" if part in {"value", "lower", "upper"} else raw


def _id(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
