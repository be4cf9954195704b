"""The looks: one palette for page and figures, light and dark, with the contrast that WCAG 2.2 asks for (AA)."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DARK", "LIGHT", "figure_css", "page_css"]

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "panel": "#f3f5f8",
    "ink": "#1a1c1f",
    "soft": "#4b525b",
    "line": "#c8ced6",
    "link": "#0b4f94",
    "notice": "#fff0c2",
    "notice-ink": "#4d3200",
    "mark": "#fff3a8",
    "edge": "#8b95a3",
    "arm0": "#0b57a4",
    "arm1": "#b03a00",
    "arm2": "#1b6b3a",
    "arm3": "#78399c",
    "pale0": "#a9c9ea",
    "pale1": "#f3c3a6",
    "pale2": "#a9d7b9",
    "pale3": "#d6bde6",
}
DARK: Mapping[str, str] = {
    "paper": "#14171b",
    "panel": "#1e232a",
    "ink": "#e9ebee",
    "soft": "#b1b9c3",
    "line": "#414a55",
    "link": "#8cc2ff",
    "notice": "#493800",
    "notice-ink": "#ffe9a6",
    "mark": "#4a4410",
    "edge": "#8f9baa",
    "arm0": "#7db8ff",
    "arm1": "#ffb07a",
    "arm2": "#7fd7a0",
    "arm3": "#d3a6f5",
    "pale0": "#2d5580",
    "pale1": "#7d4a28",
    "pale2": "#2c6a44",
    "pale3": "#623f7c",
}

_FIGURE = """
svg.figure{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:13px}
svg.figure text{fill:var(--ink)}
svg.figure .soft{fill:var(--soft)}
svg.figure .strong{font-weight:650}
svg.figure .axis{stroke:var(--soft);stroke-width:1;fill:none}
svg.figure .grid{stroke:var(--line);stroke-width:1;fill:none}
svg.figure .guide{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3;fill:none}
svg.figure .box{fill:var(--panel);stroke:var(--soft);stroke-width:1}
svg.figure .curve{fill:none;stroke-width:2}
svg.figure .tick{fill:none;stroke-width:1.4}
svg.figure .range{fill:var(--line)}
svg.figure .place{fill:var(--notice-ink);stroke:var(--paper);stroke-width:1}
svg.figure .mean{stroke:var(--ink);stroke-width:2}
svg.figure .paper{fill:var(--paper)}
"""

_PAGE = """
*{box-sizing:border-box}
html{scroll-behavior:auto;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
 font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header.top,footer.end{max-width:76rem;margin:0 auto;padding:0 1rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.2rem;z-index:9;background:var(--paper);padding:.4rem}
.virtual{background:var(--notice);color:var(--notice-ink);font-weight:650;text-align:center;padding:.3rem .8rem;
 font-size:.9rem}
body>.virtual{position:sticky;top:0;z-index:5}
section>.virtual{font-size:.78rem;font-weight:500;display:inline-block;border-radius:.3rem;padding:.05rem .5rem;
 text-align:left}
h1{font-size:1.7rem;line-height:1.2;margin:1.2rem 0 .4rem}
h2{font-size:1.35rem;line-height:1.25;margin:2.6rem 0 .5rem;padding-top:.6rem;border-top:2px solid var(--line)}
h3{font-size:1.05rem;margin:1.6rem 0 .4rem}
p,ul,dl{max-width:48rem}
.note,figcaption,caption{color:var(--soft);font-size:.88rem}
caption{text-align:left;padding:.2rem 0 .4rem;font-weight:400}
caption b{color:var(--ink)}
caption div{position:sticky;left:0;max-width:min(60rem,calc(100vw - 2rem))}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
a.n{color:inherit;text-decoration:underline dotted;text-decoration-color:var(--soft);text-decoration-thickness:1px;
 text-underline-offset:.22em}
a.n:hover{color:var(--link);text-decoration-style:solid}
nav ul{columns:3 15rem;padding-left:1.1rem;max-width:none}
dl.facts{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.3rem 1rem;max-width:60rem}
dl.facts dt{font-weight:600}dl.facts dd{margin:0}
.scroll{overflow-x:auto;max-width:100%;-webkit-overflow-scrolling:touch;
 background:linear-gradient(to right,var(--paper) 30%,transparent) left/2.6rem 100% no-repeat local,
 linear-gradient(to left,var(--paper) 30%,transparent) right/2.6rem 100% no-repeat local,
 linear-gradient(to right,var(--edge),transparent) left/1.1rem 100% no-repeat scroll,
 linear-gradient(to left,var(--edge),transparent) right/1.1rem 100% no-repeat scroll}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{overflow-wrap:normal;hyphens:manual;padding:.28rem .6rem;text-align:left;vertical-align:top;
 border-bottom:1px solid var(--line)}
thead th{border-bottom:2px solid var(--soft);vertical-align:bottom}
td.v{white-space:nowrap}.ci{display:block;color:var(--soft)}
.scroll+.scroll{margin-top:1.6rem}.keep tbody th{min-width:11rem}
tbody th{font-weight:500}
th.sub{padding-left:1.6rem;font-weight:400}
tr.part th{font-weight:650;background:var(--panel)}
figure{margin:1.2rem 0;max-width:46rem}figure.broad{max-width:66rem}
figcaption{margin:0 0 .4rem}figcaption b{color:var(--ink)}
figure>svg{width:100%;height:auto;display:block}svg.in-hand{display:none}
svg.strip{width:9rem;height:1.2rem;display:block}
.tagged{border:1px solid var(--soft);border-radius:.3rem;padding:0 .3rem;font-size:.76rem;white-space:nowrap}
.yes,a.yes{color:var(--arm2);font-weight:600}.no,a.no{color:var(--arm1);font-weight:600}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--link)}
.set{border-top:1px solid var(--line);margin-top:1rem}
.who{position:sticky;top:1.9rem;max-height:34vh;overflow:auto;background:var(--panel);padding:.3rem .7rem;z-index:2}
.who h3{margin:.2rem 0}.ids{max-width:none;margin:.2rem 0;font-size:.84rem;overflow-wrap:anywhere}
.every{font-size:.82rem}
tr:target>*,div:target{background:var(--mark)}
[id]{scroll-margin-top:3rem}
tr[id]{scroll-margin-top:calc(34vh + 4.5rem)}
@media (max-width:44rem){
 body{font-size:15px}
 h1{font-size:1.4rem}
 dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin:0 0 .6rem}
 .keep tbody th:first-child{position:sticky;left:0;background:var(--paper);min-width:9rem;max-width:42vw;z-index:1}
 figure>svg.at-desk{display:none}figure>svg.in-hand{display:block}
 .keep tbody tr.part th:first-child{background:var(--panel)}
 .stack caption{display:block}
 .stack,.stack tbody,.stack tr,.stack td,.stack tbody th{display:block}
 .every,.every tbody,.every tr,.every td,.every tbody th{display:block}
 .stack thead,.every thead{position:absolute;left:-99rem}
 .stack tr,.every tr{border-bottom:2px solid var(--line);padding:.3rem 0}
 .stack td,.stack tbody th,.every td,.every tbody th{border:0;padding:.05rem .2rem;white-space:normal}
 .stack tbody th,.every tbody th{font-weight:650}
 .stack td[data-label]::before,.every td[data-label]::before{content:attr(data-label) ": ";color:var(--soft)}
 .stack td:empty,.every td:empty{display:none}
}
@page{size:A4;margin:18mm 14mm}
@page wide{size:A4 landscape}
@media print{
 body{font-size:9.5pt}
 a,a.n{color:inherit;text-decoration:none}
 nav,.skip,.screen{display:none}
 body>.virtual{position:static}
 .wide{page:wide}
 h2{break-before:page;border:0;margin-top:0}h2.first{break-before:auto}
 figure,tr,.virtual,.wide .scroll,caption{break-inside:avoid}
 h2,h3,caption{break-after:avoid}thead{display:table-header-group}
 .scroll{overflow:visible;background:none}figure>svg{max-height:10.5cm}
 figure>svg.at-desk{display:block}figure>svg.in-hand{display:none}
 table{font-size:8pt}th,td{padding:.12rem .35rem}.keep tbody th{min-width:0}td.v{white-space:normal}
 .print{display:block}
}
"""


def _variables(palette: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{color};" for name, color in palette.items())


def _arms() -> str:
    return "".join(
        f"svg.figure .arm{i}{{stroke:var(--arm{i})}}svg.figure .fill{i}{{fill:var(--arm{i})}}"
        f"svg.figure .pale{i}{{fill:var(--pale{i})}}svg.figure text.name{i}{{fill:var(--arm{i})}}"
        for i in range(4)
    )


def figure_css() -> str:
    """Return the style of a figure that stands alone: dark on white, fit for paper."""
    return f"svg.figure{{{_variables(LIGHT)}background:#fff}}{_FIGURE}{_arms()}"


def page_css(notice: str | None) -> str:
    """Return the style of the page; ``notice`` is repeated at the head and foot of each printed page."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{_variables(DARK)}}}}}"
    margin = (
        ""
        if notice is None
        else (
            f'@page{{@top-center{{content:"{notice}";font:600 8.5pt sans-serif}}'
            f'@bottom-center{{content:"{notice}";font:8pt sans-serif}}'
            f'@bottom-right{{content:counter(page) " / " counter(pages);font:8pt sans-serif}}}}'
        )
    )
    return (
        f":root{{color-scheme:light;{_variables(LIGHT)}}}{dark}{_FIGURE}{_arms()}{_PAGE}.print{{display:none}}{margin}"
    )
