"""Who is measured: each contender is one context around the loop.

Entering sets the contender up, leaving takes it down, and neither is timed. What it yields is
called after each optimizer step. Each imports its library when it is entered, so that no
contender's process loads another's. None may leave anything open in a process that a bare loop
runs in: a bare loop beside an open watch is no control.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from tests.benchmarks.tasks import AfterStep, Task

EVERY = 100
"""Steps between a peer's costly records: histograms, redraws."""


@dataclass(frozen=True)
class Watching:
    """What a contender does in the loop, and what it says of its cost.

    Attributes
    ----------
    after_step : callable
        Called after each optimizer step.
    cost : callable, optional
        Returns the part of the loop's time that the contender says it takes.
    stood_still : callable, optional
        Called with the nanoseconds in which the loop waited for its turn, before it goes on: what
        keeps a clock of its own has to leave them out.
    """

    after_step: AfterStep
    cost: Callable[[], float] | None = None
    stood_still: Callable[[int], None] | None = None


Contender = Callable[[Task], AbstractContextManager[Watching]]


def _nothing(step: int, loss: torch.Tensor) -> None:
    """Leave the loop alone."""


@contextmanager
def bare(task: Task) -> Iterator[Watching]:
    """Watch nothing."""
    yield Watching(_nothing)


def _leave_out(ns: int) -> None:
    """Have labkit leave some time out of the loop's."""
    from labkit.capture.hooks.registry import listeners

    for listener in listeners():
        listener.exclude_time(ns)


@contextmanager
def labkit_recording(task: Task) -> Iterator[Watching]:
    """Record with labkit's defaults and show nothing."""
    import labkit

    with labkit.watch(task.model, show=False) as run:
        yield Watching(_nothing, lambda: run.cost, _leave_out)


@contextmanager
def labkit_logging(task: Task) -> Iterator[Watching]:
    """Record with labkit's defaults and log a metric of one's own at every step."""
    import labkit

    with labkit.watch(task.model, show=False) as run:
        yield Watching(
            lambda step, _: run.log(accuracy=step % 100 / 100), lambda: run.cost, _leave_out
        )


@contextmanager
def labkit_saving(task: Task) -> Iterator[Watching]:
    """Record with labkit's defaults and write the run to a file."""
    import labkit

    with tempfile.TemporaryDirectory() as folder:
        with labkit.watch(task.model, save=f"{folder}/run.lab", show=False) as run:
            yield Watching(_nothing, lambda: run.cost, _leave_out)
        assert run.path is not None
        assert not run.notices


@contextmanager
def labkit_live(task: Task) -> Iterator[Watching]:
    """Record with labkit's defaults and show the dashboard; takes a notebook."""
    from IPython.display import clear_output

    import labkit

    clear_output(wait=True)  # type: ignore[no-untyped-call]
    with labkit.watch(task.model, show=True) as run:
        yield Watching(_nothing, lambda: run.cost, _leave_out)


@contextmanager
def tensorboard_histograms(task: Task) -> Iterator[Watching]:
    """Write the loss at every step and each gradient's histogram at every hundredth."""
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:

        def after_step(step: int, loss: torch.Tensor) -> None:
            writer.add_scalar("loss", loss.item(), step)
            if step % EVERY == 0:
                for name, parameter in task.only_model.named_parameters():
                    writer.add_histogram(name, parameter.grad, step)

        yield Watching(after_step)


@contextmanager
def tensorboard_norms(task: Task) -> Iterator[Watching]:
    """Write the loss and each parameter's gradient norm at every step."""
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:

        def after_step(step: int, loss: torch.Tensor) -> None:
            writer.add_scalar("loss", loss.item(), step)
            for name, parameter in task.only_model.named_parameters():
                assert parameter.grad is not None
                writer.add_scalar(f"grad_norm/{name}", parameter.grad.norm().item(), step)

        yield Watching(after_step)


@contextmanager
def wandb_watch(task: Task) -> Iterator[Watching]:
    """Log the loss at every step and the gradients' histograms at every hundredth, offline."""
    os.environ["WANDB_SILENT"] = "true"
    import wandb

    with (
        tempfile.TemporaryDirectory() as folder,
        wandb.init(mode="offline", dir=folder, project="bench") as run,
    ):
        run.watch(task.only_model, log_freq=EVERY)
        yield Watching(lambda _, loss: run.log({"loss": loss.item()}))
        run.unwatch(task.only_model)


@contextmanager
def livelossplot_redraw(task: Task) -> Iterator[Watching]:
    """Take the loss at every step and draw it as a PNG at every hundredth."""
    import matplotlib as mpl

    mpl.use("agg")
    from livelossplot import PlotLosses
    from livelossplot.outputs import MatplotlibPlot
    from matplotlib import pyplot

    with tempfile.TemporaryDirectory() as folder:
        plot = PlotLosses(outputs=[MatplotlibPlot(figpath=str(Path(folder, "loss.png")))])

        def after_step(step: int, loss: torch.Tensor) -> None:
            plot.update({"loss": loss.item()})
            if step % EVERY == EVERY - 1:
                plot.send()
                pyplot.close("all")  # a notebook closes what it has shown

        yield Watching(after_step)


CONTENDERS: dict[str, tuple[str, Contender]] = {
    "bare": ("bare loop (noise of the measurement)", bare),
    "labkit": ("**labkit**, recording", labkit_recording),
    "labkit-log": ("**labkit**, recording, with `run.log` at every step", labkit_logging),
    "labkit-save": ("**labkit**, recording into a file", labkit_saving),
    "labkit-live": ("**labkit**, with its live dashboard in Chromium", labkit_live),
    "labkit-live-away": ("**labkit**, with its dashboard scrolled away", labkit_live),
    "tensorboard": ("TensorBoard: loss every step, histograms every 100", tensorboard_histograms),
    "tensorboard-norms": (
        "TensorBoard: loss and every gradient norm, every step",
        tensorboard_norms,
    ),
    "wandb": ("wandb offline: `watch(log_freq=100)`, loss every step", wandb_watch),
    "livelossplot": ("livelossplot: redraw every 100 steps", livelossplot_redraw),
}
"""The row's words and the context, by the name that ``--only`` takes."""
