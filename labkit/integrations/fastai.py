"""fastai: its steps, epochs, metrics, and its way to stop.

fastai has optimizers of its own, whose steps torch's hooks do not see. While ``fit`` runs, ``step``
of the learner's optimizer is called as the step of an optimizer that stands in for it.
"""

from __future__ import annotations

import sys
import weakref
from functools import partial
from typing import Any

import torch

from labkit.capture.stand_in import StandInOptimizer
from labkit.integrations.library import callback_type
from labkit.integrations.recording import Recording, end_earlier_run, safely
from labkit.integrations.replaced_method import ReplacedMethod

_SOURCE = "the epochs of fit and the batches of an epoch"


class LabkitCallback:
    """Calls a recording; the methods are those of a Callback.

    Parameters
    ----------
    recording : Recording
    """

    order = 55
    """After the recorder of the learner, which computes the metrics of an epoch."""
    learn: Any
    """Set by fastai, which also returns its attributes as those of the callback."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording
        self._replaced: ReplacedMethod | None = None
        self._is_stopping = False

    @safely
    def before_fit(self) -> None:
        """Record the model and the steps of its optimizer, unless a rate is searched."""
        if hasattr(self.learn, "lr_finder"):
            return
        self._is_stopping = False
        self.recording.begin(self._stop)
        optimizer = self.learn.opt
        if isinstance(getattr(optimizer, "opt", None), torch.optim.Optimizer):
            self.recording.watch(self.learn.model)  # of torch, in fastai's wrapper
            return
        stand_in = _stand_in_for(optimizer)
        self.recording.watch(self.learn.model, stand_in)
        self._replaced = ReplacedMethod(
            optimizer,
            "step",
            lambda step, *args, **kwargs: stand_in.around(partial(step, *args, **kwargs)),
        )

    @safely
    def before_epoch(self) -> None:
        """Begin an epoch, and plan the steps that are left."""
        if hasattr(self.learn, "lr_finder"):
            return
        share = self.recording.steps_per_iteration(self.learn.train_iter)
        steps = len(self.learn.dls.train) * (1 if share is None else share)
        self.recording.plan(round(steps * (self.learn.n_epoch - self.learn.epoch)), _SOURCE)
        self.recording.begin_epoch(self.learn.epoch + 1, round(steps))

    def after_batch(self) -> None:
        """End the training if that was requested."""
        if self._is_stopping:
            self._is_stopping = False
            raise sys.modules["fastai.callback.core"].CancelFitException

    @safely
    def after_epoch(self) -> None:
        """Record the metrics of the epoch."""
        recorder = getattr(self.learn, "recorder", None)
        if recorder is not None and not hasattr(self.learn, "lr_finder"):
            names = list(recorder.metric_names)[1:]  # without the epoch; the time follows last
            self.recording.log(dict(zip(names, list(self.learn.final_record), strict=False)))

    @safely
    def after_fit(self) -> None:
        """Record the end of the training."""
        self.fit_ended()
        if not hasattr(self.learn, "lr_finder"):
            self.recording.end()

    def fit_ended(self) -> None:
        """Put the method of the optimizer back."""
        replaced, self._replaced = self._replaced, None
        if replaced is not None:
            replaced.restore()

    def _stop(self) -> None:
        self._is_stopping = True


def connect(learner: Any, recording: Recording) -> None:
    """Add a callback to a Learner, until the run ends.

    Examples
    --------
    >>> learner = Learner(loaders, model, loss_func=loss, metrics=accuracy)  # doctest: +SKIP
    >>> with labkit.watch(learner) as run:  # doctest: +SKIP
    ...     learner.fit_one_cycle(3)
    >>> run.series("valid_loss")  # doctest: +SKIP
    """
    recording.check(learner.model)
    end_earlier_run(learner, recording.run)
    callback = callback_type(LabkitCallback, "fastai.callback.core", "Callback")(recording)
    learner.add_cb(callback)
    reference = weakref.ref(learner)

    def disconnect() -> None:
        callback.fit_ended()
        alive = reference()
        if alive is not None:
            alive.remove_cb(callback)

    recording.run.on_close(disconnect)


def _stand_in_for(optimizer: Any) -> StandInOptimizer:
    reference = weakref.ref(optimizer)

    def read() -> list[float]:
        alive = reference()
        return [] if alive is None else [float(hyper["lr"]) for hyper in alive.hypers]

    def write(place: int, rate: float) -> None:
        alive = reference()
        if alive is not None:
            alive.hypers[place]["lr"] = rate

    return StandInOptimizer(list(optimizer.param_lists), read, write)
