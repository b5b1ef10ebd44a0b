"""A finished picture, and the sheet it is drawn on.

The sheet writes SVG with the theme's own colours (JupyterLab's variables, else the surrounding
text's colour), so one picture serves light and dark. It knows shapes and text only; what they mean
is up to the pictures.
"""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path

from labkit.run.printable import printable

INK = "var(--jp-content-font-color1, currentColor)"
FAINT = "var(--jp-content-font-color2, currentColor)"
LINE = "var(--jp-border-color1, #8a8a8a)"
# Okabe-Ito without black and yellow: distinguishable by colour-blind readers, in light and dark.
PALETTE = ("#0a84c6", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
CLASH = "#d55e00"
_FONT = "var(--jp-code-font-family, ui-monospace, monospace)"


@dataclass(frozen=True, repr=False)
class Picture:
    """An SVG picture and its text alternative.

    Attributes
    ----------
    svg : str
        One ``<svg>`` element that stands by itself.
    text : str
        The same in words: what a screen reader says and what a plain console shows.

    Examples
    --------
    >>> Picture("<svg></svg>", "an empty picture")
    an empty picture
    """

    svg: str
    text: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to an SVG file, and return its path.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Picture("<svg></svg>", "an empty picture").save(f"{folder}/empty.svg").name
        'empty.svg'
        """
        file = Path(path)
        file.write_text(self.svg, encoding="utf-8")
        return file

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg}</div>'


class Sheet:
    """A drawing surface that grows as things are put on it.

    Examples
    --------
    >>> sheet = Sheet()
    >>> sheet.box(0, 0, 40, 20)
    >>> sheet.finish("one box").text
    'one box'
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._width = 0.0
        self._height = 0.0

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        opacity: float = 1.0,
        stroke: str = LINE,
        dashed: bool = False,
        thick: bool = False,
    ) -> None:
        """Draw a rectangle; `opacity` is that of its filling."""
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self._put(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="3" '
            f'style="fill:{fill};fill-opacity:{opacity};stroke:{stroke}" '
            f'stroke-width="{2.5 if thick else 1}"{dash}/>',
            x + width,
            y + height,
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 13,
        anchor: str = "start",
        colour: str = INK,
        bold: bool = False,
    ) -> None:
        """Write one line of text; `y` is its base line."""
        weight = ' font-weight="600"' if bold else ""
        length = len(words) * size * 0.62
        reach = {"start": length, "middle": length / 2, "end": 0.0}[anchor]
        self._put(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{weight} '
            f'style="fill:{colour}">{html.escape(printable(words))}</text>',
            x + reach,
            y + size * 0.4,
        )

    def path(
        self,
        points: list[tuple[float, float]],
        *,
        colour: str = INK,
        width: float = 1.5,
        dashed: bool = False,
        dashes: str = "6 4",
    ) -> None:
        """Draw a line through the points; `dashes` are the lengths of dashes and gaps."""
        if not points:
            return
        dash = f' stroke-dasharray="{dashes}"' if dashed else ""
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._put(
            f'<polyline points="{line}" fill="none" stroke-width="{width}" '
            f'stroke-linejoin="round"{dash} style="stroke:{colour}"/>',
            max(x for x, _ in points),
            max(y for _, y in points),
        )

    def dot(
        self, x: float, y: float, radius: float, *, fill: str = INK, stroke: str = "none"
    ) -> None:
        """Draw a filled circle."""
        self._put(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" style="fill:{fill};stroke:{stroke}"/>',
            x + radius,
            y + radius,
        )

    def shape(
        self, corners: list[tuple[float, float]], *, fill: str = INK, stroke: str = "none"
    ) -> None:
        """Draw a filled polygon."""
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        self._put(
            f'<polygon points="{line}" style="fill:{fill};stroke:{stroke}"/>',
            max(x for x, _ in corners),
            max(y for _, y in corners),
        )

    def image(
        self, x: float, y: float, width: float, height: float, address: str, *, crisp: bool
    ) -> None:
        """Place a PNG given as a data address; `crisp` draws its pixels as squares."""
        rendering = ' style="image-rendering:pixelated"' if crisp else ""
        self._put(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'preserveAspectRatio="none" href="{address}"{rendering}/>',
            x + width,
            y + height,
        )

    def finish(self, text: str, *, margin: float = 4) -> Picture:
        """Close the sheet; `text` says in words what it shows."""
        width, height = self._width + 2 * margin, self._height + 2 * margin
        spoken = html.escape(printable(" ".join(text.split())))
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{spoken}" '
            f'width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="{-margin} {-margin} {width:.1f} {height:.1f}" '
            f'style="font-family:{_FONT}">{"".join(self._parts)}</svg>'
        )
        return Picture(svg, text)

    def _put(self, element: str, right: float, bottom: float) -> None:
        self._parts.append(element)
        self._width = max(self._width, right)
        self._height = max(self._height, bottom)
