"""Curves and dots over two axes, for what a few numbers show best.

Every line is the points it was given, joined; nothing is smoothed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.learn.pictures.picture import FAINT, PALETTE, Picture, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    Numbers = Tensor | ArrayLike
    Points = tuple[Numbers, Numbers]

_WIDTH, _HEIGHT, _LEFT, _TOP = 420.0, 260.0, 46.0, 26.0
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def curve_picture(
    lines: Mapping[str, Points],
    *,
    dots: Mapping[str, Points] | None = None,
    x_label: str = "x",
    y_label: str = "y",
    x: tuple[float, float] | None = None,
    y: tuple[float, float] | None = None,
) -> Picture:
    """Draw lines through points, and dots, over two axes.

    Parameters
    ----------
    lines, dots : mapping of str to (x, y)
        The coordinates by name, each of shape (n,); up to six names, which share their colours.
    x_label, y_label : str
        What the axes are.
    x, y : tuple of two float, optional
        The ends of the axes; by default those of the points. What is outside is not drawn.

    Returns
    -------
    Picture

    Examples
    --------
    >>> print(curve_picture({"double": ([0, 1, 2], [0, 2, 4])}, x_label="a", y_label="b"))
    b over a.
    double: 3 points, from (0, 0) to (2, 4).
    """
    every = {name: _points(name, given) for name, given in {**lines, **(dots or {})}.items()}
    if not every or len(every) > len(PALETTE):
        raise ValueError(f"one to {len(PALETTE)} lines and dots are drawn; got {len(every)}")
    ends_x, ends_y = (_ends(given, every, axis) for axis, given in enumerate((x, y)))
    sheet = Sheet()
    _draw_axes(sheet, ends_x, ends_y, x_label, y_label)
    for number, (name, points) in enumerate(every.items()):
        hue = PALETTE[number]
        places = _places(points, ends_x, ends_y)
        if name in lines:
            sheet.path(places, colour=hue, width=2)
        else:
            for place in places:
                sheet.dot(*place, 3, fill=hue)
        _draw_name(sheet, number, name, hue, is_line=name in lines)
    words = [f"{y_label} over {x_label}."]
    return sheet.finish("\n".join(words + [_describe(name, each) for name, each in every.items()]))


def _points(name: str, given: Points) -> NDArray[np.float64]:
    columns = [_numbers(each) for each in given]
    if len(columns) != 2 or len(columns[0]) != len(columns[1]) or not len(columns[0]):  # noqa: PLR2004
        raise ValueError(f"{name} takes (x, y), two rows of equally many numbers")
    return np.stack(columns, axis=1)


def _numbers(values: Any) -> NDArray[np.float64]:
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    return np.asarray(values, dtype=np.float64).reshape(-1)


def _ends(
    given: tuple[float, float] | None, every: Mapping[str, NDArray[np.float64]], axis: int
) -> tuple[float, float]:
    if given is not None:
        return float(given[0]), float(given[1])
    values = np.concatenate([points[:, axis] for points in every.values()])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _places(
    points: NDArray[np.float64], x: tuple[float, float], y: tuple[float, float]
) -> list[tuple[float, float]]:
    inside = points[
        (points[:, 0] >= x[0]) & (points[:, 0] <= x[1])
        & (points[:, 1] >= y[0]) & (points[:, 1] <= y[1])
    ]  # fmt: skip
    across = _LEFT + (inside[:, 0] - x[0]) / (x[1] - x[0]) * _WIDTH
    down = _TOP + (y[1] - inside[:, 1]) / (y[1] - y[0]) * _HEIGHT
    return list(zip(across.tolist(), down.tolist(), strict=True))


def _draw_axes(
    sheet: Sheet, x: tuple[float, float], y: tuple[float, float], x_label: str, y_label: str
) -> None:
    bottom = _TOP + _HEIGHT
    for share in _SHARES:
        across, down = _LEFT + share * _WIDTH, bottom - share * _HEIGHT
        sheet.box(_LEFT, down, _WIDTH, 0, opacity=0)
        words = f"{x[0] + share * (x[1] - x[0]):.3g}"
        sheet.text(across, bottom + 15, words, size=11, anchor="middle", colour=FAINT)
        words = f"{y[0] + share * (y[1] - y[0]):.3g}"
        sheet.text(_LEFT - 6, down + 4, words, size=11, anchor="end", colour=FAINT)
    sheet.text(_LEFT + _WIDTH / 2, bottom + 31, x_label, bold=True, anchor="middle")
    sheet.text(_LEFT - 34, _TOP - 12, y_label, bold=True)


def _draw_name(sheet: Sheet, number: int, name: str, hue: str, *, is_line: bool) -> None:
    x, y = _LEFT + _WIDTH + 18, _TOP + 12 + 20 * number
    if is_line:
        sheet.path([(x - 6, y - 4), (x + 6, y - 4)], colour=hue, width=2.5)
    else:
        sheet.dot(x, y - 4, 3.5, fill=hue)
    sheet.text(x + 12, y, name, size=12)


def _describe(name: str, points: NDArray[np.float64]) -> str:
    first, last = (f"({x:.3g}, {y:.3g})" for x, y in (points[0], points[-1]))
    return f"{name}: {len(points)} points, from {first} to {last}."
