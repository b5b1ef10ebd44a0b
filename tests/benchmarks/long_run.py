"""A million steps of a tiny model: does memory stay bounded, and a step as short as at first?"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass

import psutil
import torch
from torch import nn

import labkit

STEPS = 1_000_000
SETTLED = 20_000
"""Steps after which memory is taken for the first time."""
WINDOW = 20_000


@dataclass(frozen=True)
class LongRun:
    """What a long run took.

    Attributes
    ----------
    grown_bytes : int
        Resident memory at the end over that after 20,000 steps.
    first, last : float
        Microseconds a step in the 20,000 steps after that, and in the last 20,000.
    file_bytes : int
        Size of the file that the run was written to; 0 if it was written to none.
    """

    grown_bytes: int
    first: float
    last: float
    file_bytes: int


def measure_long_run(steps: int = STEPS, save: str | None = None) -> LongRun:
    """Train a linear layer for so many steps, recording with labkit's defaults."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, process = nn.Linear(4, 1), psutil.Process()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    x, y = torch.randn(16, 4), torch.randn(16, 1)

    def train(count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return (time.perf_counter() - began) / count * 1e6

    run = labkit.watch(model, show=False, save=save)
    train(SETTLED)
    before = process.memory_info().rss
    first = train(WINDOW)
    train(steps - SETTLED - 2 * WINDOW)
    last = train(WINDOW)
    grown = process.memory_info().rss - before
    run.close()
    return LongRun(grown, first, last, run.path.stat().st_size if run.path else 0)


def table(steps: int = STEPS) -> str:
    """Measure and return the rows of a table."""
    run = measure_long_run(steps)
    with tempfile.TemporaryDirectory() as folder:
        saved = measure_long_run(steps, f"{folder}/run.lab")
    return "\n".join(
        [
            f"| {steps:,} steps of a tiny model | measured | aim |",
            "|---|---|---|",
            f"| memory grows by | {run.grown_bytes / 1e6:.0f} MB | less than 50 MB |",
            f"| a step at first, at the end | {run.first:.0f} us, {run.last:.0f} us | the same |",
            f"| with `save=`, by | {saved.grown_bytes / 1e6:.0f} MB | less than 50 MB |",
            f"| with `save=` | {saved.first:.0f} us, {saved.last:.0f} us | the same |",
            f"| the file | {saved.file_bytes / 1e6:.0f} MB | less than 200 MB |",
            "",
        ]
    )


if __name__ == "__main__":
    print(table())
