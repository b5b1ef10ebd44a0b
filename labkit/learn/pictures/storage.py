"""The storage picture: the flat strip of numbers in memory, and how tensors read it.

Tensors that share a storage stand under one strip; each cell of a tensor shows its value and the
place in the strip that it is read from. Everything is taken from the tensors themselves: storage,
offset, shape and stride.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.learn.pictures.picture import FAINT, PALETTE, Picture, Sheet

if TYPE_CHECKING:
    from torch import Tensor

MOST_ELEMENTS, MOST_DIMENSIONS, _FITTING_CHARACTERS = 64, 3, 5
_CELL_WIDTH, _CELL_HEIGHT, _GAP = 46, 38, 14


@dataclass(frozen=True)
class Layout:
    """How one tensor reads its storage."""

    name: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    places: np.ndarray[Any, np.dtype[np.int64]]  # the tensor's shape; index into the storage

    @property
    def caption(self) -> str:
        """The name with shape, stride and offset."""
        return f"{self.name}: shape {self.shape}, stride {self.stride}, offset {self.offset}"


def storage_picture(*tensors: Tensor, **named: Tensor) -> Picture:
    """Draw the storage of one or more tensors, and how each of them reads it.

    Parameters
    ----------
    *tensors, **named : Tensor
        Up to three dimensions and 64 elements of storage each; a keyword gives the tensor's name.

    Returns
    -------
    Picture
        Tensors that share memory stand under the same strip.

    Examples
    --------
    >>> import torch
    >>> t = torch.arange(6).reshape(2, 3)
    >>> print(storage_picture(t=t, turned=t.T))
    Storage 1 holds 6 elements: 0, 1, 2, 3, 4, 5.
    t: shape (2, 3), stride (3, 1), offset 0, reads places 0, 1, 2, 3, 4, 5.
    turned: shape (3, 2), stride (1, 3), offset 0, reads places 0, 3, 1, 4, 2, 5.
    """
    every = {**{f"tensor {i + 1}": t for i, t in enumerate(tensors)}, **named}
    if not every:
        raise ValueError("give at least one tensor, as in storage_picture(t=t)")
    groups: dict[int, list[tuple[str, Tensor]]] = {}
    for name, tensor in every.items():
        refuse_large(name, tensor)
        groups.setdefault(tensor.untyped_storage().data_ptr(), []).append((name, tensor))
    sheet, lines, top = Sheet(), [], 0.0
    for number, members in enumerate(groups.values(), start=1):
        values = storage_values(members[0][1])
        layouts = [read_layout(name, tensor) for name, tensor in members]
        lines.append(
            f"Storage {number} holds {len(values)} {_elements(values)}: {', '.join(values)}."
        )
        lines += [
            f"{layout.caption}, reads places {', '.join(map(str, layout.places.ravel()))}."
            for layout in layouts
        ]
        heading = f"storage {number}" if len(groups) > 1 else "storage"
        top = _draw_group(sheet, top, heading, values, layouts)
    return sheet.finish("\n".join(lines))


def refuse_large(name: str, tensor: Tensor) -> None:
    """Raise an error that says what can be drawn, if this cannot."""
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise TypeError(
            f"{name} is a {type(tensor).__name__}; a tensor is taken, as in torch.arange(6)"
        )
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    if size > MOST_ELEMENTS or tensor.numel() > MOST_ELEMENTS or tensor.dim() > MOST_DIMENSIONS:
        raise ValueError(
            f"{name} has {tensor.dim()} dimensions and {size} elements of storage; up to 3 and "
            f"{MOST_ELEMENTS} can be drawn. Take a smaller tensor, or .clone() a part of it"
        )


def storage_values(tensor: Tensor) -> list[str]:
    """Return what the whole storage of a tensor holds, as short texts."""
    import torch

    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    flat = torch.as_strided(tensor.detach(), (size,), (1,), 0)
    return [_short(value) for value in flat.cpu().tolist()]


def _elements(values: list[str]) -> str:
    return "element" if len(values) == 1 else "elements"


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def read_layout(name: str, tensor: Tensor) -> Layout:
    """Return how a tensor reads its storage."""
    shape, stride, offset = tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset())
    places = np.full(shape, offset, dtype=np.int64)
    for axis, step in enumerate(stride):
        index = np.arange(shape[axis]) * step
        places += index.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    return Layout(name, shape, stride, offset, places)


def _draw_group(
    sheet: Sheet, top: float, heading: str, values: list[str], layouts: list[Layout]
) -> float:
    """Draw one strip and the tensors that read it; return where the next may begin."""
    hues = _hues(len(values), layouts[0])
    sheet.text(0, top + 13, f"{heading}: one strip of {len(values)} {_elements(values)}", bold=True)
    for place, value in enumerate(values):
        x, y = place % 16 * _CELL_WIDTH, top + 22 + place // 16 * (_CELL_HEIGHT + 4)
        _draw_cell(sheet, x, y, value, f"@{place}", hues[place])
    top += 22 + -(-len(values) // 16) * (_CELL_HEIGHT + 4) + 18
    for layout in layouts:
        sheet.text(0, top + 13, layout.caption, bold=True)
        top = _draw_tensor(sheet, top + 22, layout, values, hues) + 18
    return top


def _hues(size: int, layout: Layout) -> list[str | None]:
    """Give each place of the strip the colour of the first tensor's row that reads it."""
    hues: list[str | None] = [None] * size
    rows = layout.places if layout.places.ndim > 1 else layout.places.reshape(1, -1)
    for row, places in enumerate(rows):
        for place in places.ravel():
            hues[int(place)] = PALETTE[row % len(PALETTE)]
    return hues


def _draw_tensor(
    sheet: Sheet, top: float, layout: Layout, values: list[str], hues: list[str | None]
) -> float:
    missing = MOST_DIMENSIONS - len(layout.shape)
    blocks = layout.places.reshape((1,) * missing + layout.shape)
    n_rows, n_columns = (int(size) for size in blocks.shape[1:])
    for number, block in enumerate(blocks):
        left = number * (n_columns * _CELL_WIDTH + _GAP)
        for row in range(n_rows):
            for column in range(n_columns):
                place = int(block[row, column])
                x, y = left + column * _CELL_WIDTH, top + row * _CELL_HEIGHT
                _draw_cell(sheet, x, y, values[place], f"@{place}", hues[place])
    return top + n_rows * _CELL_HEIGHT


def _draw_cell(sheet: Sheet, x: float, y: float, value: str, place: str, hue: str | None) -> None:
    sheet.box(
        x,
        y,
        _CELL_WIDTH - 3,
        _CELL_HEIGHT - 3,
        fill=hue or "none",
        opacity=0.3,
        dashed=hue is None,
    )
    size = 13 if len(value) <= _FITTING_CHARACTERS else 11
    sheet.text(x + (_CELL_WIDTH - 3) / 2, y + 16, value, size=size, anchor="middle")
    sheet.text(x + (_CELL_WIDTH - 3) / 2, y + 30, place, size=11, anchor="middle", colour=FAINT)
