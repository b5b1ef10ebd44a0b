"""The static picture and the text of a playground, for notebooks without its kernel."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from labkit.playing.maps import CLASS_SHADES
from labkit.playing.session import Session
from labkit.playing.training import Training
from labkit.run.logged.png import encode
from labkit.views.still.sheet import INSET, ROOM, Section, drawn_at, label, sheet

_SIDE, _GAP = 300, 28
_MAX_POINTS = 400
_STOPS = ("#3f8fcb", "#9fc9e6", "#f6f6f6", "#f7bf8d", "#ea7f2b")
"""Colours from low to high, as in the page (``views/playground/painting.ts``)."""
_LOW_POINT, _HIGH_POINT, _NOT_FINITE = "#003a60", "#7d2f00", (255, 45, 120)
_CLASSES = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7"),
    *("#56b4e9", "#d55e00", "#b8ab00", "#6b6b6b"),
)
"""Colours of the classes where each has an output, as in the page."""
_UNSURE = "#f6f6f6"
_FULL, _POINT_SHADE = 0.72, 0.6
"""How much of its colour a class that is certain has, and of the colour its points have."""


def pictures(session: Session) -> dict[str, str]:
    """Return the text and the picture, by MIME type."""
    return {"text/plain": text(session.training), "image/svg+xml": svg(session)}


def text(training: Training) -> str:
    """Return a line with the network and its losses."""
    return (
        f"Playground: {_network(training)}, data {training.settings.data}, "
        f"step {training.step:,}, training loss {training.train_loss:.4g}, "
        f"test loss {training.test_loss:.4g}"
    )


def svg(session: Session) -> str:
    """Return the output over the plane with the points, and the curves of the losses."""
    training = session.training
    values, plane = session.picture()
    address = base64.b64encode(encode(_coloured(values, training.outputs))).decode("ascii")
    body = (
        f'<image x="{INSET}" y="0" width="{_SIDE}" height="{_SIDE}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{address}"/>{_points(training, plane)}'
    )
    body += _curves(training, INSET + _SIDE + _GAP)
    details = f"{_network(training)}; {drawn_at()}"
    title = f"Playground: {training.settings.data}"
    return sheet(title, details, [Section(body, _SIDE)])


def _network(training: Training) -> str:
    if training.own_model is not None:
        return type(training.own_model).__name__
    sizes = [len(training.settings.features), *training.settings.hidden, training.outputs]
    return f"{'-'.join(map(str, sizes))} with {training.settings.activation}"


def _coloured(values: NDArray[np.uint8], outputs: int) -> NDArray[np.uint8]:
    """Return the picture of the output in colours, shape (side, side, 3)."""
    if outputs == 1:
        stops = np.array([_rgb(colour) for colour in _STOPS])
        places = np.linspace(0, 254, len(stops))
        table = np.stack([np.interp(np.arange(256), places, each) for each in stops.T], axis=1)
    else:
        class_, shade = np.divmod(np.arange(256), CLASS_SHADES)
        full = np.array([_rgb(colour) for colour in _CLASSES])[class_ % len(_CLASSES)]
        part = _FULL * shade[:, None] / (CLASS_SHADES - 1)
        table = (1 - part) * _rgb(_UNSURE) + part * full
    table[255] = _NOT_FINITE
    side = round(values.size**0.5)
    coloured: NDArray[np.uint8] = table.round().astype(np.uint8)[values.reshape(side, side)]
    return coloured


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)


def _points(training: Training, plane: tuple[float, float, float, float]) -> str:
    left, right, bottom, top = plane
    points = training.points
    middle = 0.5 if not points.is_regression else float(points.y.mean())
    shown = points.train[:_MAX_POINTS]

    def colour_of(y: float) -> str:
        if training.outputs > 1:
            red, green, blue = (_POINT_SHADE * _rgb(_CLASSES[int(y)])).astype(int)
            return f"#{red:02x}{green:02x}{blue:02x}"
        return _HIGH_POINT if y > middle else _LOW_POINT

    return "".join(
        f'<circle cx="{INSET + _SIDE * (x1 - left) / (right - left):.1f}" '
        f'cy="{_SIDE * (top - x2) / (top - bottom):.1f}" r="2.6" stroke="#fff" '
        f'fill="{colour_of(y)}"/>'
        for (x1, x2), y in zip(points.x[shown].tolist(), points.y[shown].tolist(), strict=True)
        if left <= x1 <= right and bottom <= x2 <= top
    )


def _curves(training: Training, left: float) -> str:
    width, height, under = INSET + ROOM - left, 150.0, 76.0
    body = label(left, 16, f"Step {training.step:,}", width, "k")
    body += label(left, 36, f"training loss {training.train_loss:.4g}", width)
    body += label(left, 54, f"test loss {training.test_loss:.4g}", width)
    rows = training.history.rows()
    rows = rows[np.isfinite(rows).all(axis=1)]
    if len(rows) < 2:  # noqa: PLR2004
        return body
    highest, last = max(rows[:, 1:].max(), 1e-12), rows[-1, 0] or 1.0
    for column in (2, 1):
        line = " ".join(
            f"{left + width * row[0] / last:.1f},{under + height * (1 - row[column] / highest):.1f}"
            for row in rows[:: max(1, len(rows) // 200)]
        )
        body += f'<polyline class="s{column - 1}" points="{line}"/>'
    axis = f"M{left} {under + height}H{left + width}"
    legend = label(left, under + height + 18, "training (blue) and test (orange) loss, from 0")
    return f'{body}<path class="a" d="{axis}"/>{legend}'
