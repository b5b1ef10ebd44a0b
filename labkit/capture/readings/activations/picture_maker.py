"""Selects modules, makes pictures of their outputs, and records them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from labkit.capture.readings.activations import pictures
from labkit.capture.readings.activations.pictures import DevicePicture
from labkit.capture.readings.activations.readable import first_readable, is_readable
from labkit.capture.readings.activations.statistics import (
    ActivationFunction,
    channel_dimension,
    silent_units,
)
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run
from labkit.run.activations import Picture

_MAX_PICTURED = 24
"""Maximum number of modules with pictures, to bound memory."""


class PictureMaker:
    """Makes pictures of the outputs of the first 24 modules that are called."""

    def __init__(self) -> None:
        self._pictured: dict[str, None] = {}

    def pictures_of(
        self, module: nn.Module, path: str, output: Any, activation: ActivationFunction | None
    ) -> list[tuple[str, DevicePicture]]:
        """Return pairs of the module's path and a picture of its output, reduced on its device."""
        found: list[tuple[str, DevicePicture]] = []
        if isinstance(module, nn.MultiheadAttention) and _has_weights(output):
            drawn = pictures.attention(output[1].detach())
            if drawn is not None:
                found.append((path, drawn))
        tensor = first_readable(output)
        if tensor is None or not self._is_pictured(module, path, tensor):
            return found
        if isinstance(module, nn.Conv2d) and is_readable(module.weight):
            found.append((path, pictures.kernels(module.weight.detach())))
        silent = None
        if activation is not None and activation.kind == "relu":
            silent = silent_units(tensor.detach(), channel_dimension(module, tensor))
        drawn = pictures.output_picture(tensor.detach(), silent)
        if drawn is not None:
            found.append((path, drawn))
        return found

    def _is_pictured(self, module: nn.Module, path: str, tensor: torch.Tensor) -> bool:
        """Return whether pictures are made of a module.

        A new module is added while there are fewer than 24, or 12 if it returns no images.
        """
        if path in self._pictured:
            return True
        limit = _MAX_PICTURED if tensor.dim() == 4 else _MAX_PICTURED // 2  # noqa: PLR2004
        if len(self._pictured) < limit and not any(module.children()):
            self._pictured[path] = None
            return True
        return False


def _has_weights(output: Any) -> bool:
    """Return whether the output of an attention layer contains the attention weights."""
    pair = isinstance(output, tuple) and len(output) == 2  # noqa: PLR2004 - output and weights
    return pair and isinstance(output[1], torch.Tensor) and is_readable(output[1])


def record(
    run: Run, transfer: DeviceTransfer, step: int, path: str, picture: DevicePicture
) -> None:
    """Copy a picture to the host, and record it in the run."""
    shape = tuple(picture.values.shape)
    count = picture.values.numel()
    parts = [picture.values.reshape(-1).float()]
    if picture.silent is not None:
        parts.append(picture.silent.float())

    def deliver(row: Any) -> None:
        silent = tuple(int(n) for n, each in enumerate(row[count:]) if each)
        run.activations.add(
            Picture(
                module=path,
                kind=picture.kind,
                step=step,
                values=row[:count].reshape(shape).copy(),
                panels=picture.panels,
                rows=picture.rows,
                columns=picture.columns,
                silent=silent,
                whole=picture.whole,
            )
        )

    transfer.submit(torch.cat(parts), deliver)
