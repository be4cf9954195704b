"""Figures that do not fit, each with its arithmetic, its readings and what would settle it; then every check."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trialwright.report.evidence_claims import printed_claim, to_claim
from trialwright.report.layout import row, table, tagged
from trialwright.report.markup import Content, Markup, join, tag

if TYPE_CHECKING:
    from trialwright.evidence import Claim, Finding
    from trialwright.report.evidence_page import EvidenceContents

__all__ = ["findings_shown"]

_ORDER = ("impossible", "implausible", "note")
_FITS = {"yes": "fits", "no": "does not fit", "cannot be told": "cannot be told from print"}


def findings_shown(contents: EvidenceContents) -> Content:
    """Return what the checks found, the gravest first, and in a list to open every check with its arithmetic."""
    claims = {claim.id: claim for claim in contents.ledger.claims}
    told = sorted((one for one in contents.findings if one.is_finding), key=lambda one: _ORDER.index(one.verdict))
    counts = Counter[str](one.verdict for one in contents.findings)
    said = ", ".join(
        f"{counts[verdict]} {verdict}" for verdict in (*_ORDER, "consistent", "not checkable") if counts[verdict]
    )
    lead = (
        f"{len(contents.findings)} checks: {said}. Impossible: arithmetic forbids what is printed, under the usual "
        "reading. Implausible: two printed figures do not fit, or only if something unlikely is true. A note explains "
        "what looks odd and is not. Nothing here says why; the readings say what it could be."
    )
    return join(tag("p", lead), *(_finding(one, claims[one.claim]) for one in told), _every(contents, claims))


def _finding(found: Finding, claim: Claim) -> Markup:
    head = tag(
        "h4", tagged(found.verdict), " ", f"{claim.trial or ''} {claim.label}: ".lstrip(),
        to_claim(claim.id, printed_claim(claim)),
    )  # fmt: skip
    readings = [
        tag("li", tag("b", f"{each.name}: {each.what}. "), f"{_FITS[each.fits]}: {each.why}.")
        for each in found.readings
    ]
    return tag(
        "div",
        head,
        tag("p", f"{found.check}, {_title(found)}: {found.message}."),
        tag("div", "\n".join(found.steps), cls="steps") if found.steps else None,
        tag("ul", readings, cls="readings") if readings else None,
        tag("p", tag("b", "Would settle it: "), found.settles) if found.settles else None,
        cls=f"finding of-{found.verdict}",
    )


def _title(found: Finding) -> str:
    from trialwright.evidence import CHECKS

    return CHECKS[found.check]


def _every(contents: EvidenceContents, claims: dict[str, Claim]) -> Markup:
    labels = ("Check", "Verdict", "Says", "Arithmetic")
    rows = [
        row(
            to_claim(one.claim, f"{claims[one.claim].trial or ''} {claims[one.claim].label}".strip()),
            (f"{one.check}, {_title(one)}", one.verdict, one.message, "; ".join(one.steps)),
            labels=labels,
        )
        for one in contents.findings
    ]
    made = table("Every check of every figure.", ("Figure", *labels), rows, cls="stack")
    return tag("details", tag("summary", f"All {len(rows)} checks with their arithmetic"), made)
