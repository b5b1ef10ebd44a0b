"""Transformers: a callback that begins epochs, logs metrics, and stops the Trainer."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from typing import Any

from labkit.integrations.library import callback_type
from labkit.integrations.recording import Recording, check_is_alone, end_earlier_run, safely

_OWN = ("epoch", "learning_rate", "total_flos", "train_loss")
"""What the Trainer logs besides metrics: labkit records these at every step, or they are a sum."""
_TIMES = ("_runtime", "_per_second", "_compilation_time")
_PROGRESS_TABLE = "NotebookProgressCallback"


class LabkitCallback:
    """Calls a recording; the methods are those of a TrainerCallback.

    Parameters
    ----------
    recording : Recording
    trainer : Trainer
        Held weakly.
    """

    def __init__(self, recording: Recording, trainer: Any) -> None:
        self.recording = recording
        self._trainer = weakref.ref(trainer)

    @safely
    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Record the model, which may have been made just now, and plan the steps."""
        recording = self.recording
        recording.watch(more["model"])
        recording.begin(self._stop)
        recording.plan(state.max_steps - state.global_step, "state.max_steps of the Trainer")

    @safely
    def on_epoch_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Begin an epoch; its length is known if that of the loader is."""
        try:
            batches = len(more["train_dataloader"])
        except TypeError:  # of an iterable dataset
            steps = None
        else:
            steps = max(1, math.ceil(batches / args.gradient_accumulation_steps))
        self.recording.begin_epoch(int(state.epoch or 0) + 1, steps)

    @safely
    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Record the metrics of an evaluation, and what a subclass logs."""
        metrics = {
            name: value
            for name, value in (logs or {}).items()
            if name not in _OWN and not name.endswith(_TIMES)
        }
        self.recording.log(metrics)

    @safely
    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Record the end of the training."""
        self.recording.end()

    def _stop(self) -> None:
        trainer = self._trainer()
        if trainer is not None:
            check_is_alone(trainer.args.world_size)
            trainer.control.should_training_stop = True


def connect(trainer: Any, recording: Recording) -> None:
    """Add a callback to a Trainer, until the run ends.

    Where the dashboard is displayed, the Trainer's own table is taken out meanwhile.

    Examples
    --------
    >>> trainer = transformers.Trainer(
    ...     model, arguments, train_dataset=rows, eval_dataset=others
    ... )  # doctest: +SKIP
    >>> with labkit.watch(trainer) as run:  # doctest: +SKIP
    ...     trainer.train()
    >>> run.series("eval_loss")  # doctest: +SKIP
    """
    if trainer.model_init is None:
        recording.watch(trainer.model)
    end_earlier_run(trainer, recording.run)
    kind = callback_type(LabkitCallback, "transformers", "TrainerCallback")
    callback, handler = kind(recording, trainer), trainer.callback_handler
    tables = [
        each
        for each in handler.callbacks
        if recording.is_shown and type(each).__name__ == _PROGRESS_TABLE
    ]
    # A new list each time, as the Trainer may iterate over the present one.
    handler.callbacks = [*(each for each in handler.callbacks if each not in tables), callback]
    reference = weakref.ref(handler)

    def disconnect() -> None:
        alive = reference()
        if alive is not None:
            alive.callbacks = [*(each for each in alive.callbacks if each is not callback), *tables]

    recording.run.on_close(disconnect)
