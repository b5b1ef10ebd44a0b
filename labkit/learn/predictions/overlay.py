"""The outcome drawn over what was predicted: over a sketch, or on a picture."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from labkit.learn.pictures import Picture
from labkit.learn.pictures.picture import FAINT, INK, LINE, PALETTE, Sheet
from labkit.learn.predictions.axes import HEIGHT, TOP, Axes
from labkit.learn.predictions.curve import Curve, Point
from labkit.learn.predictions.place import Place

SKETCH_COLOUR, OUTCOME_COLOUR = PALETTE[4], PALETTE[0]
_LEGEND = 42
_VIEW_BOX = re.compile(r'viewBox="([^"]*)"')


def curve_overlay(
    curve: Curve, sketch: Sequence[float] | None, outcome: Sequence[Point]
) -> Picture:
    """Return the outcome over a sketch; the outcome alone if there is no sketch.

    Examples
    --------
    >>> loss = Curve("loss", "How does it fall?", x=(0, 2), y=(0, 1))
    >>> print(curve_overlay(loss, (1.0, 0.2), ((0, 1.0), (2, 0.1))))
    Your sketch: a curve from 1 to 0.2. The run: a curve from 1 to 0.1.
    """
    axes = Axes(curve, top=TOP + _LEGEND)
    sheet = Sheet()
    _frame(sheet, axes)
    if sketch is not None:
        _legend(sheet, 0, "your sketch", SKETCH_COLOUR, dashed=True)
        _dashed(sheet, axes.sketch(sketch), SKETCH_COLOUR)
    _legend(sheet, 0 if sketch is None else 150, "the run", OUTCOME_COLOUR, dashed=False)
    sheet.path([axes.at(x, height) for x, height in outcome], colour=OUTCOME_COLOUR, width=2.5)
    words = [f"The run: {curve.outcome_text(tuple(outcome))}."]
    if sketch is not None:
        words.insert(0, f"Your sketch: {curve.text(tuple(sketch))}.")
    return sheet.finish(" ".join(words).replace("`", ""))


def place_overlay(place: Place, clicked: Point | None, outcome: Point) -> Picture:
    """Return the picture with the predicted place (a ring) and the outcome (a cross)."""
    picture = place.drawn()
    found = _VIEW_BOX.search(picture.svg)
    left, top, width, height = map(float, (found[1] if found else "0 0 100 100").split())
    radius = max(4.0, min(width, height) / 25)
    if place.cells:  # inside its cell, also at the edge of the picture
        cell = min(width / abs(place.x[1] - place.x[0]), height / abs(place.y[1] - place.y[0]))
        radius = min(radius, 0.28 * cell)

    def at(point: Point) -> tuple[float, float]:
        across, down = place.fractions(point)
        return left + across * width, top + down * height

    marks = _cross(*at(outcome), radius)
    words = [f"The outcome (a blue cross): {place.text(outcome)}."]
    if clicked is not None:
        marks = _ring(*at(clicked), radius * 1.5) + marks
        words.insert(0, f"You clicked (an orange ring): {place.text(clicked)}.")
    text = " ".join((picture.text, *words)).replace("`", "")
    label = html.escape(" ".join(text.split()))
    svg = picture.svg.replace("</svg>", f"<g><title>{label}</title>{marks}</g></svg>")
    return Picture(svg, text)


def _frame(sheet: Sheet, axes: Axes) -> None:
    right, bottom = axes.left + axes.width, axes.top + axes.height
    sheet.box(axes.left, axes.top, axes.width, axes.height)
    for x, text in axes.ticks_across():
        sheet.path([(x, bottom), (x, bottom + 4)], colour=LINE, width=1)
        sheet.text(x, bottom + 16, text, size=11, anchor="middle", colour=FAINT)
    for y, text in axes.ticks_up():
        sheet.path([(axes.left - 4, y), (axes.left, y)], colour=LINE, width=1)
        sheet.text(axes.left - 7, y + 4, text, size=11, anchor="end", colour=FAINT)
    label_y = axes.top - TOP + HEIGHT - 6
    sheet.text((axes.left + right) / 2, label_y, axes.curve.x_label, size=12, anchor="middle")
    sheet.text(0, axes.top - 10, axes.curve.y_label, size=12)


def _legend(sheet: Sheet, x: float, words: str, colour: str, *, dashed: bool) -> None:
    (_dashed if dashed else _solid)(sheet, [(x, 10), (x + 24, 10)], colour)
    sheet.text(x + 30, 14, words, size=12, colour=INK)


def _solid(sheet: Sheet, points: list[tuple[float, float]], colour: str) -> None:
    sheet.path(points, colour=colour, width=2.5)


def _dashed(sheet: Sheet, points: list[tuple[float, float]], colour: str) -> None:
    sheet.path(points, colour=colour, width=2.5, dashed=True)


def _ring(x: float, y: float, radius: float) -> str:
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none" '
    return "".join(
        f'{circle}stroke="{colour}" stroke-width="{width}"/>'
        for colour, width in (("#ffffff", 5), (SKETCH_COLOUR, 3))
    )


def _cross(x: float, y: float, radius: float) -> str:
    lines = (
        f"M{x - radius:.1f} {y - radius:.1f}L{x + radius:.1f} {y + radius:.1f}"
        f"M{x - radius:.1f} {y + radius:.1f}L{x + radius:.1f} {y - radius:.1f}"
    )
    return "".join(
        f'<path d="{lines}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        for colour, width in (("#ffffff", 5), (OUTCOME_COLOUR, 3))
    )
