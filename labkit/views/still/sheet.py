"""The sheet of a static picture: a title, and sections below each other, as SVG source.

Names and texts are data: escaped, without characters that XML does not allow, and cut to the room
there is. The sheet has its own background, so that it can be read on any page.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from unicodedata import east_asian_width

from labkit.run.printable import printable

WIDTH, INSET, LINE = 720, 16, 18
"""Width of a sheet, its margin, and the distance of lines, in px."""
ROOM = WIDTH - 2 * INSET
"""Width of the contents, in px."""
HEAT = (
    *("#440154", "#482173", "#433e85", "#38588c", "#2d708e", "#25858e"),
    *("#1e9b8a", "#2ab07f", "#52c569", "#86d549", "#c2df23", "#fde725"),
)
"""Colours of a heat map from low to high (viridis)."""

_SERIES = (
    *(("#0072b2", "#56b4e9"), ("#d55e00", "#f0883e")),
    *(("#009e73", "#2bc49a"), ("#b5428a", "#e08fc0")),
)
"""Colours of curves on a light and on a dark page, as in the page (``parts/theme.ts``)."""
SERIES_COLOURS = len(_SERIES)

_LETTER = 6.6
"""Width that is planned for a letter, in px; few texts are wider."""
_LETTERS = {"u": 5.9, "k": 7.2, "t": 8.4}
"""The same of the kinds of text with other sizes."""
_MAX_TITLE = 300


@dataclass(frozen=True)
class Section:
    """SVG elements from the top left corner of the contents, and their height in px."""

    body: str
    height: float


def style(light: Mapping[str, str], dark: Mapping[str, str]) -> str:
    """Return rules for the elements of pictures, by selector, for light pages and for dark ones.

    Examples
    --------
    >>> style({".k": "fill:#000"}, {".k": "fill:#fff"})[:50]
    '<style>.labkit-picture .k{fill:#000}@media(prefers'
    """
    # A page that contains the SVG as elements has other things with these classes.
    day, night = (
        "".join(f".labkit-picture {selector}{{{rule}}}" for selector, rule in rules.items())
        for rules in (light, dark)
    )
    return f"<style>{day}@media(prefers-color-scheme:dark){{{night}}}</style>"


_LIGHT = {
    ".g": "fill:#fff",
    "text": "font-family:system-ui,sans-serif;font-size:12px;fill:#333",
    ".t": "font-size:14px;font-weight:600",
    ".k": "font-weight:600",
    ".u": "fill:#666;font-size:11px",
    ".a": "stroke:#999;fill:none",
    ".x": "fill:#d32f2f",
    ".error": "fill:#c62828",
    ".warning": "fill:#b45309",
    ".hint": "fill:#1565c0",
    "polyline": "stroke-width:1.5;fill:none;stroke-linejoin:round",
    **{f".s{place}": f"stroke:{light}" for place, (light, _) in enumerate(_SERIES)},
}
_DARK = {
    ".g": "fill:#1b1b1b",
    "text": "fill:#ddd",
    ".u": "fill:#a8a8a8",
    ".x": "fill:#ff6b5b",
    ".error": "fill:#ff8a80",
    ".warning": "fill:#ffb74d",
    ".hint": "fill:#82b1ff",
    **{f".s{place}": f"stroke:{dark}" for place, (_, dark) in enumerate(_SERIES)},
}


def label(
    x: float, y: float, content: str, room: float = ROOM, kind: str = "", anchor: str = ""
) -> str:
    """Return a line of text, cut to a room in px; the whole text is then its tooltip.

    Examples
    --------
    >>> label(0, 12, "a<b")
    '<text x="0" y="12">a&lt;b</text>'
    >>> label(0, 12, "encoder.layers", room=60)
    '<text x="0" y="12">encoder.…<title>encoder.layers</title></text>'
    """
    whole = printable(content[: 2 * _MAX_TITLE])
    shown = fitting(whole, room, _LETTERS.get(kind[:1], _LETTER))
    title = f"<title>{escape(whole[:_MAX_TITLE])}</title>" if shown != whole else ""
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escape(shown)}{title}</text>'


def fitting(content: str, room: float, letter_width: float = _LETTER) -> str:
    """Return a text, or its begin and an ellipsis if it is wider than a room in px.

    Examples
    --------
    >>> fitting("encoder", 100), fitting("encoder", 30)
    ('encoder', 'enc…')
    """
    width, end = 0.0, 0
    for place, letter in enumerate(content):
        width += letter_width * (2 if east_asian_width(letter) in "WF" else 1)
        if width > room:
            return f"{content[:end]}…"
        if width + letter_width <= room:
            end = place + 1
    return content


def lines(content: str, letters: int, most: int) -> list[str]:
    """Return a text in lines; the last one has an ellipsis if there are more.

    Examples
    --------
    >>> lines("one two three", 8, 2), lines("one two three", 8, 1)
    (['one two', 'three'], ['one two…'])
    """
    found = wrap(printable(content[: letters * (most + 1)]), letters)
    return found if len(found) <= most else [*found[: most - 1], f"{found[most - 1]}…"]


def paragraph(content: Iterable[str], kind: str = "") -> Section:
    """Return lines of text as a section."""
    texts = list(content)
    body = "".join(
        label(INSET, LINE * (row + 1) - 4, text, kind=kind) for row, text in enumerate(texts)
    )
    return Section(body.replace("<text ", '<text xml:space="preserve" '), LINE * len(texts))


def drawn_at() -> str:
    """Return the date and the time of a picture that is drawn now."""
    return time.strftime("drawn %Y-%m-%d %H:%M")


def sheet(title: str, details: str, sections: Iterable[Section | None]) -> str:
    """Return the source of a picture.

    Parameters
    ----------
    title : str
    details : str
        The line below the title, or an empty text.
    sections : iterable of Section or None
        None is left out.
    """
    body = label(INSET, 26, title, kind="t")
    top = 40.0
    if details:
        body += label(INSET, 45, details, kind="u")
        top = 60.0
    for section in sections:
        if section is not None:
            body += f'<g transform="translate(0,{top:g})">{section.body}</g>'
            top += section.height + LINE
    spoken = escape(printable(f"{title} {details}".strip()[:_MAX_TITLE]), quote=True)
    height = round(top)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="labkit-picture" '
        f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{spoken}">'
        f'{style(_LIGHT, _DARK)}<rect class="g" width="100%" height="100%" rx="4"/>{body}</svg>'
    )
