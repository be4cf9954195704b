"""A registry record in the layout of the ClinicalTrials.gov API v2, read with care for other layouts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialwright.errors import DocumentError

__all__ = ["Record", "read_record"]

_LAYOUT = "a study of the ClinicalTrials.gov API v2 has a mapping 'protocolSection' with 'identificationModule'"


@dataclass(frozen=True)
class Record:
    """The protocol section of a registry record; every module and field of it may be absent."""

    path: Path
    section: dict[str, Any]

    def mapping(self, *keys: str) -> dict[str, Any]:
        """Return the mapping below those keys; empty where the record has none."""
        return self._get(keys, dict, "a mapping") or {}

    def items(self, *keys: str) -> list[dict[str, Any]]:
        """Return the list of mappings below those keys; empty where the record has none."""
        found: list[Any] = self._get(keys, list, "a list") or []
        if not all(isinstance(item, dict) for item in found):
            raise self._other(keys, "a list of mappings", found)
        return found

    def texts(self, *keys: str) -> tuple[str, ...] | None:
        """Return the list of texts below those keys, None where the record has none."""
        found = self._get(keys, list, "a list")
        if found is not None and not all(isinstance(item, str) for item in found):
            raise self._other(keys, "a list of texts", found)
        return None if found is None else tuple(found)

    def text(self, *keys: str) -> str | None:
        """Return the text below those keys, None where the record has none."""
        found: str | None = self._get(keys, str, "a text")
        return found

    def number(self, *keys: str) -> int | None:
        """Return the whole number below those keys, None where the record has none."""
        found: int | None = self._get(keys, int, "a whole number")
        return found

    def _get(self, keys: tuple[str, ...], kind: type, name: str) -> Any:
        found: Any = self.section
        for depth, key in enumerate(keys):
            if not isinstance(found, dict):
                raise self._other(keys[:depth], "a mapping", found)
            found = found.get(key)
            if found is None:
                return None
        if not isinstance(found, kind):
            raise self._other(keys, name, found)
        return found

    def _other(self, keys: tuple[str, ...], expected: str, found: object) -> DocumentError:
        where = ".".join(("protocolSection", *keys))
        return DocumentError(f"{self.path}: {where}: expected {expected}; found {str(found)[:60]!r}")


def read_record(path: str | Path) -> Record:
    """Read a registry record; raise DocumentError where it is no JSON or has another layout."""
    path = Path(path)
    try:
        record = json.loads(path.read_bytes().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DocumentError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: must be UTF-8 text; byte {error.start} is not") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DocumentError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    section = record.get("protocolSection") if isinstance(record, dict) else None
    if not isinstance(section, dict) or not isinstance(section.get("identificationModule"), dict):
        found = f"the keys {', '.join(sorted(record)[:8])}" if isinstance(record, dict) else type(record).__name__
        raise DocumentError(f"{path}: not a registry record: {_LAYOUT}; found {found}")
    return Record(path, section)
