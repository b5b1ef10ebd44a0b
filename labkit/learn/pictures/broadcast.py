"""The broadcasting picture: shapes written under each other, aligned at their last dimension.

A dimension of size 1, or one that is missing, is stretched to the other's size; two sizes that
differ and are not 1 clash. The picture shows which of these happens in every column.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.learn.pictures.picture import CLASH, FAINT, LINE, PALETTE, Picture, Sheet

if TYPE_CHECKING:
    from torch import Tensor

    Shaped = Tensor | Iterable[int]

_WIDTH, _HEIGHT = 78, 34


def broadcast_picture(*shapes: Shaped, **named: Shaped) -> Picture:
    """Draw how the shapes of tensors are aligned and stretched for an elementwise operation.

    Parameters
    ----------
    *shapes, **named : Tensor or tuple of int
        Tensors, or bare shapes; a keyword gives a name.

    Returns
    -------
    Picture
        The last row holds the result's shape, or says where the shapes clash.

    Examples
    --------
    >>> print(broadcast_picture(a=(3, 1), b=(4,)))
    a (3, 1) and b (4,), aligned at the right.
    Dimension -2: a has 3, b has none and is stretched to 3.
    Dimension -1: a has 1 and is stretched to 4, b has 4.
    Result: (3, 4).
    """
    every = {**{f"shape {i + 1}": s for i, s in enumerate(shapes)}, **named}
    if len(every) < 2:  # noqa: PLR2004 - one shape alone has nothing to align with
        raise ValueError(
            "give at least two shapes or tensors, as in broadcast_picture((3, 1), (4,))"
        )
    sizes = {name: _sizes(name, shape) for name, shape in every.items()}
    depth = max(len(size) for size in sizes.values())
    result = [_result(sizes.values(), depth - place) for place in range(depth)]
    return _draw(sizes, result).finish(_describe(sizes, result))


def _sizes(name: str, shape: Shaped) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in getattr(shape, "shape", shape))
    if any(size < 0 for size in sizes):
        raise ValueError(f"{name} has a negative size: {sizes}")
    return sizes


def _size_at(sizes: tuple[int, ...], from_end: int) -> int | None:
    """Return the size of a dimension counted from the end, or None where it is missing."""
    return sizes[-from_end] if from_end <= len(sizes) else None


def _result(every: Iterable[tuple[int, ...]], from_end: int) -> int | None:
    """Return the size that the dimension takes, or None where the sizes clash."""
    sizes = {_size_at(sizes, from_end) for sizes in every} - {None, 1}
    if len(sizes) > 1:
        return None
    return sizes.pop() if sizes else 1


def _draw(every: dict[str, tuple[int, ...]], result: list[int | None]) -> Sheet:
    sheet, depth = Sheet(), len(result)
    left = 9.0 * max(len(name) for name in (*every, "result")) + 14
    for column in range(depth):
        x = left + column * _WIDTH + (_WIDTH - 6) / 2
        sheet.text(x, 11, f"dim {column - depth}", size=11, anchor="middle", colour=FAINT)
    for row, (name, sizes) in enumerate(every.items()):
        y = 18 + row * (_HEIGHT + 6)
        sheet.text(0, y + 21, name, bold=True)
        for column in range(depth):
            size = _size_at(sizes, depth - column)
            _draw_size(sheet, left + column * _WIDTH, y, size, result[column], PALETTE[row % 6])
    y = 18 + len(every) * (_HEIGHT + 6) + 8
    sheet.text(0, y + 21, "result", bold=True)
    for column, size in enumerate(result):
        x = left + column * _WIDTH
        stroke = CLASH if size is None else LINE
        sheet.box(x, y, _WIDTH - 6, _HEIGHT, thick=True, stroke=stroke)
        words = "clash" if size is None else str(size)
        sheet.text(x + (_WIDTH - 6) / 2, y + 22, words, size=14, anchor="middle", bold=True)
    return sheet


def _draw_size(
    sheet: Sheet, x: float, y: float, size: int | None, result: int | None, hue: str
) -> None:
    stretched = result is not None and size != result
    words = "none" if size is None else str(size)
    if stretched:
        words += f" → {result}"
    if result is None and size not in (None, 1):
        sheet.box(x, y, _WIDTH - 6, _HEIGHT, fill=CLASH, opacity=0.3, stroke=CLASH, thick=True)
    else:
        opacity = 0.08 if stretched or size is None else 0.35
        sheet.box(x, y, _WIDTH - 6, _HEIGHT, fill=hue, opacity=opacity, dashed=stretched)
    sheet.text(x + (_WIDTH - 6) / 2, y + 21, words, size=12, anchor="middle")


def _describe(every: dict[str, tuple[int, ...]], result: list[int | None]) -> str:
    names = " and ".join(f"{name} {sizes}" for name, sizes in every.items())
    lines = [f"{names}, aligned at the right."]
    for column, outcome in enumerate(result):
        from_end = len(result) - column
        parts = [
            _describe_size(name, _size_at(sizes, from_end), outcome)
            for name, sizes in every.items()
        ]
        clash = "; these clash" if outcome is None else ""
        lines.append(f"Dimension -{from_end}: {', '.join(parts)}{clash}.")
    whole = tuple(size for size in result if size is not None)
    lines.append(f"Result: {whole}." if len(whole) == len(result) else "Result: an error.")
    return "\n".join(lines)


def _describe_size(name: str, size: int | None, outcome: int | None) -> str:
    has = f"{name} has {'none' if size is None else size}"
    stretched = outcome is not None and size != outcome
    return f"{has} and is stretched to {outcome}" if stretched else has
