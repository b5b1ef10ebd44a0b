"""Counts the calls in which the CPU waits for the GPU, with and without labkit."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

import labkit
from tests.benchmarks.tasks import Task, make_task, train

CALLS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy")
"""CUDA runtime calls that wait. `cudaMemcpyAsync` waits if the memory is pageable."""
PAGEABLE = "Memcpy DtoH (Device -> Pageable)"
DRIVER_CALLS = {
    "cuStreamSynchronize": "cudaStreamSynchronize",
    "cuCtxSynchronize": "cudaDeviceSynchronize",
    "cuEventSynchronize": "cudaEventSynchronize",
}
_SYNC_WARNING = "synchronizing CUDA operation"


@dataclass(frozen=True)
class Waits:
    """The number of waits in some steps.

    Attributes
    ----------
    traced : Counter
        By the name of the call, from the trace of the profiler.
    warned : int
        Warnings of the sync debug mode of torch.
    """

    traced: Counter[str]
    warned: int


def count_waits(kind: str, steps: int, *, watched: bool) -> Waits:
    """Count the waits of the first steps on CUDA, without opening and closing the run."""
    return Waits(
        _traced(kind, steps, watched=watched),
        _warned(kind, steps, watched=watched),
    )


def count_in_trace(trace: str) -> Counter[str]:
    """Count the waiting calls in a Chrome trace of the torch profiler.

    Examples
    --------
    >>> trace = '{"traceEvents": [{"name": "cudaStreamSynchronize"}, {"name": "cudaMalloc"}]}'
    >>> count_in_trace(trace)
    Counter({'cudaStreamSynchronize': 1})
    """
    names = (event.get("name") for event in json.loads(trace)["traceEvents"])
    named = (DRIVER_CALLS.get(name, name) for name in names)
    return Counter(name for name in named if name in CALLS or name == PAGEABLE)


def _watching(task: Task, *, watched: bool) -> AbstractContextManager[object]:
    return labkit.watch(task.model, show=False) if watched else nullcontext()


def _traced(kind: str, steps: int, *, watched: bool) -> Counter[str]:
    task = make_task(kind, "cuda")
    activities = [ProfilerActivity.CPU, ProfilerActivity.CUDA]
    with tempfile.TemporaryDirectory() as folder, _watching(task, watched=watched):
        torch.cuda.synchronize()
        with profile(activities=activities) as profiler:
            train(task, range(steps), lambda *_: None)
        path = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(path))
        return count_in_trace(path.read_text(encoding="utf-8"))


def _warned(kind: str, steps: int, *, watched: bool) -> int:
    task = make_task(kind, "cuda")
    with _watching(task, watched=watched), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("warn")
        try:
            train(task, range(steps), lambda *_: None)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum(_SYNC_WARNING in str(each.message) for each in caught)
