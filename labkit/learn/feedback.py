"""The short framed answer of a chapter: HTML in a notebook, text everywhere else.

The word in front (Right, Not yet, ...) carries the meaning; the colour of the edge only repeats
it. Texts may contain `code` between backticks and *emphasis* between asterisks.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

from labkit.learn.marked_text import as_plain, html_paragraphs
from labkit.learn.pictures import Picture
from labkit.run.printable import printable

Tone = Literal["right", "wrong", "open", "note"]

_LABELS: dict[Tone, str] = {
    "right": "Right",
    "wrong": "Not yet",
    "open": "Not answered yet",
    "note": "Noted",
}
# Okabe-Ito colours: distinguishable by colour-blind readers, visible on white and on near-black.
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
    picture : Picture or None
        Drawn below the paragraphs.
    more : tuple of str
        More paragraphs, below the picture.
    fold : str
        If not empty, picture and `more` are folded under this summary.

    Examples
    --------
    >>> Feedback("right", ("The stride is `(1, 4)`.",))
    Right. The stride is (1, 4).
    """

    tone: Tone
    paragraphs: tuple[str, ...]
    label: str | None = None
    picture: Picture | None = None
    more: tuple[str, ...] = ()
    fold: str = ""

    @property
    def heading(self) -> str:
        """The word or words in front."""
        return self.label if self.label is not None else _LABELS[self.tone]

    def __repr__(self) -> str:
        drawn = (self.picture.text,) if self.picture is not None else ()
        body = "\n".join(map(as_plain, (*self.paragraphs, *drawn, *self.more)))
        return printable(f"{self.heading}. {body}")

    def _repr_html_(self) -> str:
        picture = ""
        if self.picture is not None:
            picture = f'<div style="margin-top:.5em">{self.picture._repr_html_()}</div>'
        more = picture + html_paragraphs(self.more)
        if self.fold and more:
            more = (
                '<details style="margin-top:.4em"><summary style="cursor:pointer">'
                f"{html.escape(self.fold)}</summary>{more}</details>"
            )
        return (
            f'<div role="status" style="border-left:5px solid {_EDGES[self.tone]};'
            "padding:.35em .9em;margin:.3em 0;max-width:72ch;line-height:1.45;"
            'color:var(--jp-content-font-color1, inherit)">'
            f"<strong>{html.escape(self.heading)}</strong>"
            f"{html_paragraphs(self.paragraphs)}{more}</div>"
        )
