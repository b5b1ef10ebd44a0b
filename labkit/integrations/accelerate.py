"""Accelerate: a tracker that records what the loop logs.

The loop is the user's own, so that the hooks see its steps, and its data loaders its epochs.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from labkit.integrations.library import callback_type
from labkit.integrations.recording import Recording, end_earlier_run, safely


class LabkitTracker:
    """Calls a recording; the methods and attributes are those of a GeneralTracker.

    Parameters
    ----------
    recording : Recording
    """

    name = "labkit"
    requires_logging_directory = False

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    @property
    def tracker(self) -> Any:
        """The run."""
        return self.recording.run

    def start(self) -> None:
        """Do nothing: the run has begun."""

    @safely
    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        """Add what `init_trackers` was given to the configuration of the run."""
        self.recording.configure(values)

    @safely
    def log(self, values: Mapping[str, Any], step: int | None = None, **_: Any) -> None:
        """Record metrics at the run's own step; its epochs are those of the data loader."""
        self.recording.log({name: each for name, each in values.items() if name != "epoch"})

    def finish(self) -> None:
        """Do nothing: the run ends with its ``with`` block."""


def connect(accelerator: Any, recording: Recording) -> None:
    """Add a tracker to an Accelerator, until the run ends.

    Examples
    --------
    >>> accelerator = accelerate.Accelerator()  # doctest: +SKIP
    >>> model, optimizer = accelerator.prepare(model, optimizer)  # doctest: +SKIP
    >>> with labkit.watch(accelerator) as run:  # doctest: +SKIP
    ...     for x, y in loader:
    ...         ...
    ...     accelerator.log({"val/loss": 0.5})
    >>> run.series("val/loss")  # doctest: +SKIP
    """
    recording.watch(_models_of(accelerator))
    end_earlier_run(accelerator, recording.run)
    tracker = callback_type(LabkitTracker, "accelerate.tracking", "GeneralTracker")(recording)
    accelerator.trackers = [*accelerator.trackers, tracker]
    reference = weakref.ref(accelerator)

    def disconnect() -> None:
        alive = reference()
        if alive is not None:
            alive.trackers = [each for each in alive.trackers if each is not tracker]

    recording.run.on_close(disconnect)


def _models_of(accelerator: Any) -> Any:
    """Return the prepared models without their wrappers, by their classes if there are several."""
    prepared = getattr(accelerator, "_models", [])
    models = [accelerator.unwrap_model(each) for each in prepared]
    if not models:
        raise ValueError(
            "the Accelerator has prepared no model yet. Watch it after "
            "model, optimizer, loader = accelerator.prepare(model, optimizer, loader)"
        )
    if len(models) == 1:
        return models[0]
    names = [type(each).__name__ for each in models]
    return {
        name if names.count(name) == 1 else f"{name}{number}": each
        for number, (name, each) in enumerate(zip(names, models, strict=True))
    }
