"""The card of a prediction as a picture and as text: for saved notebooks and consoles."""

from __future__ import annotations

import re

from labkit.learn.marked_text import as_plain
from labkit.learn.predictions.axes import HEIGHT, Axes
from labkit.learn.predictions.choice import Choice
from labkit.learn.predictions.curve import Curve
from labkit.learn.predictions.place import Place
from labkit.learn.predictions.prediction import Prediction
from labkit.learn.predictions.stored import Stored, Sure
from labkit.views.still.sheet import INSET, LINE, Section, label, lines, paragraph, sheet, style

SURENESS: dict[Sure, str] = {1: "guessing", 2: "fairly sure", 3: "certain"}
_COMPUTED = (
    "The outcome has been computed already. You can still predict before you look at it: run the "
    "cell with the score again to see how it went. Such a prediction is left out of the count of "
    "how sure and how right you were."
)
_LATE = {
    True: "The outcome had been computed by then: run the cell with the score again.",
    False: "The outcome had been computed by then.",
}
"""By whether the score is still to be run."""
_LETTERS, _MOST_LINES = 100, 6
# Pictures of the course have the colour of the text around them.
_COLOURS = style({".c": "color:#333"}, {".c": "color:#ddd"})
_SIZE = re.compile(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"')


def status(prediction: Prediction, stored: Stored) -> str:
    """Return what a card says below its question.

    Examples
    --------
    >>> from labkit.learn.predictions import Number
    >>> status(Number("loss", "How large?"), Stored(0.7, 2))
    'Locked in: `0.7` (fairly sure).'
    """
    if stored.value is not None:
        sure = f" ({SURENESS[stored.sure]})" if stored.sure is not None else ""
        locked = f"Locked in: {prediction.text(stored.value)}{sure}."
        return f"{locked} {_LATE[stored.score is None]}" if stored.late else locked
    return note(prediction, stored) or "Not answered yet."


def note(prediction: Prediction, stored: Stored) -> str:
    """Return what a card without a prediction says of an outcome; empty before the outcome."""
    if stored.outcome is None:
        return ""
    if stored.is_open:
        return _COMPUTED
    return (
        "The outcome was shown to you already, so no prediction can be made. "
        f'`chapter.forget("{prediction.name}")` clears it.'
    )


def still_text(prediction: Prediction, stored: Stored, said: str) -> str:
    """Return a card as text."""
    options = prediction.options if isinstance(prediction, Choice) else {}
    parts = [
        f"Predict: {prediction.question}",
        *(f"  {letter}: {text}" for letter, text in options.items()),
        status(prediction, stored),
        said,
    ]
    if stored.is_open and not said:
        parts.append(
            f'Answer here, or type chapter.predict("{prediction.name}", {_example(prediction)}).'
        )
    return as_plain("\n".join(part for part in parts if part))


def still_svg(prediction: Prediction, stored: Stored, said: str) -> str:
    """Return a card as SVG source."""
    options = prediction.options if isinstance(prediction, Choice) else {}
    texts = [
        *lines(as_plain(prediction.question), _LETTERS, _MOST_LINES),
        *(f"{letter}: {as_plain(text)}" for letter, text in options.items()),
    ]
    told = lines(as_plain(f"{status(prediction, stored)} {said}"), _LETTERS, _MOST_LINES)
    return sheet(
        "Predict", "", [paragraph(texts), _drawing(prediction, stored), paragraph(told, "k")]
    )


def _drawing(prediction: Prediction, stored: Stored) -> Section | None:
    if isinstance(prediction, Curve):
        return _curve(prediction, stored)
    if isinstance(prediction, Place):
        return _place(prediction, stored)
    return None


def _curve(curve: Curve, stored: Stored) -> Section:
    axes = Axes(curve)
    right, bottom = axes.left + axes.width, axes.top + axes.height
    parts = [f'<path class="a" d="M{axes.left} {axes.top}V{bottom}H{right}"/>']
    parts += [
        label(x, bottom + 16, text, kind="u", anchor="middle") for x, text in axes.ticks_across()
    ]
    parts += [
        label(axes.left - 6, y + 4, text, kind="u", anchor="end") for y, text in axes.ticks_up()
    ]
    parts.append(
        label(
            (axes.left + right) / 2,
            HEIGHT - 6,
            f"{curve.y_label} against {curve.x_label}",
            anchor="middle",
        )
    )
    if stored.value is not None:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in axes.sketch(stored.value))
        parts.append(f'<polyline class="s1" points="{points}"/>')
    return Section("".join(parts), HEIGHT)


def _place(place: Place, stored: Stored) -> Section | None:
    """Return the picture with the clicked place, at its own size."""
    picture = place.drawn()
    size = _SIZE.search(picture.svg)
    if size is None:
        return None
    width, height = float(size[1]), float(size[2])
    mark = ""
    if stored.value is not None:
        across, down = place.fractions(stored.value)
        x, y = across * width, down * height
        ring = 'r="9" fill="none" stroke="#d55e00" stroke-width="3"'
        mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" {ring}/>'
    return Section(
        f'{_COLOURS}<g class="c" transform="translate({INSET},0)">{picture.svg}{mark}</g>',
        height + LINE / 2,
    )


def _example(prediction: Prediction) -> str:
    kind = prediction.form()["kind"]
    return {
        "choice": '"a"',
        "number": "0.5",
        "exact": "3",
        "curve": "[1, 0.5, 0.2]",
        "place": "(1, 2)",
    }[kind]
