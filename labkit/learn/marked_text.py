"""The little markup of the course's texts: `code`, *emphasis*, and paragraphs.

Everything else is text and is escaped. The same rules are in the page
(``frontend/src/course/prediction/marked-text.ts``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from labkit.run.printable import printable

_CODE = re.compile(r"`([^`]*)`")
# The asterisks of a product stand between spaces, or between letters and digits.
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]*?[^\s*])\*(?![\w*])")


def paragraphs_of(text: str) -> tuple[str, ...]:
    r"""Return the paragraphs of a text, which empty lines separate.

    Examples
    --------
    >>> paragraphs_of("One\nline.\n\nAnother.")
    ('One line.', 'Another.')
    """
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return tuple(part for part in parts if part)


def as_html(text: str) -> str:
    """Return a text as HTML.

    Examples
    --------
    >>> as_html("use `a < b`, *not* 2 * 3")
    'use <code>a &lt; b</code>, <em>not</em> 2 * 3'
    """
    pieces = _CODE.split(printable(text))
    return "".join(
        f"<code>{html.escape(piece)}</code>"
        if place % 2
        else _EMPHASIS.sub(r"<em>\1</em>", html.escape(piece))
        for place, piece in enumerate(pieces)
    )


def as_plain(text: str) -> str:
    """Return a text without its markup, for consoles.

    Examples
    --------
    >>> as_plain("use `a < b`, *not* 2 * 3")
    'use a < b, not 2 * 3'
    """
    pieces = _CODE.split(printable(text))
    return "".join(
        piece if place % 2 else _EMPHASIS.sub(r"\1", piece) for place, piece in enumerate(pieces)
    )


def html_paragraphs(texts: Iterable[str]) -> str:
    """Return texts as paragraphs of HTML, with the distances of a card."""
    return "".join(f'<div style="margin-top:.4em">{as_html(text)}</div>' for text in texts)
