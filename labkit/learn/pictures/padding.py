"""Batches of padded sequences as blocks of letters, with the padding marked."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from labkit.learn.pictures.picture import CLASH, INK, LINE, Picture, Sheet

if TYPE_CHECKING:
    from torch import Tensor

_CELL, _GAP, _TOP, _WIDTH = 15, 14, 26, 540
_MOST_BATCHES = 64


def padding_picture(
    batches: Sequence[Tensor], *, title: str = "", symbols: str = ascii_lowercase
) -> Picture:
    """Draw each batch as a block of letters; squares of padding are filled.

    Parameters
    ----------
    batches : sequence of Tensor, shape (batch, longest), whole numbers
        Padded sequences: 0 is padding, 1 the first of `symbols`. Up to 64 batches.
    title : str
        Written above, with the share of the padding.
    symbols : str
        What the numbers from 1 on stand for; other numbers are shown as they are.

    Examples
    --------
    >>> import torch
    >>> padding_picture([torch.tensor([[1, 2], [3, 0]])], title="one batch").text
    'one batch: 1 of 4 places are padding (25%). Batches: ab c.'
    """
    tables = [_rows(batch) for batch in batches]
    if len(tables) > _MOST_BATCHES:
        raise ValueError(f"up to {_MOST_BATCHES} batches are drawn; got {len(tables)}")
    places = [value for table in tables for row in table for value in row]
    padding = sum(value == 0 for value in places)
    share = padding / max(len(places), 1)
    head = f"{title}: " if title else ""
    head += f"{padding} of {len(places)} places are padding ({share:.0%})"
    sheet = Sheet()
    sheet.text(0, 13, head, bold=True)
    x, y, tallest = 0.0, float(_TOP), 0.0
    for table in tables:
        width, height = _CELL * max(map(len, table), default=0), _CELL * len(table)
        if x > 0 and x + width > _WIDTH:
            x, y, tallest = 0.0, y + tallest + _GAP, 0.0
        _draw(sheet, table, x, y, symbols)
        x, tallest = x + width + _GAP, max(tallest, float(height))
    words = "; ".join(_in_words(table, symbols) for table in tables)
    return sheet.finish(f"{head}. Batches: {words}.")


def _rows(batch: Any) -> list[list[int]]:
    rows = batch.tolist() if hasattr(batch, "tolist") else list(batch)
    if not all(isinstance(row, list) for row in rows):
        raise ValueError("each batch is a table of shape (batch, longest)")
    return [[int(value) for value in row] for row in rows]


def _draw(sheet: Sheet, table: list[list[int]], x: float, y: float, symbols: str) -> None:
    for down, row in enumerate(table):
        for across, value in enumerate(row):
            left, top = x + across * _CELL, y + down * _CELL
            fill, opacity = ("none", 1.0) if value else (CLASH, 0.55)
            sheet.box(left, top, _CELL - 1, _CELL - 1, fill=fill, opacity=opacity, stroke=LINE)
            if value:
                middle = left + (_CELL - 1) / 2
                sheet.text(
                    middle, top + 11, _symbol(value, symbols), size=11, anchor="middle", colour=INK
                )


def _symbol(value: int, symbols: str) -> str:
    return symbols[value - 1] if 0 < value <= len(symbols) else str(value)


def _in_words(table: list[list[int]], symbols: str) -> str:
    return " ".join("".join(_symbol(value, symbols) for value in row if value) for row in table)
