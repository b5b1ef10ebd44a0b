"""Selects modules, makes pictures of their outputs, and records them."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn

from labkit.capture.readings.activations import pictures
from labkit.capture.readings.activations.attention_weights import attention_weights
from labkit.capture.readings.activations.model_input import PassInput
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
        self._attentive: dict[str, None] = {}

    def pictures_of(
        self,
        module: nn.Module,
        path: str,
        arguments: tuple[Any, Any],
        output: Any,
        activation: ActivationFunction | None,
    ) -> list[tuple[str, DevicePicture]]:
        """Return pairs of the module's path and a picture of a call, reduced on its device.

        `arguments` are the positional ones and the others.
        """
        found: list[tuple[str, DevicePicture]] = []
        if self._may_attend(path):
            weights = attention_weights(module, *arguments, output)
            drawn = None if weights is None else pictures.attention(*weights)
            if drawn is not None:
                self._attentive[path] = None
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

    def _may_attend(self, path: str) -> bool:
        """Return whether attention is read: not of a module that returns that of a part of it."""
        if path in self._attentive:
            return True
        prefix = f"{path}." if path else ""
        is_around = any(each.startswith(prefix) for each in self._attentive)
        return len(self._attentive) < _MAX_PICTURED and not is_around

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


class Pictured(NamedTuple):
    """A picture of a module, and the input of the pass from which it was made."""

    path: str
    picture: DevicePicture
    given: PassInput | None


def record(run: Run, transfer: DeviceTransfer, step: int, pictured: Pictured) -> None:
    """Copy a picture to the host, and record it in the run; its input has been recorded before."""
    path, picture, given = pictured
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
                given=None if given is None or picture.kind == "kernels" else given.recorded,
            )
        )

    transfer.submit(torch.cat(parts), deliver)
