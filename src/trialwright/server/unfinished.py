"""What is under way in the office of a demonstration: patients in screening, and queries that wait."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialwright.conduct import Actor, Answer, AnswerQuery, Ask, Consent, OpenQuery, Screen
from trialwright.server.loading import FORM, staff_name

if TYPE_CHECKING:
    from trialwright.conduct import Row
    from trialwright.records import TrialData
    from trialwright.server.house import House

__all__ = ["leave_unfinished"]

ASKED = (
    "The source shows another day; please compare.",
    "Was this visit held by telephone?",
    "Please say why this came late.",
)


def leave_unfinished(house: House, data: TrialData, site: str) -> None:
    """Begin the screening of two patients at a site, one of them half answered, and ask three questions there."""
    _Desk(house, site).leave(data)


@dataclass(frozen=True)
class _Desk:
    house: House
    site: str

    def leave(self, data: TrialData) -> None:
        self._screened()
        second = self._screened()
        answers = self._half_of_the_answers(data)
        if answers:
            self._do(Answer.model_validate({"subject": second, "answers": answers}), self._coordinator)
        for number, (row, text) in enumerate(zip(self._rows(), ASKED, strict=False)):
            self._query(row, text, answered=number == 1)

    @property
    def _coordinator(self) -> str:
        return staff_name(self.site, "coordinator")

    def _do(self, command: Ask, user: str) -> dict[str, Any]:
        return self.house.office.do(command, Actor(user), f"demonstration-{secrets.token_hex(8)}").reply

    def _screened(self) -> str:
        today = self.house.clock().date()
        subject: str = self._do(Screen(site=self.site, screened_on=today), self._coordinator)["subject"]
        self._do(Consent(subject=subject, version=FORM, signed_on=today, biopsy=True, blood=True), self._coordinator)
        return subject

    def _half_of_the_answers(self, data: TrialData) -> list[dict[str, Any]]:
        """Those of an earlier patient, as far as they are facts and not somebody's judgment."""
        variables = self.house.office.screener.protocol.variables
        earlier = data["allocations"]["subject"][-1]
        rows = data["answers"].filter(data["answers"]["subject"] == earlier).iter_rows(named=True)
        known = [
            {"variable": row["variable"], "value": json.loads(row["value"])}
            for row in rows
            if row["value"] is not None and not variables[row["variable"]].attestation
        ]
        return known[: len(known) // 2]

    def _rows(self) -> list[Row]:
        """The last visit of each of the site's patients."""
        with self.house.office.reading() as state:
            own = [one.id for one in state.subjects.records.values() if one.site == self.site and one.allocated]
            visits = [state.rows.of(subject, "visits") for subject in own]
        return [rows[-1] for rows in visits if rows]

    def _query(self, row: Row, text: str, *, answered: bool) -> None:
        asked = OpenQuery(
            subject=row.id.subject, table=row.id.table, key=dict(row.key), field="visited_on", text=text
        )  # fmt: skip
        self._do(asked, staff_name("", "data manager"))
        if answered:
            with self.house.office.reading() as state:
                query = list(state.cleaning.queries)[-1]
            said = AnswerQuery(subject=row.id.subject, query=query, text="Yes; the letter is in the notes.")
            self._do(said, self._coordinator)
