"""The evidence page: a question, its trials, what their figures can and cannot mean, and the pooled answer.

One HTML file that needs no other, for screen, phone and paper. It accuses nobody: a figure that cannot be as printed
comes with the readings that would explain it and with what would settle them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialwright.report.evidence_claims import claims_table, contradictions, trials_table
from trialwright.report.evidence_findings import findings_shown
from trialwright.report.evidence_pooled import figures, pooled, sensitivity, verdict
from trialwright.report.evidence_replays import replayed
from trialwright.report.layout import NOTICE
from trialwright.report.markup import Content, Markup, join, tag
from trialwright.report.style import page_css

if TYPE_CHECKING:
    from trialwright.evidence import Claim, Compared, Finding, Ledger, Poolable, Question, SensitivityRow

__all__ = ["EvidenceContents", "evidence_page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_CSS = """
.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.6rem;margin:1rem 0;max-width:none}
.key div{background:var(--panel);padding:.5rem .8rem;border-radius:.3rem}
.key dt{color:var(--soft);font-size:.85rem}.key dd{margin:0;font-size:1.25rem;font-weight:650}
.key small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
.finding{border-left:.3rem solid var(--soft);padding:.1rem .8rem;margin:1rem 0;max-width:52rem}
.finding p{margin:.2rem 0}.finding h4{margin:.2rem 0;font-size:1rem}
.of-impossible{border-color:var(--arm1)}.of-implausible{border-color:var(--notice-ink)}
.steps{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.82rem;background:var(--panel);
 padding:.4rem .7rem;margin:.4rem 0;white-space:pre-wrap;overflow-wrap:anywhere;max-width:none}
.readings{margin:.4rem 0;padding-left:1.2rem}.readings li{margin:.3rem 0}
.virtual-note{background:var(--notice);color:var(--notice-ink);padding:.3rem .7rem;border-radius:.3rem;
 display:inline-block}
figure svg.figure{width:100%;height:auto}
@media (min-width:44rem){#sensitivity td{white-space:nowrap}}
.scroll:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media print{h2{break-before:auto}.finding,.key,.scroll,figure{break-inside:avoid}
 .note,figcaption,caption{font-size:8pt}details>*{display:block}}
"""


@dataclass(frozen=True)
class EvidenceContents:
    """Everything a page shows; nothing is computed while it is drawn."""

    name: str
    asked: Question
    ledger: Ledger
    findings: Sequence[Finding]
    poolable: Poolable
    rows: Sequence[SensitivityRow]
    """The synthesis as printed, then with one thing changed at a time."""
    outside: Sequence[Claim]
    """Answers from outside that the pooled one is compared with."""
    replays: Mapping[str, Sequence[Compared]]
    """Trial: its published figures, each with its place among simulated trials."""
    replay_count: int
    seed: int
    version: str


def evidence_page(contents: EvidenceContents) -> str:
    """Return the page as an HTML document."""
    title = contents.asked.question
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(page_css(None) + _CSS)),
    )
    skip = tag("a", "Skip to the answer", href="#main", cls="skip")
    top = tag(
        "header", tag("h1", title), tag("p", _lead(contents)), verdict(contents), _contents_list(contents), cls="top"
    )
    body = tag("body", skip, top, tag("main", _sections(contents), id="main"))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _lead(contents: EvidenceContents) -> str:
    trials, claims = len(contents.ledger.trials), len(contents.ledger.claims)
    return (
        f"{trials} trials, {claims} published figures, each followed to its source; {len(contents.findings)} checks of "
        "their arithmetic. Figures are quoted as printed in what was read, mostly published abstracts."
    )


def _parts(contents: EvidenceContents) -> list[tuple[str, str, Content]]:
    return [
        ("trials", "The trials side by side", trials_table(contents)),
        ("pooled", "The pooled answer", join(pooled(contents), figures(contents))),
        ("sensitivity", "What the answer hangs on", sensitivity(contents)),
        ("findings", "Figures that do not fit", findings_shown(contents)),
        ("contradictions", "Where sources disagree", contradictions(contents)),
        ("replays", "Published beside simulated", replayed(contents)),
        ("open", "Open points", tag("ul", (tag("li", point) for point in contents.asked.open))),
        ("claims", "Every figure and its source", claims_table(contents)),
        ("made", "How this page was made", _made(contents)),
    ]


def _sections(contents: EvidenceContents) -> Markup:
    return join(
        *(
            tag("section", tag("h2", title, id=f"{id}-title"), body, id=id, aria_labelledby=f"{id}-title")
            for id, title, body in _parts(contents)
        )
    )


def _contents_list(contents: EvidenceContents) -> Markup:
    items = (tag("li", tag("a", title, href=f"#{id}")) for id, title, _ in _parts(contents))
    return tag("nav", tag("ul", items), aria_label="Contents")


def _made(contents: EvidenceContents) -> Content:
    command = f"trialwright evidence report {contents.name} --replays {contents.replay_count} --seed {contents.seed}"
    return (
        tag(
            "p",
            f"Made by trialwright {contents.version}: ",
            tag("code", command),
            ". The same bytes each time.",
        ),
        tag(
            "p",
            "Of each trial enters the reported hazard ratio at its latest cut, of the comparison and population that "
            "its file of claims names first; its standard error is (ln upper - ln lower) / 2z at the level printed "
            "with it. Random effects by restricted maximum likelihood (Viechtbauer 2005) with the limits of "
            "Hartung and Knapp (2001), those of z beside them. Checks carry the rounding of every printed figure as an "
            "interval: a figure printed to d decimals stands for any value within half a unit of the last one. A "
            "hazard ratio from D events has a standard error of at least 2/√D (Schoenfeld 1981).",
        ),
        tag("p", f"{NOTICE} in the simulated trials.", cls="virtual-note") if contents.replays else None,
    )
