"""A patient's casebook as one page: everything stated, when, by whom, what it replaced, and every signature."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialwright.conduct import Fact

__all__ = ["casebook_page"]

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #777;padding:.25rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}.signed{border:2px solid #222;padding:.5rem 1rem}"
    "@media print{body{margin:0;max-width:none}}"
)


def casebook_page(subject: str, facts: Sequence[Fact], *, study: str, virtual: bool) -> str:
    """Return one HTML page with every fact about a subject, in the order in which they were stated.

    >>> "No facts" in casebook_page("S1-001", [], study="x", virtual=True)
    True
    """
    own = [fact for fact in facts if fact.subject == subject]
    banner = "<p><strong>Virtual patient.</strong></p>" if virtual else ""
    rows = "".join(_row(fact) for fact in own) or "<tr><td colspan=5>No facts</td></tr>"
    signed = "".join(_signature(fact) for fact in own if fact.kind in {"signed", "eligibility signed"})
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{_e(subject)}</title><style>{_STYLE}</style>"
        f"<h1>Casebook of {_e(subject)}, {_e(study)}</h1>{banner}{signed}<table><thead><tr><th scope=col>Fact<th "
        "scope=col>Time (UTC)<th scope=col>By<th scope=col>What<th scope=col>Stated</tr></thead><tbody>"
        f"{rows}</tbody></table></html>\n"
    )


def _row(fact: Fact) -> str:
    stated = _told(fact.body) if fact.text is not None else "redacted"
    who = f"{_e(fact.author)}, {_e(fact.role)}"
    return f"<tr><td>{fact.seq}<td>{fact.at}<td>{who}<td>{_e(fact.kind)}<td>{stated}</tr>"


def _signature(fact: Fact) -> str:
    meaning = fact.body.get("meaning", fact.kind)
    bound = fact.body.get("content_hash", "")
    return (
        f"<p class=signed>Signed by {_e(fact.author)} ({_e(fact.role)}) on {fact.at} (UTC): {_e(str(meaning))}."
        f"<br>Bound to content {_e(str(bound))}.</p>"
    )


def _told(value: Any) -> str:
    if isinstance(value, dict):
        parts = [f"{_e(str(name))}: {_told(one)}" for name, one in value.items() if one not in (None, {}, [])]
        return "; ".join(parts)
    if isinstance(value, list):
        return ", ".join(_told(one) for one in value)
    return _e({True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value))


def _e(text: str) -> str:
    return html.escape(text)
