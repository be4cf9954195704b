"""What leaves the office is written down: who took which copy, how large, with which hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from trialwright.conduct.commands import Ask, Context
from trialwright.conduct.commands_eligibility import Digest
from trialwright.conduct.commands_screening import Text
from trialwright.conduct.commands_sites import Short
from trialwright.conduct.facts import NewFact

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["NoteExport"]


class NoteExport(Ask):
    """Write down that data were handed out; asked by whatever hands them out, before it does."""

    action: ClassVar[str] = "read audit"
    site: Short | None = None
    what: Text
    """The form or the address asked for."""
    sha256: Digest
    """Hash of what was handed out."""
    size: int = Field(ge=0)
    """Its length in bytes."""

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``exported`` with the place in the log up to which the copy holds."""
        body = {"what": self.what, "sha256": self.sha256, "size": self.size, "until": state.seq, "head": state.head}
        return [NewFact("exported", body, self.site)]
