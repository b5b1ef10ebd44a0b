"""What the adapters do to a run: attach it to the model, begin epochs, log metrics, end training.

A trainer's callbacks call it on the training thread. `safely` lets nothing but interrupts out of a
callback: a fault of labkit's becomes a notice of the run.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from labkit.capture.attach import WaitingRun
from labkit.run import Run
from labkit.run.config import checked_config
from labkit.run.error_text import described
from labkit.run.loop_length import LoopLength
from labkit.run.series.kinds import is_reserved


class HasRecording(Protocol):
    """What a trainer calls back."""

    recording: Recording


Callback = TypeVar("Callback", bound=Callable[..., None])


def safely(callback: Callback) -> Callback:
    """Return a callback whose errors become notices; it does nothing after the end of the run."""

    @wraps(callback)
    def call(caller: HasRecording, *args: Any, **kwargs: Any) -> None:
        recording = caller.recording
        if recording.run.closed:
            return
        try:
            callback(caller, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a fault of labkit's must not reach the trainer
            recording.add_notice(
                "labkit missed something of the trainer; training is not affected. "
                f"({described(error)})"
            )

    return cast("Callback", call)


_watching: weakref.WeakKeyDictionary[Any, weakref.ref[Run]] = weakref.WeakKeyDictionary()
"""The newest run of each trainer."""


def end_earlier_run(trainer: Any, run: Run) -> None:
    """End the run that watches a trainer already, as one of a model that is watched anew."""
    reference = _watching.get(trainer)
    earlier = None if reference is None else reference()
    if earlier is not None and not earlier.closed:
        earlier.add_notice("watch", "This run ended because the trainer is watched anew.")
        earlier.close()
        run.add_notice(
            "watch",
            f"The trainer was watched already; that run ({earlier.name}) has been closed and keeps "
            "what it recorded.",
        )
    _watching[trainer] = weakref.ref(run)


def check_is_alone(processes: int) -> None:
    """Refuse to end a training of several processes, as the others would wait for this one.

    Raises
    ------
    RuntimeError
    """
    if processes > 1:
        raise RuntimeError(
            f"it has {processes} processes, of which this one alone would end; the others would "
            "wait for it. Interrupt the program instead."
        )


class Recording:
    """Connects one trainer with one run.

    Parameters
    ----------
    waiting : WaitingRun
    is_shown : bool
        Whether the dashboard is displayed, so that a table of the trainer's own is superfluous.

    Attributes
    ----------
    run : Run
    """

    def __init__(self, waiting: WaitingRun, *, is_shown: bool = False) -> None:
        self.run: Run = waiting.run
        self.is_shown = is_shown
        self._waiting = waiting
        self._has_ended = False
        self._first_step = 0
        """Number of completed steps when training began."""

    def add_notice(self, text: str) -> None:
        """Add a notice to the run."""
        self.run.add_notice("trainer", text)

    def watch(self, model: Any, optimizer: Any = None) -> None:
        """Record the training of a model from now on; see `WaitingRun.attach`."""
        self._waiting.attach(model, optimizer)

    def check(self, model: Any) -> None:
        """Raise the errors of `watch` for a model that is recorded when training begins."""
        self._waiting.check(model)

    def configure(self, values: Mapping[str, Any]) -> None:
        """Add settings that the trainer knows to the configuration; those of the user remain."""
        self.run.config = {**checked_config(values), **self.run.config}

    def begin(self, stop: Callable[[], None], *, takes_interrupts: bool = False) -> None:
        """Record that training begins.

        Parameters
        ----------
        stop : callable
            Makes the trainer end its loop; called on the training thread at the end of a step.
        takes_interrupts : bool
            Whether it is also called for an interrupt of a loop in the background.
        """
        self._first_step = self.run.steps
        request = self.run.control.stop_request
        if self._has_ended:
            request.cancel()  # that of the training before
            self._has_ended = False
        recording = weakref.ref(self)

        def stop_safely() -> None:
            try:
                stop()
            except Exception as error:  # noqa: BLE001 - it must not reach the loop
                alive = recording()
                if alive is not None:
                    alive.run.control.stop_request.cancel()
                    alive.add_notice(f"The training was not stopped. ({described(error)})")

        request.ends_by(stop_safely, takes_interrupts=takes_interrupts)

    def plan(self, steps: float | None, source: str) -> None:
        """Set the number of steps until the end of the training.

        Parameters
        ----------
        steps : float or None
            Number of steps that are left; infinite or None if it is unknown.
        source : str
            What it was read from, for example ``"Trainer.estimated_stepping_batches"``.
        """
        is_known = steps is not None and 0 <= steps < float("inf")
        self.run.set_given_length(
            LoopLength(self.run.steps, int(steps), is_exact=True, source=source)
            if steps is not None and is_known
            else None
        )

    def steps_per_iteration(self, done: int) -> float | None:
        """Return how many steps an iteration has had, less than one with accumulated gradients.

        Parameters
        ----------
        done : int
            Number of iterations since training began; without any, nothing is known.
        """
        return (self.run.steps - self._first_step) / done if done > 0 else None

    def begin_epoch(self, number: int, steps: float | None = None) -> None:
        """Begin an epoch, counted from 1, of a number of steps (None or infinite if unknown)."""
        is_known = steps is not None and 0 < steps < float("inf")
        self.run.set_epoch(number, int(steps) if steps is not None and is_known else None)

    def log(self, metrics: Mapping[str, Any]) -> None:
        """Record metrics at the current step; names that labkit uses itself are left out."""
        for name, value in metrics.items():
            if is_reserved(str(name)) or value is None or isinstance(value, Mapping):
                continue
            try:
                self.run.log(**{str(name): value})
            except (TypeError, ValueError) as error:
                self.add_notice(f"The metric {name} was not recorded: {described(error)}.")

    def end(self) -> None:
        """Record that training has ended; the run goes on with a later one."""
        self._has_ended = True
        was_stopped = self.run.control.stopping
        self.run.set_given_length(None)
        self.run.code_ended("training was stopped" if was_stopped else "training ended")
