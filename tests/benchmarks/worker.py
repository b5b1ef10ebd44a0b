"""The process that one loop of a measurement runs in: it runs a block whenever it is asked to.

Between two blocks it waits at its pipe and takes no time of any core.
"""

from __future__ import annotations

import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median
from typing import Any, NamedTuple

import torch

from tests.benchmarks.contenders import CONTENDERS, Watching
from tests.benchmarks.tasks import Task, make_task, train

_WARM_STEPS = 3


@dataclass(frozen=True)
class Loop:
    """What a process trains.

    Attributes
    ----------
    kind, contender : str
        Names of a row and of a contender.
    device : str
        Where the model is.
    threads : int
        Threads of torch; 0 leaves torch's default.
    core : int, optional
        The only core that the process may use.
    """

    kind: str
    contender: str
    device: str = "cpu"
    threads: int = 1
    core: int | None = None


class Block(NamedTuple):
    """Seconds that a block took: by the clock, and of the process's own time on a core."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Ending:
    """What a process says at the end.

    Attributes
    ----------
    cost : float, optional
        The part of the loop's time that the contender says it took.
    peak_bytes : int
        The most memory that the process had.
    device_peak_bytes : int
        The most memory of the device that torch had given out; 0 on a CPU.
    """

    cost: float | None
    peak_bytes: int
    device_peak_bytes: int


class Worker:
    """Answers the requests of a measurement; each public method is one."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._stack = ExitStack()
        self._task: Task | None = None
        self._watching: Watching | None = None
        self._ended_ns = 0
        """When the last block of the present task ended; 0 before its first."""
        self._on_cuda = loop.device.startswith("cuda")
        if loop.core is not None:
            os.sched_setaffinity(0, {loop.core})
        if loop.threads:
            torch.set_num_threads(loop.threads)

    def warm(self, seconds: float) -> float:
        """Train a task that is thrown away and return the seconds that a step of it takes."""
        task = make_task(self._loop.kind, self._loop.device)
        taken: list[Block] = []
        began = time.perf_counter()
        while time.perf_counter() - began < seconds or len(taken) < _WARM_STEPS:
            taken.append(self._timed(task, range(len(taken), len(taken) + 1), Watching(_nothing)))
        # On a busy core most steps are interrupted, which the process's own time leaves out.
        own_time = self._loop.threads == 1 and not self._on_cuda
        return median(block.cpu if own_time else block.wall for block in taken)

    def open(self) -> float:
        """Begin anew with a fresh task and return the seconds that the contender took to set up."""
        self.close()
        self._ended_ns = 0
        task = self._task = make_task(self._loop.kind, self._loop.device)
        began = time.perf_counter()
        self._watching = self._stack.enter_context(CONTENDERS[self._loop.contender][1](task))
        taken = time.perf_counter() - began
        task.before()
        return taken

    def run(self, first: int, count: int) -> Block:
        """Run a block of steps."""
        assert self._task is not None
        assert self._watching is not None
        return self._timed(self._task, range(first, first + count), self._watching)

    def close(self) -> None:
        """Take the contender down and drop the task."""
        self._stack.close()
        self._task = self._watching = None

    def end(self) -> Ending:
        """Return what there is to say, and take the contender down."""
        cost = self._watching.cost if self._watching else None
        said = cost() if cost else None
        device_peak = torch.cuda.max_memory_allocated() if self._on_cuda else 0
        self.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Ending(said, peak if sys.platform == "darwin" else peak * 1024, device_peak)

    def _timed(self, task: Task, steps: range, watching: Watching) -> Block:
        if watching.stood_still and self._ended_ns:
            watching.stood_still(time.perf_counter_ns() - self._ended_ns)
        wall, cpu = time.perf_counter(), time.process_time()
        train(task, steps, watching.after_step)
        if self._on_cuda:
            torch.cuda.synchronize()
        block = Block(time.perf_counter() - wall, time.process_time() - cpu)
        self._ended_ns = time.perf_counter_ns()
        return block


def _nothing(step: int, loss: torch.Tensor) -> None:
    """Leave the loop alone."""


def work(loop: Loop, pipe: Connection) -> None:
    """Answer requests until the pipe is closed; a fault is the last answer."""
    try:
        worker = Worker(loop)
        while True:
            name, *arguments = pipe.recv()
            request: Callable[..., Any] = getattr(worker, name)
            pipe.send((None, request(*arguments)))
    except EOFError:
        pass
    except BaseException:
        pipe.send((traceback.format_exc(), None))
        raise
