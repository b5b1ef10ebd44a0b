"""Keras on torch: its steps, epochs, metrics, and its way to stop.

Keras has optimizers of its own, whose steps torch's hooks do not see. While ``fit`` runs, ``apply``
of the model's optimizer is called as the step of an optimizer that stands in for it. ``fit`` takes
its callbacks as an argument: on the watched model, it adds one of labkit's.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import nn

from labkit.capture.stand_in import StandInOptimizer
from labkit.integrations.library import callback_type
from labkit.integrations.recording import Recording, end_earlier_run, safely
from labkit.integrations.replaced_method import ReplacedMethod

_CALLBACKS = 5
"""Place of the argument ``callbacks`` of ``fit``, without ``self``."""


class LabkitCallback:
    """Calls a recording; the methods are those of a Callback.

    Parameters
    ----------
    recording : Recording
    """

    model: Any
    """Set by Keras, like `params`."""
    params: Mapping[str, Any]

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording
        self._apply: ReplacedMethod | None = None

    @safely
    def on_train_begin(self, logs: Any = None) -> None:
        """Record the model, which is built now, and the steps of its optimizer."""
        recording, reference = self.recording, weakref.ref(self.model)

        def stop() -> None:
            if (alive := reference()) is not None:
                alive.stop_training = True

        recording.begin(stop)
        stand_in = _stand_in_for(self.model)
        recording.watch(self.model, stand_in)
        self._apply = ReplacedMethod(
            self.model.optimizer,
            "apply",
            lambda apply, *args, **kwargs: stand_in.around(partial(apply, *args, **kwargs)),
        )

    @safely
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begin an epoch, and plan the steps that are left."""
        recording, steps = self.recording, self.params.get("steps")
        epochs = self.params["epochs"] - epoch
        recording.plan(None if steps is None else epochs * steps, "epochs and steps of fit")
        recording.begin_epoch(epoch + 1, steps)

    @safely
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the metrics of the epoch and of its validation."""
        self.recording.log(logs or {})

    @safely
    def on_train_end(self, logs: Any = None) -> None:
        """Record the end of the training."""
        self.recording.end()

    def fit_ended(self) -> None:
        """Put the method of the optimizer back, also after an error or the end of the run."""
        replaced, self._apply = self._apply, None
        if replaced is not None:
            replaced.restore()


def connect(model: Any, recording: Recording) -> None:
    """Let the method ``fit`` of a model call a recording, until the run ends.

    Examples
    --------
    >>> model.compile(optimizer="adam", loss="mse")  # doctest: +SKIP
    >>> with labkit.watch(model) as run:  # doctest: +SKIP
    ...     model.fit(x, y, epochs=3, validation_split=0.2)
    >>> run.series("val_loss")  # doctest: +SKIP
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            "this model of Keras does not run on torch, so that labkit cannot record it. Set "
            "KERAS_BACKEND=torch in the environment before Keras is imported."
        )
    if model.built:
        recording.watch(model)
    end_earlier_run(model, recording.run)
    callback = callback_type(LabkitCallback, "keras.callbacks", "Callback")(recording)

    def with_callback(original: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) > _CALLBACKS:
            own = args[_CALLBACKS]
            args = (*args[:_CALLBACKS], _with(callback, own), *args[_CALLBACKS + 1 :])
        else:
            own = kwargs.get("callbacks")
            kwargs["callbacks"] = _with(callback, own)
        try:
            return original(*args, **kwargs)
        finally:
            callback.fit_ended()
            if _is_callback_list(own):
                own.callbacks.remove(callback)

    replaced = ReplacedMethod(model, "fit", with_callback)
    recording.run.on_close(callback.fit_ended)
    recording.run.on_close(replaced.restore)


def _with(callback: Any, own: Any) -> Any:
    """Return the argument ``callbacks`` with one more."""
    if _is_callback_list(own):
        own.append(callback)
        return own
    if own is None:
        return [callback]
    return [*own, callback] if isinstance(own, list | tuple) else [own, callback]


def _is_callback_list(own: Any) -> bool:
    """Return whether it is a list of the type that Keras makes of callbacks."""
    return hasattr(own, "append") and hasattr(own, "on_epoch_end")


def _stand_in_for(model: Any) -> StandInOptimizer:
    optimizer = weakref.ref(model.optimizer)
    schedules = sys.modules["keras"].optimizers.schedules
    has_schedule = isinstance(
        vars(model.optimizer).get("_learning_rate"), schedules.LearningRateSchedule
    )

    def read() -> list[float]:
        alive = optimizer()
        return [] if alive is None else [float(alive.learning_rate)]

    def write(_: int, rate: float) -> None:
        alive = optimizer()
        if alive is not None:
            alive.learning_rate = rate

    weights = [each.value for each in model.trainable_weights]
    return StandInOptimizer([weights], read, None if has_schedule else write)
