"""The trials of a question side by side, where their sources disagree, and every figure with its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from trialwright.report.layout import row, table, tagged
from trialwright.report.markup import Content, Markup, tag

if TYPE_CHECKING:
    from trialwright.evidence import Claim, Contradiction, LedgerFile
    from trialwright.report.evidence_page import EvidenceContents

__all__ = ["claims_table", "contradictions", "printed_claim", "to_claim", "trials_table"]

_HEADS = ("Compared", "Inhibitor", "Patients", "Events", "Hazard ratio", "P", "Medians, months")


def to_claim(claim: str, text: Content) -> Markup:
    """Return a link to a figure in the list of all."""
    return tag("a", text, href=f"#c-{claim}", cls="n")


def printed_claim(claim: Claim) -> str:
    """Return a claim as printed, with the level of its interval and its unit."""
    from trialwright.evidence import published

    unit = {"percent": "%", "%": "%", "hazard ratio": ""}.get(claim.unit, claim.unit)
    level = f", {100 * claim.level:g}% limits" if claim.level is not None and claim.lower is not None else ""
    return f"{published(claim)} {unit}".strip() + level


def trials_table(contents: EvidenceContents) -> Content:
    """Return one row for each trial: what was compared, how many, what was found."""
    taken = {each.trial: each.claim for each in contents.poolable.trials}
    endpoint = contents.poolable.endpoint
    heads = ("Trial", *_HEADS[:4], f"{_HEADS[4]} of {endpoint}", *_HEADS[5:])
    rows = [_trial(contents, file, taken.get(file.trial)) for file in contents.ledger.files]
    caption = (
        f"The hazard ratio of {endpoint} that enters the synthesis, with the level at which its limits were printed. "
        "Each figure leads to its source."
    )
    return table(caption, heads, rows, cls="stack")


def _trial(contents: EvidenceContents, file: LedgerFile, claim: Claim | None) -> Markup:
    by = contents.poolable.by
    group = file.claims.features.get(by, "") if by else ""
    if claim is None:
        why = contents.poolable.left_out.get(file.trial, "")
        cells: list[Content] = [
            "",
            group,
            _patients(file),
            "",
            tag("span", why, cls="note"),
            "",
            _medians(contents, file, None),
        ]
    else:
        cells = [
            _compared(file, claim), group, _count(claim.n), _count(claim.events),
            to_claim(claim.id, printed_claim(claim)), _p(claim), _medians(contents, file, claim),
        ]  # fmt: skip
    return row(file.trial, cells, labels=_HEADS)


def _compared(file: LedgerFile, claim: Claim) -> str:
    arms = file.claims.arms
    return " v ".join(arms.get(arm, arm) for arm in (claim.numerator or "", claim.denominator or "") if arm)


def _patients(file: LedgerFile) -> str:
    return _count(max((claim.n for claim in file.claims.claims if claim.n is not None), default=None))


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _p(claim: Claim) -> str:
    if claim.p is None:
        return ""
    decimals = claim.p.decimals
    value = f"{claim.p.value:.{decimals}f}" if decimals is not None else f"{claim.p.value:g}"
    return f"{'' if claim.p.operator == '=' else claim.p.operator + ' '}{value}"


def _medians(contents: EvidenceContents, file: LedgerFile, claim: Claim | None) -> Content:
    """Return the medians of the endpoint at the same cut, the numerator's first."""
    arms = None if claim is None else (claim.numerator, claim.denominator)
    medians = [each for each in file.claims.claims if _is_median(each, contents.poolable.endpoint, claim)]
    found = medians if arms is None else [each for arm in arms for each in medians if each.arm == arm][:2]
    shown = [to_claim(each.id, f"{each.value}") for each in found]
    return [part for one in shown for part in (" v ", one)][1:]


def _is_median(each: Claim, endpoint: str, of: Claim | None) -> bool:
    if each.named_statistic != "median" or each.measure[0] != endpoint or each.kind != "reported":
        return False
    return of is None or (each.cut == of.cut and each.assessed_by == of.assessed_by)


def contradictions(contents: EvidenceContents) -> Content:
    """Return each topic on which sources disagree, what each says, and our reading."""
    topics = contents.ledger.contradictions
    if not topics:
        return tag("p", "None is known.")
    rows = [
        row((trial, ": ", topic.topic), (_sayings(topic), topic.reading), labels=("Said", "Our reading"))
        for trial, topic in topics
    ]
    return table("What each source says, and how we read it.", ("Topic", "Said", "Our reading"), rows, cls="stack")


def _sayings(topic: Contradiction) -> list[Content]:
    who = [", ".join((*said.cited, *((said.elsewhere,) if said.elsewhere else ()))) for said in topic.values]
    return [tag("div", said.said, " ", tag("span", by, cls="note")) for said, by in zip(topic.values, who, strict=True)]


def claims_table(contents: EvidenceContents) -> Content:
    """Return every figure of the ledger, trial by trial, below the citations of its trial."""
    return [_of_trial(file) for file in contents.ledger.files]


def _of_trial(file: LedgerFile) -> Markup:
    heads = ("Figure", "As printed", "Cut", "Source")
    made = table(f"{file.trial}: {len(file.claims.claims)} figures.", heads, _rows(file.claims.claims), cls="stack")
    sources = tag("dl", ((tag("dt", key), tag("dd", cited)) for key, cited in file.claims.sources.items()), cls="facts")
    return tag(
        "details", tag("summary", f"{file.trial}: {len(file.claims.claims)} figures and their sources"), made, sources
    )


def _rows(claims: Iterable[Claim]) -> Iterator[Markup]:
    for claim in claims:
        status = None if claim.kind == "reported" else (" ", tagged(claim.kind))
        note = tag("div", claim.note, cls="note") if claim.note else None
        cells = [(printed_claim(claim), note), claim.cut, claim.cited]
        yield row((claim.label, status), cells, labels=("As printed", "Cut", "Source"), id=f"c-{claim.id}")
