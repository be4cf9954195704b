"""HTML and SVG as text that is escaped by construction."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["Content", "Markup", "join", "svg_text", "tag"]

_EMPTY = frozenset({"br", "hr", "meta", "link", "col", "line", "rect", "path", "circle"})


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


Content = str | Markup | None | Iterable["Content"]


def tag(name: str, /, *children: Content, **attributes: str | float | bool | None) -> Markup:
    """Return one element; text is escaped, ``cls`` is the class, ``a_b`` becomes the attribute ``a-b``.

    >>> tag("p", "a < b", cls="note")
    '<p class="note">a &lt; b</p>'
    """
    head = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _EMPTY and not children:
        return Markup(f"<{head}/>")
    return Markup(f"<{head}>{join(*children)}</{name}>")


def join(*parts: Content) -> Markup:
    """Return the parts, escaped where they are plain text, one after the other."""
    return Markup("".join(_flat(part) for part in parts))


def svg_text(x: float, y: float, content: Content, **attributes: str | float | bool | None) -> Markup:
    """Return a text element of a figure at a point."""
    return tag("text", content, x=f"{x:.1f}", y=f"{y:.1f}", **attributes)


def _flat(part: Content) -> str:
    if part is None:
        return ""
    if isinstance(part, Markup):
        return part
    if isinstance(part, str):
        return escape(part, quote=False)
    return "".join(_flat(child) for child in part)


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = "class" if key == "cls" else key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(text)}"'
