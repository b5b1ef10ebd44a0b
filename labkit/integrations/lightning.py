"""Lightning: a callback that begins epochs, logs metrics, and stops the trainer.

The module is known when training begins. Backward and clipping run inside of ``optimizer.step``,
which the hooks handle; only what they cannot see is added here.
"""

from __future__ import annotations

import logging
import math
import weakref
from collections.abc import Callable
from typing import Any

from labkit.integrations.library import callback_type
from labkit.integrations.recording import Recording, check_is_alone, end_earlier_run, safely
from labkit.run.error_text import described

_LOG = logging.getLogger("labkit")


class LabkitCallback:
    """Calls a recording; the methods are Lightning's.

    Parameters
    ----------
    recording : Recording
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._metrics: dict[str, Any] = {}
        """The metrics when they were looked at before."""

    @safely
    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Record the module, which is on its device now, and plan the steps."""
        reference = weakref.ref(trainer)

        def stop() -> None:
            if (alive := reference()) is not None:
                check_is_alone(alive.world_size)
                alive.should_stop = True

        recording = self.recording
        recording.watch(module)
        # Lightning handles an interrupt by a signal, which a loop in the background cannot set.
        recording.begin(stop, takes_interrupts=True)
        recording.configure(module.hparams)
        recording.plan(_steps_left(trainer, module), "max_epochs and max_steps of the Trainer")

    @safely
    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        """Record the metrics of the epoch before, and begin the next one."""
        # Not at the end of the epoch: there they would be computed at once, and processes that are
        # not watched would not take part.
        self._log(trainer)
        self.recording.begin_epoch(trainer.current_epoch + 1, _epoch_length(trainer, module))

    @safely
    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the metrics of single steps, as often as Lightning's loggers do."""
        every = trainer.log_every_n_steps
        if every and (batch_idx + 1) % every == 0:
            self._log(trainer)

    @safely
    def on_validation_end(self, trainer: Any, module: Any) -> None:
        """Record the metrics of the validation."""
        self._log(trainer)

    @safely
    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Record the last metrics and the end of the training."""
        self._log(trainer)
        self.recording.end()

    def _log(self, trainer: Any) -> None:
        """Record the metrics that are new; Lightning adds them to those of earlier loops."""
        before, self._metrics = self._metrics, dict(trainer.callback_metrics)
        if not trainer.sanity_checking:
            new = {k: v for k, v in self._metrics.items() if v is not before.get(k)}
            self.recording.log(new)


class LabkitEveryFitCallback:
    """Watches each training of a trainer, for the entry point; the methods are Lightning's.

    Parameters
    ----------
    watch : callable
        `labkit.watch`.
    folder : str or None
        Where the file of each run is saved; None for none.
    """

    def __init__(self, watch: Callable[..., Any], folder: str | None) -> None:
        self._watch, self._folder = watch, folder
        self._run: Any = None

    def on_fit_start(self, trainer: Any, module: Any) -> None:
        """Open a run, unless the trainer is watched already."""
        if any(isinstance(each, LabkitCallback) for each in trainer.callbacks):
            return
        try:
            name = type(module).__name__
            folder = self._folder if trainer.is_global_zero else None
            self._run = self._watch(trainer, name=name, save=folder).__enter__()
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the trainer
            _LOG.warning("labkit could not watch this training: %s", described(error))

    def on_fit_end(self, trainer: Any, module: Any) -> None:
        """End the run."""
        self._end(None)

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        """End the run with the reason."""
        self._end(exception)

    def _end(self, error: BaseException | None) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.__exit__(error and type(error), error, error and error.__traceback__)


def connect(trainer: Any, recording: Recording) -> None:
    """Add a callback to a Trainer, until the run ends.

    Examples
    --------
    >>> trainer = lightning.Trainer(max_epochs=3)  # doctest: +SKIP
    >>> with labkit.watch(trainer) as run:  # doctest: +SKIP
    ...     trainer.fit(module, train_loader, val_loader)
    >>> run.series("val_loss")  # doctest: +SKIP
    """
    end_earlier_run(trainer, recording.run)
    callback = callback_type(LabkitCallback, _callbacks_of(trainer), "Callback")(recording)
    reference = weakref.ref(trainer)
    # A new list each time, as Lightning may iterate over the present one.
    trainer.callbacks = [callback, *trainer.callbacks]

    def disconnect() -> None:
        alive = reference()
        if alive is not None:
            alive.callbacks = [each for each in alive.callbacks if each is not callback]

    recording.run.on_close(disconnect)


def _callbacks_of(trainer: Any) -> str:
    """Return the name of the module of callbacks: Lightning has two packages."""
    trainers = [each for each in type(trainer).__mro__ if each.__name__ == "Trainer"]
    return f"{trainers[-1].__module__.removesuffix('.trainer.trainer')}.callbacks"


def _epoch_length(trainer: Any, module: Any) -> float:
    """Return the number of steps of an epoch; infinite if it is unknown."""
    batches = float(trainer.num_training_batches)
    accumulated = trainer.accumulate_grad_batches if module.automatic_optimization else 1
    return batches if math.isinf(batches) else math.ceil(batches / accumulated)


def _steps_left(trainer: Any, module: Any) -> float | None:
    """Return the number of steps until the end of the training; None if it is unknown."""
    total = float(trainer.estimated_stepping_batches)
    if module.automatic_optimization:
        done = float(trainer.global_step)  # of a training that a checkpoint continues
    else:  # it counts the steps of each optimizer
        done = trainer.current_epoch * _epoch_length(trainer, module)
    return total - done if total >= 0 else None
