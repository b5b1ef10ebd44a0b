"""Attaches a watch to models, and removes it completely."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.evaluation import Evaluation, NoRules, OnFinding, Rules
from labkit.capture.parameters import ParameterTable
from labkit.capture.readings.activations.chosen_input import ChosenInput
from labkit.capture.readings.activations.token_texts import Tokens
from labkit.capture.readings.frozen_parameters import FrozenParameters
from labkit.capture.readings.training_modes import mode_dependent
from labkit.capture.settings import WatchSettings
from labkit.capture.validate import check_models, check_optimizers
from labkit.capture.watch import Watch
from labkit.run import ModelFacts, Run
from labkit.run.background.task import BackgroundTask, in_background

_watching: dict[int, weakref.ref[Run]] = {}
"""The open run of each watched model, by the model's id."""
_watches: dict[weakref.ref[Run], Watch] = {}
"""The watches of the open runs."""
_NO_MODEL = (
    "The trainer has not begun to train, so nothing is recorded. Let it train before the run ends, "
    "or watch the model if you train it by a loop of your own: lk.watch(model)."
)


def attach(
    model: nn.Module | Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None = None,
    *,
    name: str | None = None,
    loss_fn: nn.Module | None = None,
    budget: float = 0.03,
    graph: bool = True,
    histograms: bool = True,
    activations: bool | torch.Tensor | tuple[torch.Tensor, ...] | None = None,
    tokens: Tokens | None = None,
    pace: float | None = None,
    rules: Rules | None = None,
    ignore: Sequence[str] = (),
    on_finding: OnFinding | None = None,
) -> Run:
    """Begin to record a model's training; parameters and errors are those of `labkit.watch`.

    `rules` evaluates the run when its findings are read, from time to time during training, and
    once when the run ends.
    """
    models = check_models(model)
    optimizers = check_optimizers(optimizer, models)
    settings = WatchSettings.checked(
        name=name,
        loss_fn=loss_fn,
        budget=budget,
        graph=graph,
        histograms=histograms,
        activations=activations,
        tokens=tokens,
        pace=pace,
        rules=rules,
        ignore=ignore,
        on_finding=on_finding,
    )
    reads = settings.inputs_for(models)
    _refuse_models_of_background_tasks(models)
    run = settings.new_run(_default_name(models))
    _record(run, models, optimizers, settings, reads)
    return run


class WaitingRun:
    """A run that waits for its model, which a trainer names when it begins to train.

    Parameters
    ----------
    name : str
        Name of the run until then, unless the settings have one.
    optimizer : Optimizer or sequence of Optimizer, optional
        As for `labkit.watch`.
    settings : WatchSettings

    Attributes
    ----------
    run : Run
    is_waiting : bool
        Whether no model was named yet.
    """

    def __init__(
        self,
        name: str,
        optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None,
        settings: WatchSettings,
    ) -> None:
        self.run = settings.new_run(name)
        self._optimizer = optimizer
        self._settings = settings
        self._models: dict[str, weakref.ref[nn.Module]] = {}
        self.is_waiting = True
        reference = weakref.ref(self)

        def note_that_nothing_was_recorded() -> None:
            waiting = reference()
            if waiting is not None and waiting.is_waiting:
                waiting.run.add_notice("watch", _NO_MODEL)

        self.run.on_close(note_that_nothing_was_recorded)

    def check(self, model: nn.Module | Mapping[str, nn.Module]) -> None:
        """Raise the errors of `attach` for a model that is recorded later."""
        models = check_models(model)
        check_optimizers(self._optimizer, models)
        self._settings.inputs_for(models)

    def attach(
        self,
        model: nn.Module | Mapping[str, nn.Module],
        optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None = None,
    ) -> None:
        """Record the training of a model from now on; parameters and errors are those of `attach`.

        Raises
        ------
        RuntimeError
            Also if the run records another model already.
        """
        self.is_waiting = False
        models = check_models(model)
        if self._models:
            known = {label: reference() for label, reference in self._models.items()}
            if known != models:
                raise RuntimeError(
                    "The trainer now trains another model than the one this run records. Watch "
                    "the trainer anew for it: run = lk.watch(trainer)"
                )
            return
        given = self._optimizer if self._optimizer is not None else optimizer
        optimizers = check_optimizers(given, models)
        reads = self._settings.inputs_for(models)
        _refuse_models_of_background_tasks(models)
        if self._settings.name is None:
            self.run.name = _default_name(models)
        self._models = {label: weakref.ref(module) for label, module in models.items()}
        _record(self.run, models, optimizers, self._settings, reads)


def _record(
    run: Run,
    models: Mapping[str, nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    settings: WatchSettings,
    activations: ChosenInput | Literal[False] | None,
) -> None:
    _end_earlier_watch(models, run)
    rules = settings.rules
    watch = Watch(
        run,
        models,
        optimizers,
        loss_fn=settings.loss_fn,
        budget=run.budget,
        graph=settings.graph,
        histograms=settings.histograms,
        activations=activations,
        tokens=settings.tokens,
        evaluation=Evaluation(
            NoRules() if rules is None else rules, settings.on_finding, run.budget
        ),
    )
    _describe(run, models, watch.table, settings.loss_fn)
    run.attach(watch)
    reference = weakref.ref(run)
    _watches[reference] = watch
    keys = [id(module) for module in models.values()]
    abandoned = weakref.finalize(run, _detach, watch, reference, keys)
    abandoned.atexit = False
    run.on_close(lambda: _close(abandoned, watch, reference, keys))
    for module in models.values():
        _watching[id(module)] = reference
    _end_with_modules(watch, reference)


def _close(
    abandoned: weakref.finalize[..., Run],
    watch: Watch,
    reference: weakref.ref[Run],
    keys: list[int],
) -> None:
    if abandoned.detach() is not None:
        _detach(watch, reference, keys)


def _detach(watch: Watch, reference: weakref.ref[Run], keys: list[int]) -> None:
    run = reference()
    _watches.pop(reference, None)
    watch.close(run)
    if run is not None:
        run.detach()
    for key in keys:
        if _watching.get(key) is reference:
            _watching.pop(key, None)


def _end_with_modules(watch: Watch, reference: weakref.ref[Run]) -> None:
    """End the run when the last module that holds a watched parameter is deleted.

    This may be another module than the watched one: a container that was created only for the watch
    is deleted before its modules.
    """
    run = reference()
    if run is None or run.closed:
        return
    module = watch.table.living_module()
    if module is not None:
        watch.last_module = weakref.finalize(module, _end_with_modules, watch, reference)
        watch.last_module.atexit = False
    else:
        run.abandon()


def runs_of(models: Iterable[nn.Module]) -> list[Run]:
    """Return the open runs that record parameters of the models."""
    parameters = [
        parameter for module in models for parameter in torch_compat.all_parameters(module)
    ]
    found = []
    for reference in list(_watches):  # at once: other threads begin and end watching meanwhile
        run, watch = reference(), _watches.get(reference)
        if run is None or watch is None:
            continue
        if any(watch.table.find(parameter) is not None for parameter in parameters):
            found.append(run)
    return found


def _refuse_models_of_background_tasks(models: Mapping[str, nn.Module]) -> None:
    for label, module in models.items():
        for run in runs_of([module]):
            task = BackgroundTask.training(run)
            if task is not None and task is not BackgroundTask.current():
                raise RuntimeError(in_background(label or type(module).__name__, task))


def _end_earlier_watch(models: Mapping[str, nn.Module], run: Run) -> None:
    for module in models.values():
        reference = _watching.get(id(module))
        earlier = None if reference is None else reference()
        if earlier is not None and not earlier.closed:
            earlier.add_notice("watch", "This run ended because the model is watched anew.")
            earlier.close()
            run.add_notice(
                "watch",
                f"The model was watched already; that run ({earlier.name}) has been closed "
                "and keeps what it recorded.",
            )


def _default_name(models: Mapping[str, nn.Module]) -> str:
    return " + ".join(label or type(module).__name__ for label, module in models.items())


def _describe(
    run: Run, models: Mapping[str, nn.Module], table: ParameterTable, loss_fn: nn.Module | None
) -> None:
    parameters = [entry.parameter() for entry in table.watched]
    known = [
        parameter
        for parameter in parameters
        if parameter is not None and torch_compat.has_storage(parameter)
    ]
    run.observations.mode_dependent = mode_dependent(models)
    device = known[0].device if known else torch.device("cpu")
    is_cuda = device.type == "cuda"
    facts = ModelFacts(
        device=f"{device} ({torch.cuda.get_device_name(device)})" if is_cuda else str(device),
        parameters=sum(parameter.numel() for parameter in known),
    )
    run.describe_model(facts)
    run.describe_setup(
        {label: type(module).__name__ for label, module in models.items()},
        sorted({str(parameter.dtype).removeprefix("torch.") for parameter in known}),
        None if loss_fn is None else type(loss_fn).__name__,
    )
    FrozenParameters(table).record(run)
