"""Times one contender against the bare loop, turn about, in one process: for a page's kernel.

The contender is set up anew for each of its turns, and taken down before the bare loop's. All that
needs no kernel is measured by `tests.benchmarks.turns`, which is finer.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from tests.benchmarks.contenders import CONTENDERS, Contender, bare
from tests.benchmarks.tasks import make_task, train

ONE_SECOND = {"mlp": 2200, "cnn": 100, "gpt2": 16}
"""Steps that take roughly a second; GPT-2's take four, so that enough of them are timed."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes
    ----------
    pairs : int
        Times that the bare loop and the contender's are run, one after the other.
    warm : float
        Seconds' worth of steps before the clock starts, in each loop.
    timed : float
        Seconds' worth of steps that are timed.
    """

    pairs: int
    warm: float
    timed: float


@dataclass(frozen=True)
class Pair:
    """Seconds a step of the bare loop and of the contender's, run one after the other."""

    bare: float
    watched: float

    @property
    def ratio(self) -> float:
        """The contender's cost: 1.0 is the bare loop's."""
        return self.watched / self.bare


def measure(kind: str, name: str, size: Size) -> list[Pair]:
    """Return the pairs measured for one contender; which goes first alternates."""
    torch.set_num_threads(1)
    contender = CONTENDERS[name][1]
    train(make_task(kind), range(int(ONE_SECOND[kind] * size.warm)), lambda *_: None)
    pairs = []
    for turn in range(size.pairs):
        both = (bare, contender) if turn % 2 == 0 else (contender, bare)
        first, second = (seconds_per_step(kind, each, size) for each in both)
        pairs.append(Pair(first, second) if turn % 2 == 0 else Pair(second, first))
    return pairs


def seconds_per_step(kind: str, contender: Contender, size: Size) -> float:
    """Train a fresh model under a contender and return what a step took."""
    task = make_task(kind)
    warm = int(ONE_SECOND[kind] * size.warm)
    steps = range(warm, warm + int(ONE_SECOND[kind] * size.timed))
    with contender(task) as watching:
        train(task, range(warm), watching.after_step)
        begin = time.perf_counter()
        train(task, steps, watching.after_step)
        return (time.perf_counter() - begin) / len(steps)


def measure_into(kind: str, name: str, size: str, file: str) -> None:
    """Measure and write the pairs to a file; a file, since a contender may print."""
    pairs = measure(kind, name, Size(**json.loads(size)))
    Path(file).write_text(json.dumps([asdict(pair) for pair in pairs]), encoding="utf-8")
