"""A grid of numbered squares, one for each sample of a dataset."""

from __future__ import annotations

from labkit.learn.pictures.picture import Picture, Sheet

_CELL = 40


def index_picture(n: int, columns: int = 10) -> Picture:
    """Draw the indices of a dataset, row by row; the squares fill the picture.

    Examples
    --------
    >>> index_picture(12).text
    'Squares with the indices 0 to 11, 10 in a row.'
    """
    sheet = Sheet()
    for index in range(n):
        x, y = index % columns * _CELL, index // columns * _CELL
        sheet.box(x + 1, y + 1, _CELL - 2, _CELL - 2)
        sheet.text(x + _CELL / 2, y + _CELL / 2 + 5, str(index), anchor="middle")
    return sheet.finish(f"Squares with the indices 0 to {n - 1}, {columns} in a row.", margin=1)
