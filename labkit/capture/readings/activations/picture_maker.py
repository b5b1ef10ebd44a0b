"""Selects the modules of which pictures are made, makes them and records them."""

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
"""Modules of which pictures are made at most, to bound memory."""


class PictureMaker:
    """Makes pictures of the first modules that are called, at most 24."""

    def __init__(self) -> None:
        self._pictured: dict[str, None] = {}

    def drafts(
        self, module: nn.Module, path: str, output: Any, activation: ActivationFunction | None
    ) -> list[tuple[str, DevicePicture]]:
        """Return reduced pictures of a module's output, on its device, with the module's path."""
        drafts: list[tuple[str, DevicePicture]] = []
        if isinstance(module, nn.MultiheadAttention) and _has_weights(output):
            drawn = pictures.attention(output[1].detach())
            if drawn is not None:
                drafts.append((path, drawn))
        tensor = first_readable(output)
        if tensor is None or not self._is_pictured(module, path, tensor):
            return drafts
        if isinstance(module, nn.Conv2d) and is_readable(module.weight):
            drafts.append((path, pictures.kernels(module.weight.detach())))
        silent = None
        if activation is not None and activation.kind == "relu":
            silent = silent_units(tensor.detach(), channel_dimension(module, tensor))
        drawn = pictures.draft(tensor.detach(), silent)
        if drawn is not None:
            drafts.append((path, drawn))
        return drafts

    def _is_pictured(self, module: nn.Module, path: str, tensor: torch.Tensor) -> bool:
        """Return whether pictures are made of a module.

        A new one is added while fewer than 24 are pictured, or 12 if it returns no images.
        """
        if path in self._pictured:
            return True
        most = _MAX_PICTURED if tensor.dim() == 4 else _MAX_PICTURED // 2  # noqa: PLR2004
        if len(self._pictured) < most and not any(module.children()):
            self._pictured[path] = None
            return True
        return False


def _has_weights(output: Any) -> bool:
    """Return whether the output of an attention layer contains the attention weights."""
    pair = isinstance(output, tuple) and len(output) == 2  # noqa: PLR2004 - output and weights
    return pair and isinstance(output[1], torch.Tensor) and is_readable(output[1])


def record(run: Run, transfer: DeviceTransfer, step: int, path: str, draft: DevicePicture) -> None:
    """Copy a draft to the host and record it as a picture."""
    shape = tuple(draft.values.shape)
    count = draft.values.numel()
    parts = [draft.values.reshape(-1).float()]
    if draft.silent is not None:
        parts.append(draft.silent.float())

    def deliver(row: Any) -> None:
        silent = tuple(int(n) for n, each in enumerate(row[count:]) if each)
        run.activations.add(
            Picture(
                module=path,
                kind=draft.kind,
                step=step,
                values=row[:count].reshape(shape).copy(),
                panels=draft.panels,
                rows=draft.rows,
                columns=draft.columns,
                silent=silent,
                whole=draft.whole,
            )
        )

    transfer.submit(torch.cat(parts), deliver)
