"""Ledgers: the published claims of one or several trials, read together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from trialwright.errors import DocumentError
from trialwright.evidence.claims import Claim, Model
from trialwright.evidence.claims_file import Claims, Contradiction
from trialwright.protocol import Misfit, read_document

__all__ = ["Ledger", "LedgerFile", "Question", "ledger", "ledger_names", "question"]

EVERYTHING = "all"
DEEPEST = 20
"""Nesting of values; a file of claims has six."""


class Question(Model):
    """What a collection of trials was brought together for, and how a page about it asks."""

    question: str
    studies: tuple[str, ...] = Field(min_length=1)
    endpoint: str | None = None
    """Endpoint whose hazard ratios a page pools; None where no page is made."""
    by: str | None = None
    """Feature of the trials that groups them."""
    favors: tuple[str, str] | None = None
    """What lies to the left and to the right of no difference."""
    beside: str | None = None
    """A shipped ledger with an answer from outside to compare with."""
    reading: str | None = None
    """What the pooled answer says and does not say, in a sentence or two."""
    open: tuple[str, ...] = ()
    """What is not known, and what would settle it."""


class _Collections(Model):
    ledgers: dict[str, Question]


@dataclass(frozen=True)
class LedgerFile:
    """The claims of one file, and where each stands in it."""

    name: str
    path: Path
    claims: Claims
    lines: Mapping[str, int]
    """Id of a claim: its line, counted from 1."""

    @property
    def trial(self) -> str:
        """Return the trial, or the file's name where it does not say."""
        return self.claims.trial or self.name


@dataclass(frozen=True)
class Ledger:
    """The claims of one or several trials."""

    name: str
    question: str
    """What the trials were brought together for; empty for a single one."""
    files: tuple[LedgerFile, ...]
    problems: tuple[str, ...] = ()
    """What could not be used, each with file and line; only where faults were asked to be left out."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Return every claim, trial by trial."""
        return tuple(claim for file in self.files for claim in file.claims.claims)

    @property
    def contradictions(self) -> tuple[tuple[str, Contradiction], ...]:
        """Return each topic on which sources disagree, with its trial."""
        return tuple((file.trial, topic) for file in self.files for topic in file.claims.contradictions)

    @property
    def trials(self) -> tuple[str, ...]:
        """Return the names of the trials, in order."""
        return tuple(dict.fromkeys(file.trial for file in self.files))

    def of(self, trial: str) -> LedgerFile:
        """Return the file of a trial; ValueError listing the known ones when there is none."""
        for file in self.files:
            if trial in {file.trial, file.name}:
                return file
        raise ValueError(f"trial {trial!r} is not in the ledger; known: {', '.join(self.trials)}")

    def place(self, claim: str) -> str:
        """Return ``file:line`` of a claim; ValueError where there is none of that id."""
        for file in self.files:
            if claim in file.lines:
                return f"{file.path}:{file.lines[claim]}"
        raise ValueError(f"claim {claim!r} is not in the ledger {self.name}")


def ledger(name: str | Path, *, skip_faults: bool = False) -> Ledger:
    """Return a ledger by its name, by the name of a study that ships with the program, or by a path.

    ``all`` is every study; ``rechallenge`` and other collections are named in ``studies/ledgers.yaml``. A path is a
    file of claims, or a folder with ``claims.yaml`` files in it. DocumentError with every problem of the files; with
    ``skip_faults`` faulty claims are left out instead, and ``problems`` says which and why.

    >>> ledger("rechallenge").trials[1:]
    ('PACE', 'MAINTAIN', 'postMONARCH', 'BioPER')
    >>> ledger("pace").of("PACE").claims.claim("pace-096").level
    0.9
    """
    question, found = _found(name)
    read, problems = [], []
    for label, path in found:
        claims, faults = _read(path, skip_faults)
        problems += faults
        if claims is not None:
            read.append(LedgerFile(label, path, claims, _lines(path)))
    _require_distinct(read)
    return Ledger(str(name), question, tuple(read), tuple(problems))


def question(name: str) -> Question:
    """Return what a shipped collection asks; DocumentError listing those that a page can be made of.

    >>> question("rechallenge").endpoint
    'PFS'
    """
    asked = {each: found for each, found in _collections().items() if found.endpoint is not None}
    if name not in asked:
        raise DocumentError(f"no evidence page {name!r} ships with trialwright; known: {', '.join(asked)}")
    return asked[name]


def ledger_names() -> tuple[str, ...]:
    """Return the names of the ledgers that ship with the program: collections, then single studies.

    >>> ledger_names()[:2]
    ('all', 'rechallenge')
    """
    return (EVERYTHING, *_collections(), *(name for name, _ in _shipped()))


def _found(name: str | Path) -> tuple[str, list[tuple[str, Path]]]:
    path, shipped = Path(name), dict(_shipped())
    if path.name == str(name) and path.suffix not in {".yaml", ".yml"}:
        if name == EVERYTHING:
            return "What was published of these trials, and can it be true?", list(shipped.items())
        if name in shipped:
            return "", [(str(name), shipped[str(name)])]
        chosen = _collections().get(str(name))
        if chosen is not None:
            return chosen.question, [(each, shipped[each]) for each in chosen.studies]
        if not path.exists():
            raise DocumentError(f"no ledger {str(name)!r} ships with trialwright; known: {', '.join(ledger_names())}")
    return "", list(_in(path))


def _in(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.is_dir():
        yield path.parent.name if path.stem == "claims" else path.stem, path
        return
    inside = sorted([*path.glob("claims.yaml"), *path.glob("*/claims.yaml")])
    if not inside:
        raise DocumentError(f"{path}: there is no claims.yaml in this folder or in one of its folders")
    yield from ((each.parent.name, each) for each in inside)


def _studies() -> Path:
    return Path(str(files("trialwright.studies")))


def _shipped() -> Iterator[tuple[str, Path]]:
    return ((path.parent.name, path) for path in sorted(_studies().glob("*/claims.yaml")))


def _collections() -> Mapping[str, Question]:
    return read_document(_studies() / "ledgers.yaml", _Collections).ledgers


def _require_distinct(read: Iterable[LedgerFile]) -> None:
    seen: dict[str, Path] = {}
    for file in read:
        for claim in file.claims.claims:
            if claim.id in seen:
                raise DocumentError(f"{file.path}: claim {claim.id!r} also stands in {seen[claim.id]}; rename one")
        seen |= {claim.id: file.path for claim in file.claims.claims}


def _read(path: Path, skip_faults: bool) -> tuple[Claims | None, list[str]]:
    try:
        return read_document(path, Claims), []
    except DocumentError as error:
        rest = _without_faults(path) if skip_faults and path.is_file() else None
        if rest is None:
            raise
        claims, faults = rest
        return claims, [str(error), *(fault for fault, message in faults if message not in str(error))]


def _without_faults(path: Path) -> tuple[Claims, list[tuple[str, str]]] | None:
    """Return the file without the claims that are at fault, and the faults between fields, each with its message.

    None where no claim, or not the claims, are to blame.
    """
    content = _plain(path)
    if not isinstance(content, dict) or not isinstance(content.get("claims"), list):
        return None
    rows = {index: row for index, row in enumerate(content["claims"]) if _usable(row)}
    faults: list[tuple[str, str]] = []
    while rows:
        try:
            content["claims"] = list(rows.values())
            return Claims.model_validate_json(json.dumps(content), strict=True), faults
        except ValidationError as error:
            blamed = list(_blamed(error))
            if not blamed:
                return None
            kept, places = list(rows), [int(misfit.loc[1]) for misfit in blamed]
            told = zip(places, blamed, strict=True)
            faults += [(_placed(path, rows[kept[place]], misfit), misfit.message) for place, misfit in told]
            rows = {index: rows[index] for place, index in enumerate(kept) if place not in places}
    return None


def _placed(path: Path, row: Mapping[str, Any], misfit: Misfit) -> str:
    field = ".".join(str(step) for step in misfit.loc[2:])
    return f"{path}:{_lines(path)[row['id']]}: claims.{row['id']}.{field}: {misfit.message}"


def _blamed(error: ValidationError) -> Iterator[Misfit]:
    for each in error.errors():
        for misfit in each.get("ctx", {}).get("misfits", ()):
            if misfit.loc[0] == "claims":
                yield misfit


def _usable(row: object) -> bool:
    try:
        Claim.model_validate_json(json.dumps(row), strict=True)
    except ValidationError:
        return False
    return True


def _plain(path: Path) -> Any:
    """Return a file's content; None where it is no YAML, or nested so deeply that the C parser would overflow."""
    import yaml

    try:
        text = path.read_bytes().decode("utf-8-sig")
        depth = deepest = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            deepest = max(deepest, depth)
        if deepest > DEEPEST:
            return None
        return json.loads(json.dumps(yaml.load(text, Loader=yaml.CSafeLoader), default=str))
    except (yaml.YAMLError, ValueError):
        return None


def _lines(path: Path) -> Mapping[str, int]:
    """Return the line of each claim's id."""
    import yaml

    root: Any = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader)
    rows: list[Any] = next((value.value for key, value in root.value if key.value == "claims"), [])
    maps = [row.value for row in rows if isinstance(row, yaml.MappingNode)]
    return {value.value: key.start_mark.line + 1 for row in maps for key, value in row if key.value == "id"}
