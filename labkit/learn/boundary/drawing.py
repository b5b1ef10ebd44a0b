"""A still picture of a decision boundary, with the samples and their pulls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labkit.learn.boundary.contour import boundary_segments
from labkit.learn.boundary.state import BoundaryState, Plane, read_plane, read_state
from labkit.learn.pictures.picture import FAINT, Picture, Sheet
from labkit.learn.pictures.png import colours, data_address
from labkit.learn.pictures.ticks import round_ticks

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.learn.boundary.state import Model, SampleLoss

WIDTH, HEIGHT = 480.0, 340.0
ARROW = 46.0
"""Length in px of the arrow of a pull of 1."""
_LEFT, _TOP = 42.0, 26.0
_RADIUS, _LARGE_RADIUS, _FEW = 3.4, 6.5, 40
_TICKS = 5
_INK = "#1a1a1a"
# The two ends of the diverging scale: readable on the map in both themes.
_CLASSES = ("#054e8c", "#b24605")
_PAPER, _BACKGROUND = "#ffffff", "#f7f7f7"
_FAINTEST, _RANGE = 0.27, 0.46
"""The part of the diverging scale that the map takes, so that the samples stand out."""
_SHORTEST, _HEAD, _HEAD_ANGLE = 1.5, 5.0, 2.6
_TICKS = 5


def boundary_picture(
    model: Model,
    x: Tensor,
    y: Tensor,
    *,
    loss: SampleLoss | None = None,
    names: tuple[str, str] = ("x1", "x2"),
    classes: tuple[str, str] = ("0", "1"),
    pulls: bool = False,
    bare: bool = False,
) -> Picture:
    """Draw the decision boundary of a model with the samples around it.

    Parameters
    ----------
    model : callable
        Takes points of shape (n, 2), returns logits of shape (n,), (n, 1), or (n, 2) for two
        classes.
    x, y : Tensor, shapes (n, 2) and (n,)
        The samples and their labels, 0 or 1.
    loss : callable, optional
        Takes logits and labels of shape (n,), returns the loss of each sample; by default the
        binary cross-entropy.
    names, classes : tuple of two str
        The names of the features and of the classes 0 and 1.
    pulls : bool
        Whether each sample has an arrow: where it pushes the boundary, as long as its gradient.
    bare : bool
        Whether to leave out axes and legend, so that the plane fills the picture.

    Returns
    -------
    Picture

    Examples
    --------
    >>> import torch
    >>> x, y = torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([0, 1])
    >>> print(boundary_picture(lambda points: points.sum(dim=1) - 1.5, x, y))
    A plane of x1 (across) and x2 (up) with 2 samples: 1 of 0, 1 of 1.
    2 of 2 are on their side of the boundary; mean loss 0.338.
    """
    plane = read_plane(x, y)
    state = read_state(model, plane, loss)
    return draw(plane, state, names=names, classes=classes, pulls=pulls, bare=bare)


def points_picture(
    x: Tensor,
    y: Tensor,
    *,
    names: tuple[str, str] = ("x1", "x2"),
    classes: tuple[str, str] = ("0", "1"),
) -> Picture:
    """Draw samples of two classes, without a model.

    Parameters
    ----------
    x, y : Tensor, shapes (n, 2) and (n,)
        The samples and their labels, 0 or 1.
    names, classes : tuple of two str
        The names of the features and of the classes 0 and 1.

    Returns
    -------
    Picture

    Examples
    --------
    >>> import torch
    >>> print(points_picture(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([0, 1])))
    A plane of x1 (across) and x2 (up) with 2 samples: 1 of 0, 1 of 1.
    """
    plane, sheet = read_plane(x, y), Sheet()
    sheet.box(_LEFT, _TOP, WIDTH, HEIGHT, fill=_BACKGROUND)
    places = _places(plane, plane.points) + np.array([_LEFT, _TOP])
    right = np.zeros(len(plane.labels), dtype=bool)
    _draw_samples(sheet, plane.labels, right, places, radius_for(len(plane.labels)))
    _draw_axes(sheet, plane, names)
    _draw_legend(sheet, classes, pulls=False, sides=False)
    return sheet.finish(_counts(plane, names, classes))


def draw(
    plane: Plane,
    state: BoundaryState,
    *,
    names: tuple[str, str],
    classes: tuple[str, str],
    pulls: bool,
    bare: bool = False,
) -> Picture:
    """Return the picture of a state that was read."""
    sheet = Sheet()
    left, top = (0.0, 0.0) if bare else (_LEFT, _TOP)
    sheet.image(left, top, WIDTH, HEIGHT, map_address(state.grid), crisp=False)
    places = _places(plane, plane.points) + np.array([left, top])
    for start, end in boundary_segments(state.grid):
        line = [(left + x * WIDTH, top + y * HEIGHT) for x, y in (start, end)]
        sheet.path(line, colour=_INK, width=2)
    if pulls:
        _draw_arrows(sheet, plane, state, places)
    radius = radius_for(len(plane.labels))
    _draw_samples(sheet, plane.labels, state.wrong(plane.labels), places, radius)
    if not bare:
        _draw_axes(sheet, plane, names)
        _draw_legend(sheet, classes, pulls=pulls)
    return sheet.finish(describe(plane, state, names, classes), margin=0 if bare else 4)


def describe(
    plane: Plane, state: BoundaryState, names: tuple[str, str], classes: tuple[str, str]
) -> str:
    """Return in words what the picture shows."""
    n = len(plane.labels)
    right = n - int(state.wrong(plane.labels).sum())
    return (
        f"{_counts(plane, names, classes)}\n{right} of {n} are on their side of the boundary; "
        f"mean loss {state.losses.mean():.3g}."
    )


def _counts(plane: Plane, names: tuple[str, str], classes: tuple[str, str]) -> str:
    n, ones = len(plane.labels), int(plane.labels.sum())
    return (
        f"A plane of {names[0]} (across) and {names[1]} (up) with {n} samples: {n - ones} of "
        f"{classes[0]}, {ones} of {classes[1]}."
    )


def map_address(grid: NDArray[np.float32]) -> str:
    """Return the map of probabilities as an image: blue for class 0, orange for class 1."""
    probabilities = 1 / (1 + np.exp(-np.clip(grid, -60, 60).astype(np.float64)))
    return data_address(colours(_FAINTEST + _RANGE * probabilities, "diverging"))


def _places(plane: Plane, points: NDArray[np.float32]) -> NDArray[np.float64]:
    across = (points[:, 0] - plane.x[0]) / (plane.x[1] - plane.x[0])
    down = (plane.y[1] - points[:, 1]) / (plane.y[1] - plane.y[0])
    return np.stack([across * WIDTH, down * HEIGHT], axis=1)


def _draw_arrows(
    sheet: Sheet, plane: Plane, state: BoundaryState, places: NDArray[np.float64]
) -> None:
    for (x, y), (right, down) in zip(places, arrows_on_page(plane, state), strict=True):
        if np.hypot(right, down) < _SHORTEST:
            continue
        sheet.path(_arrow((x, y), (right, down)), colour=_INK, width=1)


def _arrow(start: tuple[float, float], way: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the corners of an arrow: its shaft, and its head drawn back and forth."""
    end = (start[0] + way[0], start[1] + way[1])
    scale = min(_HEAD, math.hypot(*way)) / math.hypot(*way)
    barbs = []
    for turn in (_HEAD_ANGLE, -_HEAD_ANGLE):
        cosine, sine = math.cos(turn) * scale, math.sin(turn) * scale
        barb = (way[0] * cosine - way[1] * sine, way[0] * sine + way[1] * cosine)
        barbs.append((end[0] + barb[0], end[1] + barb[1]))
    return [start, end, barbs[0], end, barbs[1]]


def arrows_on_page(plane: Plane, state: BoundaryState) -> NDArray[np.float64]:
    """Return the arrows in px, shape (n, 2): perpendicular to the boundary as it is drawn."""
    per_x = WIDTH / (plane.x[1] - plane.x[0])
    per_y = HEIGHT / (plane.y[1] - plane.y[0])
    # A gradient with respect to a position scales inversely to it.
    slopes = state.directions.astype(np.float64) / (per_x, -per_y)
    lengths = np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-30)
    pulls: NDArray[np.float64] = -ARROW * state.pulls[:, None] * slopes / lengths
    return pulls


def radius_for(n_samples: int) -> float:
    """Return the size of a mark in px: few samples have larger ones."""
    return _LARGE_RADIUS if n_samples < _FEW else _RADIUS


def _draw_samples(
    sheet: Sheet,
    labels: NDArray[np.uint8],
    wrong: NDArray[np.bool_],
    places: NDArray[np.float64],
    radius: float,
) -> None:
    for label, is_wrong, (x, y) in zip(labels, wrong, places, strict=True):
        hue = _CLASSES[label]
        fill, stroke = (_PAPER, hue) if is_wrong else (hue, _PAPER)
        _draw_mark(sheet, int(label), (float(x), float(y)), fill, stroke, radius)


def _draw_mark(
    sheet: Sheet,
    label: int,
    place: tuple[float, float],
    fill: str,
    stroke: str,
    radius: float = _RADIUS,
) -> None:
    """Draw a circle for class 0, a triangle for class 1."""
    x, y = place
    if label == 0:
        sheet.dot(x, y, radius, fill=fill, stroke=stroke)
        return
    r = radius * 1.35
    corners = [(x, y - r), (x + 0.87 * r, y + 0.5 * r), (x - 0.87 * r, y + 0.5 * r)]
    sheet.shape(corners, fill=fill, stroke=stroke)


def _draw_axes(sheet: Sheet, plane: Plane, names: tuple[str, str]) -> None:
    bottom = _TOP + HEIGHT
    for across in round_ticks(*plane.x, _TICKS):
        x = _LEFT + (across - plane.x[0]) / (plane.x[1] - plane.x[0]) * WIDTH
        sheet.text(x, bottom + 15, f"{across:g}", size=11, anchor="middle", colour=FAINT)
    for up in round_ticks(*plane.y, _TICKS):
        y = bottom - (up - plane.y[0]) / (plane.y[1] - plane.y[0]) * HEIGHT
        sheet.text(_LEFT - 6, y + 4, f"{up:g}", size=11, anchor="end", colour=FAINT)
    sheet.text(_LEFT + WIDTH / 2, bottom + 30, names[0], bold=True, anchor="middle")
    sheet.text(_LEFT, _TOP - 9, names[1], bold=True)


def _draw_legend(
    sheet: Sheet, classes: tuple[str, str], *, pulls: bool, sides: bool = True
) -> None:
    x, y = _LEFT + WIDTH + 18, _TOP + 14
    for label in (0, 1):
        _draw_mark(sheet, label, (x, y - 4), _CLASSES[label], _PAPER)
        sheet.text(x + 12, y, classes[label], size=12)
        y += 20
    if not sides:
        return
    for label in (0, 1):
        _draw_mark(sheet, label, (x + 10 * label - 3, y - 4), _PAPER, _CLASSES[label])
    sheet.text(x + 18, y, "wrong side", size=12)
    if pulls:
        sheet.path([(x - 4, y + 16), (x + 10, y + 16)])
        sheet.text(x + 16, y + 20, "its pull", size=12)
