"""Pictures of module outputs, reduced on the device before they are copied to the host."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from labkit.run.activations import MAX_VALUES, PictureKind

_MAX_PANELS = 64
_MAX_SIDE = 32
_MAX_ROWS = 32
_MAX_COLUMNS = 256
_MAX_AVERAGED = 2**20
"""Maximum number of values that are averaged into small maps; larger images are thinned first."""


@dataclass(frozen=True, eq=False)
class DevicePicture:
    """A picture with values on the device; the attributes are those of `Picture`.

    The values are copied, as the original tensor may be changed in place later.
    """

    kind: PictureKind
    values: torch.Tensor
    panels: tuple[str, ...]
    rows: str
    columns: str
    silent: torch.Tensor | None
    whole: tuple[int, ...]


def output_picture(output: torch.Tensor, silent: torch.Tensor | None) -> DevicePicture | None:
    """Return a picture of the first sample's feature maps, or of some units; None for other shapes.

    Parameters
    ----------
    output : Tensor, shape (n_samples, n_channels, height, width) or (n_samples, ..., n_units)
    silent : Tensor or None, shape (n_channels,) or (n_units,), dtype bool
        Mask of the channels or units that are nowhere positive.
    """
    whole = tuple(output.shape)
    if output.dim() == 4 and output.numel():  # noqa: PLR2004 - (sample, channel, height, width)
        maps = downsampled(output[:1, :_MAX_PANELS])[0].clone()
        names = tuple(map(str, range(maps.shape[0])))
        return DevicePicture("maps", maps, names, "height", "width", _first(silent), whole)
    if output.dim() in (2, 3) and output.numel():
        table = output if output.dim() == 2 else output[0]  # noqa: PLR2004 - (sample, unit)
        table = table[:_MAX_ROWS, :_MAX_COLUMNS].float().clone()
        rows = "sample" if output.dim() == 2 else "position"  # noqa: PLR2004
        return DevicePicture(
            "units", table[None], ("",), rows, "unit", _first(silent, table), whole
        )
    return None


def kernels(weight: torch.Tensor) -> DevicePicture:
    """Return a picture of a convolution's kernels.

    Parameters
    ----------
    weight : Tensor, shape (n_outputs, n_inputs, height, width)
    """
    outputs, inputs, height, width = weight.shape
    shown_inputs = min(inputs, 3 if outputs > 1 else _MAX_PANELS)
    shown_outputs = max(1, min(outputs, _MAX_PANELS // shown_inputs))
    shown = weight[:shown_outputs, :shown_inputs].float().clone().reshape(-1, height, width)
    names = tuple(
        f"{out}" if inputs == 1 else f"{out} of input {n}"
        for out in range(shown_outputs)
        for n in range(shown_inputs)
    )
    return DevicePicture("kernels", shown, names, "height", "width", None, tuple(weight.shape))


def attention(weights: torch.Tensor, whole: tuple[int, ...]) -> DevicePicture | None:
    """Return a picture of attention weights.

    Parameters
    ----------
    weights : Tensor, shape (n_samples, n_heads, n_queries, n_keys) or (n_samples, n_queries,
        n_keys), averaged over the heads
    whole : tuple of int
        The shape for all queries.
    """
    if weights.dim() == 3:  # noqa: PLR2004 - without heads
        weights = weights[:, None]
    if weights.dim() != 4 or not weights.numel():  # noqa: PLR2004 - with heads
        return None
    shown = weights[0, :8, :_MAX_ROWS, :_MAX_ROWS].float().clone()
    averaged = weights.shape[1] == 1
    names = ("mean of the heads",) if averaged else tuple(f"head {n}" for n in range(len(shown)))
    return DevicePicture("attention", shown, names, "query", "key", None, whole)


def downsampled(maps: torch.Tensor) -> torch.Tensor:
    """Return maps, shape (1, channel, height, width), of at most 32 x 32 and 8,192 values.

    They are the given ones if these are small enough and of a floating-point type.
    """
    height, width = maps.shape[-2:]
    stride = max(1, round((maps.numel() / _MAX_AVERAGED) ** 0.5))
    if stride > 1:
        maps = maps[..., ::stride, ::stride]
    maps = maps.float()
    side = min(_MAX_SIDE, int((MAX_VALUES / maps.shape[1]) ** 0.5))
    if height <= side and width <= side:
        return maps
    scale = side / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return functional.adaptive_avg_pool2d(maps, size)


def _first(silent: torch.Tensor | None, table: torch.Tensor | None = None) -> torch.Tensor | None:
    if silent is None:
        return None
    return silent[: _MAX_PANELS if table is None else table.shape[-1]]
