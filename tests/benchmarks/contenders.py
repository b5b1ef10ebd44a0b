"""Who is measured: each contender is one context around the loop.

Entering sets the contender up, leaving takes it down, and neither is timed. What it yields is
called after each optimizer step. Each imports its library when it is entered, so that no
contender's process loads another's.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import torch

from tests.benchmarks.tasks import AfterStep, Task

EVERY = 100
"""Steps between a peer's costly records: histograms, redraws."""

Contender = Callable[[Task], AbstractContextManager[AfterStep]]


def _nothing(step: int, loss: torch.Tensor) -> None:
    """Leave the loop alone."""


@contextmanager
def bare(task: Task) -> Iterator[AfterStep]:
    """Watch nothing."""
    yield _nothing


@contextmanager
def labkit_recording(task: Task) -> Iterator[AfterStep]:
    """Record with labkit's defaults and show nothing."""
    import labkit

    with labkit.watch(task.model, show=False):
        yield _nothing


@contextmanager
def labkit_live(task: Task) -> Iterator[AfterStep]:
    """Record with labkit's defaults and show the dashboard; takes a notebook."""
    from IPython.display import clear_output

    import labkit

    clear_output(wait=True)  # type: ignore[no-untyped-call]
    with labkit.watch(task.model, show=True):
        yield _nothing


@contextmanager
def tensorboard_histograms(task: Task) -> Iterator[AfterStep]:
    """Write the loss at every step and each gradient's histogram at every hundredth."""
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:

        def after_step(step: int, loss: torch.Tensor) -> None:
            writer.add_scalar("loss", loss.item(), step)
            if step % EVERY == 0:
                for name, parameter in task.model.named_parameters():
                    writer.add_histogram(name, parameter.grad, step)

        yield after_step


@contextmanager
def tensorboard_norms(task: Task) -> Iterator[AfterStep]:
    """Write the loss and each parameter's gradient norm at every step."""
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:

        def after_step(step: int, loss: torch.Tensor) -> None:
            writer.add_scalar("loss", loss.item(), step)
            for name, parameter in task.model.named_parameters():
                assert parameter.grad is not None
                writer.add_scalar(f"grad_norm/{name}", parameter.grad.norm().item(), step)

        yield after_step


@contextmanager
def wandb_watch(task: Task) -> Iterator[AfterStep]:
    """Log the loss at every step and the gradients' histograms at every hundredth, offline."""
    os.environ["WANDB_SILENT"] = "true"
    import wandb

    with (
        tempfile.TemporaryDirectory() as folder,
        wandb.init(mode="offline", dir=folder, project="bench") as run,
    ):
        run.watch(task.model, log_freq=EVERY)
        yield lambda _, loss: run.log({"loss": loss.item()})
        run.unwatch(task.model)


@contextmanager
def livelossplot_redraw(task: Task) -> Iterator[AfterStep]:
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

        yield after_step


CONTENDERS: dict[str, tuple[str, Contender]] = {
    "bare": ("bare loop (noise of the measurement)", bare),
    "labkit": ("**labkit**, recording", labkit_recording),
    "labkit-live": ("**labkit**, with its live dashboard in Chromium", labkit_live),
    "tensorboard": ("TensorBoard: loss every step, histograms every 100", tensorboard_histograms),
    "tensorboard-norms": (
        "TensorBoard: loss and every gradient norm, every step",
        tensorboard_norms,
    ),
    "wandb": ("wandb offline: `watch(log_freq=100)`, loss every step", wandb_watch),
    "livelossplot": ("livelossplot: redraw every 100 steps", livelossplot_redraw),
}
"""The row's words and the context, by the name that ``--only`` takes."""
