"""Measures a loop with its live dashboard, in the kernel of a notebook, against the bare loop.

The watched loop runs in the kernel, and the bare loop, and the bare loop as control, in processes
of their own. They take turns in blocks of a second, in which two or more frames are sent and drawn;
while the bare loops have their turn, the watched one stands still and nothing new is drawn. A
machine that is slower for a while is so for all of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any, Protocol

from tests.benchmarks.turns import ProcessSet, TurnProcess, Turns, read_sets
from tests.benchmarks.worker import Loop, Worker

CONTENDER, BARE, CONTROL = "contender", "bare", "control"


@dataclass(frozen=True)
class LivePlan:
    """How much is measured.

    Attributes
    ----------
    warm : float
        Seconds that each process trains before anything is measured.
    first : float
        Seconds of the watched loop that are left out.
    rounds : int
        Number of blocks of each process.
    block : float
        Seconds a block.
    """

    warm: float = 1.0
    first: float = 6.0
    rounds: int = 24
    block: float = 1.0


@dataclass(frozen=True)
class LiveSet:
    """What one notebook measured.

    Attributes
    ----------
    turns : ProcessSet
    drawn : dict of str to float
        How often each view was drawn per second, also while the bare loops had their turn.
    """

    turns: ProcessSet
    drawn: dict[str, float]


class _Asked(Protocol):
    def ask(self, name: str, *arguments: float) -> Any: ...


class _Here:
    """The watched loop, in this kernel."""

    def __init__(self, loop: Loop) -> None:
        self._worker = Worker(loop)

    def ask(self, name: str, *arguments: float) -> Any:
        """Return the answer to a request, as a process of its own does."""
        return getattr(self._worker, name)(*arguments)


def measure(loop: Loop, plan: LivePlan) -> ProcessSet:
    """Measure a watched loop whose views a page displays."""
    with _processes(loop) as processes:
        step = min(process.ask("warm", plan.warm) for process in processes.values())
        count = max(1, round(plan.block / step))
        opened = {role: process.ask("open") for role, process in processes.items()}[CONTENDER]
        left_out = max(1, round(plan.first / step))
        processes[CONTENDER].ask("run", 0, left_out)
        turns, orders = Turns(), list(permutations(sorted(processes)))
        for number in range(plan.rounds):
            for role in orders[number % len(orders)]:
                block = processes[role].ask("run", left_out + number * count, count)
                turns.add(role, block)
        endings = {role: process.ask("end") for role, process in processes.items()}
    return ProcessSet(step, count, [], turns, opened, endings, os.getloadavg()[0])


@contextmanager
def _processes(loop: Loop) -> Iterator[dict[str, _Asked]]:
    bare = replace(loop, contender="bare")
    # A fork of a kernel has its threads' locks, but not its threads.
    others = {role: TurnProcess(bare, method="spawn") for role in (BARE, CONTROL)}
    try:
        yield {**others, CONTENDER: _Here(loop)}
    finally:
        for process in others.values():
            process.stop()


def measure_into(loop: str, plan: str, file: str) -> None:
    """Measure and write the result to a file; the arguments are JSON."""
    found = measure(Loop(**json.loads(loop)), LivePlan(**json.loads(plan)))
    Path(file).write_text(json.dumps([asdict(found)]), encoding="utf-8")


def measured_seconds(found: ProcessSet) -> float:
    """Return the time of all blocks, in s."""
    return sum(block.wall for blocks in found.steady.blocks.values() for block in blocks)


def read_set(file: Path) -> ProcessSet:
    """Return what `measure_into` wrote."""
    return read_sets(file.read_text(encoding="utf-8"))[0]
