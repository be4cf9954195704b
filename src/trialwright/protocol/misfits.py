"""Problems between the fields of a document, raised together from a model's validator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

__all__ = ["Misfit", "raise_misfits"]


@dataclass(frozen=True)
class Misfit:
    """What is wrong at one place of a document, told by keys and indices from the model's root."""

    loc: tuple[str | int, ...]
    message: str
    offset: int | None = None
    """Character within a text, for faults inside a rule."""
    at_key: bool = False
    """The name of the value is at fault, not the value."""

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.loc))}: {self.message}"


def raise_misfits(misfits: Iterable[Misfit]) -> None:
    """Raise all misfits as one error that ``read_document`` can place; return if there are none.

    For use in a pydantic validator of mode "after". Outside a file the error's text lists them.
    """
    found = tuple(misfits)
    if found:
        text = "\n".join(map(str, found))
        raise PydanticCustomError("misfits", "{text}", {"text": text, "misfits": found})
