"""The short framed answer a chapter gives: as HTML in a notebook, as text everywhere else.

The word in front (Right, Not yet, ...) carries the meaning; the colour of the edge only repeats
it. Text may hold `code` between backticks; all else is escaped.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from labkit.run.printable import printable

Tone = Literal["right", "wrong", "open", "note"]

_LABELS: dict[Tone, str] = {
    "right": "Right",
    "wrong": "Not yet",
    "open": "Not answered yet",
    "note": "Noted",
}
# Okabe-Ito colours: told apart by colour-blind readers, visible on white and on near-black.
_EDGES: dict[Tone, str] = {
    "right": "#009e73",
    "wrong": "#d55e00",
    "open": "#8a8a8a",
    "note": "#0a84c6",
}


@dataclass(frozen=True, repr=False)
class Feedback:
    """One answer to the learner.

    Attributes
    ----------
    tone : {"right", "wrong", "open", "note"}
        Chooses the word in front and the colour of the edge.
    paragraphs : tuple of str
        What is said, one paragraph each; `code` stands between backticks.
    label : str or None
        Replaces the word that the tone would put in front.

    Examples
    --------
    >>> Feedback("right", ("The stride is `(1, 4)`.",))
    Right. The stride is (1, 4).
    """

    tone: Tone
    paragraphs: tuple[str, ...]
    label: str | None = None

    @property
    def heading(self) -> str:
        """The word or words in front."""
        return self.label if self.label is not None else _LABELS[self.tone]

    def __repr__(self) -> str:
        body = "\n".join(paragraph.replace("`", "") for paragraph in self.paragraphs)
        return printable(f"{self.heading}. {body}")

    def _repr_html_(self) -> str:
        body = "".join(
            f'<div style="margin-top:.35em">{_with_code(paragraph)}</div>'
            for paragraph in self.paragraphs
        )
        return (
            f'<div role="status" style="border-left:5px solid {_EDGES[self.tone]};'
            "padding:.35em .9em;margin:.3em 0;max-width:72ch;line-height:1.45;"
            'color:var(--jp-content-font-color1, inherit)">'
            f"<strong>{html.escape(self.heading)}</strong>{body}</div>"
        )


def _with_code(text: str) -> str:
    """Escape `text` and set what stands between backticks as code.

    >>> _with_code("use `a < b`")
    'use <code>a &lt; b</code>'
    """
    pieces = printable(text).split("`")
    return "".join(
        f"<code>{html.escape(piece)}</code>" if place % 2 else html.escape(piece)
        for place, piece in enumerate(pieces)
    )
