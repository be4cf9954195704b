"""What is asked about laboratories: the normal ranges of a site, which change over the years."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from trialwright.conduct.commands import Ask, Context, offered
from trialwright.conduct.commands_sites import Short, known_site, not_future
from trialwright.conduct.facts import NewFact
from trialwright.conduct.refusals import Invalid

if TYPE_CHECKING:
    from trialwright.conduct.state import State

__all__ = ["StateRange"]

Limit = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


@offered
class StateRange(Ask):
    """State the normal range of a test at a site from a day on; results recorded without limits then take these.

    Results recorded before keep theirs: a range is that of the day of the sample, not of today.
    """

    action: ClassVar[str] = "state range"
    site: Short
    test: Short
    """Name of the test, as results are recorded."""
    unit: Short
    """Unit of the limits; it must be that of the results."""
    low: Limit | None = None
    high: Limit | None = None
    valid_from: date

    def decide(self, state: State, context: Context) -> Sequence[NewFact]:
        """Return the fact ``range stated``."""
        site = known_site(context.screener.protocol, self.site)
        not_future(self.valid_from, context.today, "valid_from")
        if self.low is None and self.high is None:
            raise Invalid("a range needs a lower or an upper limit; give at least one")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise Invalid(f"low must not be above high; got {self.low:g} and {self.high:g}")
        body = {"test": self.test, "unit": self.unit, "low": self.low, "high": self.high}
        return [NewFact("range stated", body | {"from": self.valid_from.isoformat()}, site)]
