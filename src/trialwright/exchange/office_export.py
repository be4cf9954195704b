"""What leaves the trial office: tables as CSV, ODM-XML with audit, Dataset-JSON, SDTM; whole, or one site's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trialwright.exchange.datasets import Dataset, Variable
from trialwright.exchange.formats import write_dataset
from trialwright.exchange.odm_write import odm_xml
from trialwright.exchange.sdtm_out import sdtm
from trialwright.records import TABLES, TrialData

if TYPE_CHECKING:
    from trialwright.conduct import Fact
    from trialwright.protocol import Protocol

__all__ = ["EXPORTS", "audit_csv", "export_office", "facts_of_site"]

AUDIT: Final = ("seq", "at", "author", "role", "kind", "site", "subject", "text", "hash")


@dataclass(frozen=True)
class _Asked:
    """What is written, and from what."""

    facts: Sequence[Fact]
    """The whole log; a part of it cannot be folded."""
    protocol: Protocol
    to: Path
    cutoff: date | None
    site: str | None
    created: datetime

    @property
    def own(self) -> Sequence[Fact]:
        """Return the facts that may leave."""
        return self.facts if self.site is None else facts_of_site(self.facts, self.site)

    @cached_property
    def data(self) -> TrialData:
        """Return the tables as they stand, those of one site's patients where only they may leave."""
        from trialwright.conduct import snapshot, state_as_of

        state = state_as_of(self.facts)
        data = snapshot(state, self.protocol, self.cutoff, virtual=state.founding.environment != "live")
        return data if self.site is None else _of_site(data, self.site)


def export_office(
    facts: Sequence[Fact],
    protocol: Protocol,
    form: str,
    to: Path,
    *,
    created: datetime,
    cutoff: date | None = None,
    site: str | None = None,
) -> list[Path]:
    """Write an office's facts in one form into a new folder and return the files.

    ``facts`` is the whole log; ``site`` lets only that site's own leave, for the copy it may always take. ``form`` is a
    key of ``EXPORTS``. With ``cutoff`` the tables stop there; ODM and the audit trail keep every fact. ValueError
    listing the known forms or sites, FileExistsError when the folder is there, DataError when a cut-off leaves nobody.

    >>> sorted(EXPORTS)
    ['audit', 'csv', 'dataset-json', 'odm', 'sdtm']
    """
    if form not in EXPORTS:
        raise ValueError(f"form must be one of {', '.join(sorted(EXPORTS))}; got {form!r}")
    if site is not None:
        protocol.site(site)
    to.mkdir(parents=True, exist_ok=False)
    return EXPORTS[form](_Asked(facts, protocol, to, cutoff, site, created))


def facts_of_site(facts: Iterable[Fact], site: str) -> list[Fact]:
    """Return a site's own facts: a copy that the site may keep, which holds nothing of any other.

    >>> facts_of_site([], "S1")
    []
    """
    return [fact for fact in facts if fact.site == site]


def audit_csv(facts: Iterable[Fact]) -> str:
    """Return the audit trail as CSV, one line for each fact.

    >>> audit_csv([])
    'seq,at,author,role,kind,site,subject,text,hash\\r\\n'
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(AUDIT)
    writer.writerows([getattr(fact, name) for name in AUDIT] for fact in facts)
    return text.getvalue()


def _of_site(data: TrialData, site: str) -> TrialData:
    subjects = data["screened"].filter(data["screened"]["site"] == site)["subject"]
    own = {name: frame.filter(frame["subject"].is_in(subjects.implode())) for name, frame in data.tables.items()}
    return replace(data, tables=own)


def _csv(asked: _Asked) -> list[Path]:
    made = [asked.to / f"{name}.csv" for name in TABLES]
    for path in made:
        asked.data[path.stem].write_csv(path)
    return [*made, _written(asked.to / "snapshot.sha256", f"{asked.data.hash}\n".encode())]


def _odm(asked: _Asked) -> list[Path]:
    names = {site.id: site.facility for site in asked.protocol.sites}
    identification = asked.protocol.identification
    title = identification.brief_title
    content = odm_xml(asked.own, study=identification.id, title=title, created=asked.created, sites=names)
    return [_written(asked.to / "odm.xml", content)]


def _dataset_json(asked: _Asked) -> list[Path]:
    made = [asked.to / f"{name}.json" for name in TABLES]
    for path in made:
        write_dataset(_dataset(asked.data, path.stem), path, written_at=asked.created)
    return made


def _dataset(data: TrialData, name: str) -> Dataset:
    """Return a table as a dataset; yes and no become Y and N, which the format has no type for."""
    import polars as pl

    table = TABLES[name]
    variables = tuple(Variable(c.name, c.label, "text" if c.kind == "yes/no" else c.kind) for c in table.columns)
    flags = [column.name for column in table.columns if column.kind == "yes/no"]
    worded = [pl.col(flag).replace_strict({True: "Y", False: "N"}, return_dtype=pl.String) for flag in flags]
    return Dataset(name.upper(), table.label, variables, data[name].with_columns(worded))


def _sdtm(asked: _Asked) -> list[Path]:
    made = []
    for name, dataset in sdtm(asked.data, asked.protocol).items():
        made.append(asked.to / f"{name.lower()}.json")
        write_dataset(dataset, made[-1], written_at=asked.created)
    return made


def _audit(asked: _Asked) -> list[Path]:
    return [_written(asked.to / "audit.csv", audit_csv(asked.own).encode())]


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


EXPORTS: Mapping[str, Callable[[_Asked], list[Path]]] = {
    "csv": _csv,
    "odm": _odm,
    "dataset-json": _dataset_json,
    "sdtm": _sdtm,
    "audit": _audit,
}
"""Forms by name."""
