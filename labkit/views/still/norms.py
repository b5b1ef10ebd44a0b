"""Heat maps of norms by layer over the steps, as SVG and as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.run import Run
from labkit.views.still.sheet import HEAT, INSET, LINE, ROOM, Section, label

MAX_ROWS = 14
_MAX_COLUMNS = 80
_MAX_PARAMETERS = 2_000
_NAMES = 170
"""Width of the names of the rows, in px."""
_ROW = 16
_SWATCH = 10

Values = NDArray[np.float64]


@dataclass(frozen=True)
class LayerNorms:
    """Norms by layer and part of the steps.

    Attributes
    ----------
    names : tuple of str
        The rows: layers, or groups of layers of a large model.
    values : ndarray, shape (n_rows, n_columns), dtype float64
        NaN where nothing was read, infinite where a value was not finite.
    first, last : int
        The steps of the ends.
    left_out : int
        Number of rows for which there was no room.
    """

    names: tuple[str, ...]
    values: Values
    first: int
    last: int
    left_out: int


def layer_norms(run: Run, kind: str, max_rows: int = MAX_ROWS) -> LayerNorms | None:
    """Return the norms of a kind by layer; None if none was recorded.

    Parameters
    ----------
    run : Run
    kind : {"grad_norm", "weight_norm", "update_ratio"}
        Norms are those of all parameters of a layer together; of ratios it is the largest.
    max_rows : int
        Layers are grouped by the begin of their paths if there are more.
    """
    prefix = f"{kind}/"
    names = [name for name in run.names() if name.startswith(prefix)][:_MAX_PARAMETERS]
    points = {name: run.series(name) for name in names}
    points = {name: found for name, found in points.items() if len(found[0])}
    if not points:
        return None
    first = min(int(steps[0]) for steps, _ in points.values())
    last = max(int(steps[-1]) for steps, _ in points.values())
    columns = min(_MAX_COLUMNS, max(len(steps) for steps, _ in points.values()))
    groups = _groups([name.removeprefix(prefix) for name in points], max_rows)
    shown = list(groups)[:max_rows]
    rows = []
    for group in shown:
        parts = np.stack(
            [_by_part(*points[prefix + name], first, last, columns) for name in groups[group]]
        )
        rows.append(_largest(parts) if kind == "update_ratio" else _together(parts))
    return LayerNorms(tuple(shown), np.stack(rows), first, last, len(groups) - len(shown))


def heat_map(run: Run, kind: str, title: str) -> Section | None:
    """Return a heat map with logarithmic colours; None if nothing of the kind was recorded."""
    norms = layer_norms(run, kind)
    if norms is None:
        return None
    positive = norms.values[np.isfinite(norms.values) & (norms.values > 0)]
    low, high = (positive.min(), positive.max()) if positive.size else (1.0, 1.0)
    body = label(INSET, 14, title, kind="k") + _legend(low, high)
    width = (ROOM - _NAMES) / norms.values.shape[1]
    for place, name in enumerate(norms.names):
        y = 26 + _ROW * place
        body += label(INSET, y + 11, name, _NAMES - 8)
        body += _cells(_levels(norms.values[place], low, high), width, y)
    bottom = 26 + _ROW * len(norms.names)
    left = INSET + _NAMES
    if norms.left_out:
        body += label(INSET, bottom + 13, f"and {norms.left_out} more", kind="u")
    if np.isinf(norms.values).any():
        body += label(left + 200, bottom + 13, "red: not finite", kind="u")
    body += label(left, bottom + 13, f"{norms.first:,}", kind="u")
    body += label(INSET + ROOM, bottom + 13, f"step {norms.last:,}", kind="u", anchor="end")
    return Section(body, bottom + LINE)


def text(run: Run) -> list[str]:
    """Return the newest gradient norm of each layer as lines of text."""
    norms = layer_norms(run, "grad_norm")
    if norms is None:
        return []
    width = max(len(name) for name in norms.names)
    rows = [
        f"    {name.ljust(width)}  {_newest(row)}"
        for name, row in zip(norms.names, norms.values, strict=True)
    ]
    more = [f"    and {norms.left_out} more"] if norms.left_out else []
    return [f"  gradient norms, newest reading up to step {norms.last:,}:", *rows, *more]


def _newest(row: Values) -> str:
    known = row[~np.isnan(row)]
    return f"{known[-1]:.3g}" if len(known) else "not read"


def _groups(names: Sequence[str], max_rows: int) -> dict[str, list[str]]:
    """Return the parameters of each layer; of groups of layers if there are too many."""
    depth = max(name.count(".") for name in names)
    while True:
        groups: dict[str, list[str]] = {}
        for name in names:
            path = name.split(".")
            key = ".".join(path[: min(depth, len(path) - 1)]) or name
            groups.setdefault(key, []).append(name)
        if len(groups) <= max_rows or depth <= 1:
            return groups
        depth -= 1


def _by_part(
    steps: NDArray[np.int64], values: NDArray[np.float32], first: int, last: int, columns: int
) -> Values:
    """Return the largest value in each part of the steps."""
    place = (steps - first) * columns // (last - first + 1)
    found = np.full(columns, -np.inf)
    np.maximum.at(found, place, np.where(np.isfinite(values), values, np.inf).astype(float))
    return np.where(found == -np.inf, np.nan, found)


def _together(parts: Values) -> Values:
    known = ~np.isnan(parts).all(axis=0)
    return np.where(known, np.sqrt(np.nansum(parts**2, axis=0)), np.nan)


def _largest(parts: Values) -> Values:
    known = ~np.isnan(parts).all(axis=0)
    return np.where(known, np.where(np.isnan(parts), -np.inf, parts).max(axis=0), np.nan)


def _levels(row: Values, low: float, high: float) -> list[int | None]:
    """Return the place of each value in the colours; -1 if it is infinite, None if unknown."""
    span = math.log(high / low) or 1.0
    levels: list[int | None] = []
    for value in row.tolist():
        if math.isnan(value):
            levels.append(None)
        elif math.isinf(value):
            levels.append(-1)
        else:
            share = math.log(max(value, low) / low) / span
            levels.append(min(len(HEAT) - 1, int(share * len(HEAT))))
    return levels


def _cells(levels: Sequence[int | None], width: float, y: float) -> str:
    """Return a row of cells; equal neighbours are one rectangle, gaps have the one before them."""
    body, begin, current = "", 0, None
    for place, level in enumerate([*levels, None]):
        is_end = place == len(levels)
        if not is_end and (level is None or level == current):
            continue
        if current is not None:
            colour = f'fill="{HEAT[current]}"' if current >= 0 else 'class="x"'
            body += (
                f'<rect x="{INSET + _NAMES + begin * width:.1f}" y="{y:g}" '
                f'width="{(place - begin) * width + 0.2:.1f}" height="{_ROW - 1}" {colour}/>'
            )
        begin, current = place, level
    return body


def _legend(low: float, high: float) -> str:
    """Return the colours from low to high, at the right of the title."""
    right = INSET + ROOM
    left = right - 52 - _SWATCH * len(HEAT)
    swatches = "".join(
        f'<rect x="{left + _SWATCH * place}" y="4" width="{_SWATCH}" height="10" fill="{colour}"/>'
        for place, colour in enumerate(HEAT)
    )
    ends = label(left - 6, 14, f"{low:.2g}", kind="u", anchor="end")
    return swatches + ends + label(right, 14, f"{high:.2g}", kind="u", anchor="end")
