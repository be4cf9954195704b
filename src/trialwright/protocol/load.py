"""From a file or the name of a shipped study to a protocol; the hash that identifies it."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path

from trialwright.errors import DocumentError
from trialwright.protocol.complaints import known
from trialwright.protocol.document import read_document
from trialwright.protocol.protocol import Protocol

__all__ = ["load", "protocol_file", "protocol_hash", "study_file", "study_names"]


def load(study: str | Path) -> Protocol:
    """Return the protocol of a shipped study by its name, or of a file by its path.

    A text without a folder and without the ending .yaml or .yml is a study's name. Raises DocumentError with every
    problem of the file, or with the names of the studies there are.
    """
    return read_document(protocol_file(study), Protocol)


def protocol_file(study: str | Path) -> Path:
    """Return the path of the protocol that ``load`` would read."""
    path = Path(study)
    if isinstance(study, str) and path.name == study and path.suffix not in {".yaml", ".yml"}:
        return study_file(study, "protocol.yaml")
    return path


def _studies() -> Path:
    return Path(str(files("trialwright.studies")))


def study_names() -> tuple[str, ...]:
    """Return the names of the studies that ship with the program, in order."""
    return tuple(sorted(path.parent.name for path in _studies().glob("*/protocol.yaml")))


def study_file(study: str, name: str) -> Path:
    """Return the path of one file of a shipped study, such as ``scenario.yaml``.

    Raises DocumentError where there is no such study or the study has no such file; it lists those there are.
    """
    if study not in study_names():
        raise DocumentError(f"no study {study!r} ships with trialwright; {known(study, study_names())}")
    path = _studies() / study / name
    if not path.is_file():
        names = sorted(p.name for p in path.parent.iterdir() if p.is_file())
        raise DocumentError(f"study {study!r} has no file {name!r}; {known(name, names)}")
    return path


def protocol_hash(protocol: Protocol) -> str:
    """Return the SHA-256, in hex, of a protocol's content and provenance.

    The canonical form is JSON with sorted keys and every field written out, defaults too: the order of keys, comments
    and layout of the file do not matter, any value and any status does.
    """
    content = protocol.model_dump(mode="json")
    provenance = {path: p.model_dump() for path, p in protocol.provenance.items()}
    canonical = json.dumps(
        {"protocol": content, "provenance": provenance}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
