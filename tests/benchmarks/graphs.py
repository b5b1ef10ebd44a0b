"""Measures what capturing a graph costs, over the forward pass, beside its peers.

Each way is timed turn about with the bare forward pass; the figure is the median of the
differences. GPT-2 has 12 layers of width 192 and random weights, ResNet-50 is written out here.
"""

from __future__ import annotations

import contextlib
import gc
import io
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import Any

import torch
from torch import nn

from labkit.capture.graph.autograd_traversal import capture_graph
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.parameters import ParameterTable

_REPEATS = 25
_SLOW_REPEATS = 1


class _Bottleneck(nn.Module):
    def __init__(self, width: int, inner: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(width, inner, 1, 1),
            nn.ReLU(),
            *_convolution(inner, inner, 3, stride),
            nn.ReLU(),
            *_convolution(inner, 4 * inner, 1, 1),
        )
        same = stride == 1 and width == 4 * inner
        self.shortcut = (
            nn.Identity() if same else nn.Sequential(*_convolution(width, 4 * inner, 1, stride))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def _convolution(width: int, out: int, size: int, stride: int) -> tuple[nn.Module, nn.Module]:
    layer = nn.Conv2d(width, out, size, stride, padding=size // 2, bias=False)
    return layer, nn.BatchNorm2d(out)


def resnet50() -> tuple[nn.Module, torch.Tensor]:
    """Return a ResNet-50 and a small image."""
    blocks: list[nn.Module] = [*_convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for inner, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(count):
            blocks.append(_Bottleneck(width, inner, stride if number == 0 else 1))
            width = 4 * inner
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000)]
    return nn.Sequential(*blocks, *head), torch.randn(1, 3, 64, 64)


def gpt2() -> tuple[nn.Module, torch.Tensor]:
    """Return a GPT-2 of 12 layers with random weights, and some tokens."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        n_layer=12,
        n_head=4,
        n_embd=192,
        vocab_size=1000,
        n_positions=64,
        bos_token_id=None,
        eos_token_id=None,
    )
    return GPT2LMHeadModel(config), torch.randint(0, 1000, (2, 32))


def _loss(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    output = model(x)
    logits = output if isinstance(output, torch.Tensor) else output.logits
    return logits.float().mean()


def _labkit_watch(model: nn.Module, x: torch.Tensor) -> Callable[[], object]:
    """Capture as `watch` does on a sampled step."""
    table, scopes = ParameterTable({"": model}), ScopeRecorder({"": model})

    def capture() -> None:
        scopes.start()
        loss = _loss(model, x)
        scopes.stop()
        capture_graph([loss], table, scopes)
        scopes.clear()

    return capture


def _labkit_graph(model: nn.Module, x: torch.Tensor) -> Callable[[], object]:
    """Capture by `lk.graph.capture`, with the lines of the code."""
    import labkit

    return lambda: labkit.graph.capture(model, x)


def _torchviz(model: nn.Module, x: torch.Tensor) -> Callable[[], object]:
    from torchviz import make_dot

    parameters = dict(model.named_parameters())
    return lambda: make_dot(_loss(model, x), params=parameters)


def _torchview(model: nn.Module, x: torch.Tensor) -> Callable[[], object]:
    from torchview import draw_graph

    return lambda: draw_graph(model, input_data=x, device="cpu", expand_nested=True)


def _torchlens(model: nn.Module, x: torch.Tensor) -> Callable[[], object]:
    import torchlens

    run = getattr(torchlens, "log_forward_pass", None) or torchlens.trace
    return lambda: run(model, x)


@dataclass(frozen=True)
class _Way:
    name: str
    package: str
    prepare: Callable[[nn.Module, torch.Tensor], Callable[[], object]]
    repeats: int = _REPEATS


_WAYS = (
    _Way("**labkit**, as on a sampled step", "labkit", _labkit_watch),
    _Way("**labkit**, `lk.graph.capture` with lines and cuts", "labkit", _labkit_graph),
    _Way("torchviz `make_dot`", "torchviz", _torchviz),
    _Way("torchview `draw_graph`", "torchview", _torchview),
    _Way("torchlens", "torchlens", _torchlens, _SLOW_REPEATS),
)


def measure_capture() -> str:
    """Measure every way on every model and return a table in Markdown."""
    torch.set_num_threads(1)
    models = {"GPT-2, 12 layers": gpt2(), "ResNet-50": resnet50()}
    lines = [f"| capture, ms over the forward pass | {' | '.join(models)} |", "|---|---|---|"]
    for way in _WAYS:
        cells = [_cell(way, *model) for model in models.values()]
        lines.append(f"| {way.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(way: _Way, model: nn.Module, x: torch.Tensor) -> str:
    if find_spec(way.package) is None:
        return "not installed"
    try:
        return f"{_over_forward(way, model, x):.1f}"
    except Exception as error:  # noqa: BLE001 - a peer that fails is said so in the table
        return f"fails: {type(error).__name__}"


def _over_forward(way: _Way, model: nn.Module, x: torch.Tensor) -> float:
    over = []
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        run = way.prepare(model, x)
        run()
        for _ in range(way.repeats):
            bare = _time(lambda: _loss(model, x))
            over.append(_time(run) - bare)
    return median(over)


def _time(action: Callable[[], Any]) -> float:
    gc.collect()
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)
