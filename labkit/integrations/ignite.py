"""Ignite: handlers that begin epochs, log metrics, and terminate the engine.

An engine does not know its model: it is found in the variables of its process function.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from labkit.integrations.recording import Recording, end_earlier_run, safely

_EXAMPLE = (
    "Example: lk.watch(trainer), where the function of trainer = Engine(train_step) uses the model "
    "by a variable. lk.watch(model) records the training without its epochs and metrics."
)


class TrainingHandlers:
    """Calls a recording on the events of the engine that trains.

    Parameters
    ----------
    recording : Recording
    accumulated : int
        Number of iterations of which an optimizer's step consists.
    """

    def __init__(self, recording: Recording, accumulated: int) -> None:
        self.recording = recording
        self._accumulated = accumulated
        self._begun_at = 0
        """Number of completed iterations when the engine started."""

    @safely
    def started(self, engine: Any) -> None:
        """Plan the steps."""
        recording, reference = self.recording, weakref.ref(engine)

        def stop() -> None:
            if (alive := reference()) is not None:
                alive.terminate()

        recording.begin(stop)
        self._begun_at = engine.state.iteration
        self._plan(engine)

    @safely
    def epoch_started(self, engine: Any) -> None:
        """Record what the handlers of the epoch before have computed, and begin the next one."""
        recording = self.recording
        recording.log(engine.state.metrics)
        length = engine.state.epoch_length
        recording.begin_epoch(
            engine.state.epoch, None if length is None else math.ceil(length / self._accumulated)
        )

    @safely
    def epoch_completed(self, engine: Any) -> None:
        """Plan the steps by those that the epochs have had."""
        self._plan(engine)

    @safely
    def completed(self, engine: Any) -> None:
        """Record the last metrics and the end of the training."""
        self.recording.log(engine.state.metrics)
        self.recording.end()

    def _plan(self, engine: Any) -> None:
        state = engine.state
        total = getattr(state, "max_iters", None)
        if total is None and state.epoch_length is not None and state.max_epochs is not None:
            total = state.max_epochs * state.epoch_length
        share = self.recording.steps_per_iteration(state.iteration - self._begun_at)
        share = 1 / self._accumulated if share is None else share
        left = None if total is None else round((total - state.iteration) * share)
        self.recording.plan(left, "max_epochs and epoch_length of the Engine")


class EvaluationHandlers:
    """Records the metrics of an engine that evaluates.

    Parameters
    ----------
    recording : Recording
    label : str
        Prefix of the names.
    """

    def __init__(self, recording: Recording, label: str) -> None:
        self.recording = recording
        self._label = label

    @safely
    def completed(self, engine: Any) -> None:
        """Record the metrics."""
        metrics = engine.state.metrics.items()
        self.recording.log({f"{self._label}/{name}": value for name, value in metrics})


def connect(trainer: Any, recording: Recording) -> None:
    """Add handlers to an Engine, or to several of which the first one trains, until the run ends.

    Parameters
    ----------
    trainer : Engine or mapping of str to Engine
        For example ``{"train": trainer, "val": evaluator}``.
    recording : Recording

    Examples
    --------
    >>> trainer = create_supervised_trainer(model, optimizer, loss)  # doctest: +SKIP
    >>> evaluator = create_supervised_evaluator(model, {"accuracy": Accuracy()})  # doctest: +SKIP
    >>> with labkit.watch({"train": trainer, "val": evaluator}) as run:  # doctest: +SKIP
    ...     trainer.run(loader, max_epochs=3)
    >>> run.series("val/accuracy")  # doctest: +SKIP
    """
    engines = dict(trainer) if isinstance(trainer, Mapping) else {"": trainer}
    for label, engine in engines.items():
        if not hasattr(engine, "add_event_handler"):
            raise TypeError(
                f"{label!r} is of type {type(engine).__name__} and no Engine. Example: "
                'lk.watch({"train": trainer, "val": evaluator})'
            )
    training, *evaluations = engines.items()
    variables = _variables_of(getattr(training[1], "_process_function", None))
    recording.watch(_models_in(variables))
    end_earlier_run(training[1], recording.run)
    accumulated = variables.get("gradient_accumulation_steps", 1)
    handlers = TrainingHandlers(recording, accumulated if isinstance(accumulated, int) else 1)
    events = sys.modules["ignite.engine"].Events
    handles = [
        training[1].add_event_handler(event, handler)
        for event, handler in (
            (events.STARTED, handlers.started),
            (events.EPOCH_STARTED, handlers.epoch_started),
            (events.EPOCH_COMPLETED, handlers.epoch_completed),
            (events.COMPLETED, handlers.completed),
            (events.TERMINATE, handlers.completed),
        )
    ]
    for label, engine in evaluations:
        handler = EvaluationHandlers(recording, label).completed
        handles.append(engine.add_event_handler(events.COMPLETED, handler))

    def disconnect() -> None:
        for handle in handles:
            handle.remove()

    recording.run.on_close(disconnect)


def _variables_of(function: Any) -> dict[str, Any]:
    """Return the variables that a function uses besides its own: those of its object included."""
    if isinstance(function, functools.partial):
        given = {str(number): value for number, value in enumerate(function.args)}
        return {**_variables_of(function.func), **given, **function.keywords}
    if inspect.ismethod(function):
        return {**getattr(function.__self__, "__dict__", {}), **_variables_of(function.__func__)}
    if inspect.isfunction(function):
        used = inspect.getclosurevars(function)
        return {**used.globals, **used.nonlocals}
    return dict(getattr(function, "__dict__", {}))


def _models_in(variables: Mapping[str, Any]) -> Any:
    """Return the module that an optimizer among the variables trains; several by their names."""
    modules = {
        name: value
        for name, value in variables.items()
        if isinstance(value, nn.Module) and any(True for _ in value.parameters())
    }
    trained = {
        id(parameter)
        for value in variables.values()
        if isinstance(value, torch.optim.Optimizer)
        for group in value.param_groups
        for parameter in group["params"]
    }
    if trained:
        modules = {
            name: module
            for name, module in modules.items()
            if any(id(parameter) in trained for parameter in module.parameters())
        }
    inner = {id(each) for module in modules.values() for each in list(module.modules())[1:]}
    outer = {id(each): (name, each) for name, each in modules.items() if id(each) not in inner}
    if not outer:
        raise ValueError(f"no model was found in the process function of the Engine. {_EXAMPLE}")
    if len(outer) == 1:
        return next(iter(outer.values()))[1]
    return dict(outer.values())
