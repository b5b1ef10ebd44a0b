"""The first sample of a model's input, taken along in a pass from which pictures are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.readings.activations.pictures import downsampled
from labkit.capture.readings.activations.token_texts import TokenTexts
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run.model_input import InputForm, ModelInput

_MAX_COLUMNS = 256
_MAX_LINES = 8
_MAX_TABLE_ROWS = 12
_MIN_IMAGE_SIDE = 8
_MAX_PARTS = 16
_CHANNELS = (1, 3, 4)
_SEQUENCE_LAYERS = (nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention, nn.TransformerEncoderLayer)


class _Sample(NamedTuple):
    """A copy of one sample on the device, of shape (n_panels, n_rows, n_columns)."""

    form: InputForm
    values: torch.Tensor
    whole: tuple[int, ...]


class PassInput:
    """The first sample of the input of one forward pass.

    It is taken from the first layer that is called, and again from the model itself, which may
    reshape its input before the first layer. Recurrent layers and attention show in which dimension
    the samples are.
    """

    def __init__(self) -> None:
        self._sample: _Sample | None = None
        self._times = 0
        """Number of time steps, if they are in the first dimension; else 0."""
        self._samples = 0
        """Number of samples in the second dimension; 0 if there is no such dimension."""
        self._has_sequences = False
        self._channels_first = False
        self.recorded: ModelInput | None = None
        """The sample on the host, once it has arrived."""

    def note_layer(self, module: nn.Module, inputs: Any) -> None:
        """Note the layout of the input of a layer."""
        tensor = _first_tensor(inputs)
        if isinstance(module, nn.Conv1d):
            self._channels_first = True
        if tensor is None or not isinstance(module, _SEQUENCE_LAYERS):
            return
        self._has_sequences = True
        if self._times or (getattr(module, "batch_first", True) and tensor.dim() > 2):  # noqa: PLR2004
            return
        is_layer = isinstance(module, (nn.RNNBase, nn.MultiheadAttention))
        if is_layer and tensor.dim() in (2, 3):
            self._times = tensor.shape[0]
            self._samples = tensor.shape[1] if tensor.dim() == 3 else 0  # noqa: PLR2004

    def take(self, *inputs: Any) -> None:
        """Copy the first sample of the first tensor in the arguments of a layer or model."""
        tensor = _first_tensor(inputs)
        if tensor is not None:
            sample = self._first_sample(tensor.detach())
            self._sample = self._sample_of(sample) or self._sample

    def record(self, transfer: DeviceTransfer, texts: TokenTexts) -> None:
        """Copy the sample to the host, before the pictures that refer to it."""
        sample, self._sample = self._sample, None
        if sample is None:
            return
        shape = tuple(sample.values.shape)

        def deliver(row: Any) -> None:
            values = row.reshape(shape).copy()
            tokens = texts.of(values.reshape(-1)) if sample.form == "tokens" else ()
            self.recorded = ModelInput(sample.form, values, sample.whole, tokens)

        transfer.submit(sample.values.reshape(-1).float(), deliver)

    def _first_sample(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.dim() < 2:  # noqa: PLR2004 - one number or id for each sample
            return tensor[:1]
        if self._times and tensor.shape[0] == self._times:
            if not self._samples:
                return tensor
            if tensor.shape[1] == self._samples:
                return tensor[:, 0]
        return tensor[0]

    def _sample_of(self, sample: torch.Tensor) -> _Sample | None:
        whole, kind = tuple(sample.shape), sample.dim()
        is_whole = not sample.is_floating_point() and sample.dtype != torch.uint8
        if kind == 1:
            form: InputForm = "tokens" if is_whole else "values"
            return _Sample(form, sample[None, None, :_MAX_COLUMNS].clone(), whole)
        if kind == 2:  # noqa: PLR2004 - a sequence of features, or an image without channels
            if not self._has_sequences and not self._channels_first and _is_image(whole):
                return _Sample("image", downsampled(sample[None, None])[0].clone(), whole)
            rows = sample if self._channels_first else sample.T
            form = "lines" if rows.shape[0] <= _MAX_LINES else "table"
            shown = rows[: _MAX_LINES if form == "lines" else _MAX_TABLE_ROWS, :_MAX_COLUMNS]
            return _Sample(form, shown[None].float().clone(), whole)
        if kind == 3:  # noqa: PLR2004 - channels, height and width in some order
            if sample.shape[0] not in _CHANNELS and sample.shape[-1] in _CHANNELS:
                sample = sample.movedim(-1, 0)
            shown = sample[: 1 if sample.shape[0] not in _CHANNELS else 3]
            return _Sample("image", downsampled(shown[None])[0].clone(), whole)
        return None


def _is_image(shape: tuple[int, ...]) -> bool:
    return min(shape) >= _MIN_IMAGE_SIDE


def _first_tensor(given: Any) -> torch.Tensor | None:
    """Return the first tensor with several real numbers in the arguments of a call."""
    for part in _parts(given, depth=2):
        if (
            isinstance(part, torch.Tensor)
            and torch_compat.holds_values(part)
            and not (part.is_nested or part.is_meta or part.is_complex() or part.is_quantized)
            and part.dtype != torch.bool
            and part.layout is torch.strided
            and part.numel()
            and part.dim()
        ):
            return part
    return None


def _parts(given: Any, depth: int) -> Iterator[Any]:
    if isinstance(given, Mapping):
        given = tuple(given.values())
    if depth and isinstance(given, (tuple, list)):
        for part in given[:_MAX_PARTS]:
            yield from _parts(part, depth - 1)
    else:
        yield given
