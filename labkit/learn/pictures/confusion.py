"""Which class was taken for which: a table of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.learn.pictures.picture import LINE, Picture, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    Labels = Tensor | ArrayLike

_CELL, _LEFT, _TOP = 36.0, 34.0, 56.0
_MOST_CLASSES, _NAMED = 20, 5
_RIGHT_FILL, _WRONG_FILL = "#0a84c6", "#ff7a1a"


def confusion_picture(
    labels: Labels, guesses: Labels, *, names: Sequence[object] = (), title: str = ""
) -> Picture:
    """Draw how often each class was taken for each other one.

    Parameters
    ----------
    labels, guesses : Tensor or ndarray, shape (n,)
        The class of each sample, and the one that a model says; whole numbers from 0.
    names : sequence
        The names of the classes; by default their numbers.
    title : str
        Written above the table.

    Returns
    -------
    Picture

    Examples
    --------
    >>> print(confusion_picture([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], names=["cat", "dog"]))
    3 of 5 are right. Most often: cat taken for dog (1), dog taken for cat (1).
    """
    true, said = (np.asarray(given).reshape(-1).astype(np.int64) for given in (labels, guesses))
    if len(true) != len(said) or not len(true):
        raise ValueError(f"one guess for each label is taken; got {len(true)} and {len(said)}")
    n_classes = max(int(true.max()), int(said.max()), len(names) - 1) + 1
    if min(true.min(), said.min()) < 0 or n_classes > _MOST_CLASSES:
        raise ValueError(
            f"classes from 0 to {_MOST_CLASSES - 1} are drawn; got {n_classes} classes"
        )
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (true, said), 1)
    named = [str(name) for name in names] or [str(number) for number in range(n_classes)]
    sheet = Sheet()
    sheet.text(0, 12, title or "confusion matrix", bold=True)
    sheet.text(_LEFT, _TOP - 22, "across: what the model says", size=12)
    sheet.text(_LEFT, _TOP + (n_classes + 0.55) * _CELL, "down: the label", size=12)
    for number, name in enumerate(named):
        sheet.text(_LEFT + (number + 0.5) * _CELL, _TOP - 4, name, size=11, anchor="middle")
        sheet.text(_LEFT - 6, _TOP + (number + 0.65) * _CELL, name, size=11, anchor="end")
    _draw_cells(sheet, counts)
    return sheet.finish(_describe(counts, named))


def _draw_cells(sheet: Sheet, counts: NDArray[np.int64]) -> None:
    for (row, column), count in np.ndenumerate(counts):
        x, y = _LEFT + column * _CELL, _TOP + row * _CELL
        if count:
            # The side of the square shows the part of the label's samples.
            share = float(np.sqrt(count / counts[row].sum()))
            side = max(14.0, (_CELL - 4) * share)
            corner = (_CELL - side) / 2
            hue = _RIGHT_FILL if row == column else _WRONG_FILL
            sheet.box(x + corner, y + corner, side, side, fill=hue, opacity=0.45, stroke="none")
        sheet.box(x, y, _CELL, _CELL, stroke=LINE)
        if count:
            sheet.text(x + _CELL / 2, y + _CELL / 2 + 4, str(count), size=12, anchor="middle")


def _describe(counts: NDArray[np.int64], names: Sequence[str]) -> str:
    right, total = int(np.trace(counts)), int(counts.sum())
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_NAMED]
    pairs = [
        f"{names[row]} taken for {names[column]} ({wrong[row, column]})"
        for row, column in (divmod(int(place), len(counts)) for place in order)
        if wrong[row, column]
    ]
    said = f"{right} of {total} are right."
    return f"{said} Most often: {', '.join(pairs)}." if pairs else said
