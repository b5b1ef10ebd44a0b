"""Measures the peak device memory of a bare and of a watched loop."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import torch

import labkit
from tests.benchmarks.tasks import make_task, train
from tests.gpu.checks import models_of

_LEAST_ALLOWED = 64e6


@dataclass(frozen=True)
class Peaks:
    """Peak device memory of a bare and of a watched loop, and the size of the weights, in bytes."""

    bare: int
    watched: int
    weights: int

    @property
    def allowed(self) -> float:
        """The number of bytes that watching may add."""
        return max(_LEAST_ALLOWED, self.weights / 10)


def measure_peaks(kind: str, steps: int) -> Peaks:
    """Train on CUDA, bare and watched, and return the peaks."""
    bare, weights = _peak(kind, steps, watched=False)
    watched, _ = _peak(kind, steps, watched=True)
    return Peaks(bare, watched, weights)


def _peak(kind: str, steps: int, *, watched: bool) -> tuple[int, int]:
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    task = make_task(kind, "cuda")
    if watched:
        with labkit.watch(task.model, show=False):
            train(task, range(steps), lambda *_: None)
    else:
        train(task, range(steps), lambda *_: None)
    torch.cuda.synchronize()
    parameters = [p for model in models_of(task) for p in model.parameters()]
    return torch.cuda.max_memory_allocated(), sum(p.nbytes for p in parameters)
