"""Bars under the letters of a text: what a network computes while it reads.

Each quantity has its own row and its own axis: 0 to 1 where all values are between them, as those
of gates are, -1 to 1 for what has been through a tanh, and otherwise its own range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.learn.pictures.picture import FAINT, PALETTE, Picture, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    Values = Tensor | ArrayLike

_ROW, _GAP, _LEFT, _TOP = 48.0, 16.0, 100.0, 20.0
_WIDEST, _NARROWEST, _ROOM = 18.0, 10.5, 420.0
"""Columns are as wide as the room for all of them allows, within these bounds."""
_APART = 10.0  # the smallest distance of two labels of an axis
_MOST_LETTERS, _MOST_ROWS = 40, 6


def letter_picture(text: str, rows: Mapping[str, Values], *, marked: str = "") -> Picture:
    """Draw a bar for each letter of a text, in one row for each quantity.

    Parameters
    ----------
    text : str
        Up to 40 letters.
    rows : mapping of str to values
        Up to six quantities by their names, each of shape (n_letters,).
    marked : str
        Letters that are drawn in bold, with bars in the second colour.

    Returns
    -------
    Picture

    Examples
    --------
    >>> print(letter_picture("ada", {"gate": [0.9, 0.1, 0.8]}, marked="a"))
    The letters a d a; marked: a.
    gate, axis 0 to 1: 0.9, 0.1, 0.8.
    """
    if not 1 <= len(text) <= _MOST_LETTERS or not 1 <= len(rows) <= _MOST_ROWS:
        raise ValueError(
            f"up to {_MOST_LETTERS} letters and {_MOST_ROWS} rows are drawn; got {len(text)} "
            f"letters and {len(rows)} rows"
        )
    sheet, lines = Sheet(), [_spoken_letters(text, marked)]
    column = min(_WIDEST, max(_NARROWEST, _ROOM / len(text)))
    top = _TOP
    for name, given in rows.items():
        values = _row(name, given, len(text))
        low, high = _ends(values)
        _draw_axis(sheet, top, name, (low, high), len(text) * column)
        marks = [letter in marked for letter in text]
        _draw_bars(sheet, top, values, (low, high), marks, column)
        lines.append(_spoken_row(name, values, low, high))
        top += _ROW + _GAP
    for place, letter in enumerate(text):
        middle = _LEFT + (place + 0.5) * column
        sheet.text(middle, top + 4, letter, size=15, anchor="middle", bold=letter in marked)
    return sheet.finish("\n".join(lines))


def _row(name: str, given: Values, n_letters: int) -> NDArray[np.float64]:
    values: Any = given
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    row = np.asarray(values, dtype=np.float64).reshape(-1)
    if len(row) != n_letters:
        raise ValueError(f"{name} has {len(row)} values for {n_letters} letters")
    return row


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= -1 and high <= 1:
        return -1.0, 1.0
    return min(low, 0.0), max(high, 0.0)


def _draw_axis(
    sheet: Sheet, top: float, name: str, ends: tuple[float, float], width: float
) -> None:
    low, high = ends
    sheet.text(0, top + _ROW / 2 + 4, name, size=12)
    zero = _height(0.0, top, ends)
    for value in sorted({low, 0.0, high}):
        y = _height(value, top, ends)
        if value and abs(y - zero) < _APART:
            continue
        sheet.path([(_LEFT, y), (_LEFT + width, y)], colour=FAINT, width=1 if value == 0 else 0.4)
        sheet.text(_LEFT + width + 6, y + 4, f"{value:.3g}", size=11, colour=FAINT)


def _draw_bars(
    sheet: Sheet,
    top: float,
    values: NDArray[np.float64],
    ends: tuple[float, float],
    marks: list[bool],
    column: float,
) -> None:
    base = _height(0.0, top, ends)
    for place, (value, is_marked) in enumerate(zip(values.tolist(), marks, strict=True)):
        if not np.isfinite(value):
            continue
        y = _height(value, top, ends)
        left, width = _LEFT + (place + 1 / 6) * column, column * 2 / 3
        hue = PALETTE[4] if is_marked else PALETTE[0]
        sheet.box(left, min(y, base), width, max(abs(base - y), 1.0), fill=hue, stroke="none")


def _height(value: float, top: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return top + (high - value) / (high - low) * _ROW


def _spoken_letters(text: str, marked: str) -> str:
    found = sorted({letter for letter in text if letter in marked})
    ending = f"; marked: {' '.join(found)}" if found else ""
    return f"The letters {' '.join(text)}{ending}."


def _spoken_row(name: str, values: NDArray[np.float64], low: float, high: float) -> str:
    numbers = ", ".join(f"{value:.2g}" for value in values.tolist())
    return f"{name}, axis {low:.3g} to {high:.3g}: {numbers}."
