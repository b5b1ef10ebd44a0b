"""Attaches a watch to models, and removes it completely."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.evaluation import Evaluation, NoRules, OnFinding, Rules
from labkit.capture.parameters import ParameterTable
from labkit.capture.readings.activations.token_texts import Tokens
from labkit.capture.readings.frozen_parameters import FrozenParameters
from labkit.capture.readings.training_modes import mode_dependent
from labkit.capture.validate import (
    check_activations,
    check_budget,
    check_callback,
    check_ignored,
    check_loss_fn,
    check_models,
    check_optimizers,
    check_tokens,
)
from labkit.capture.watch import Watch
from labkit.run import ModelFacts, Run
from labkit.run.background_task import BackgroundTask, in_background
from labkit.run.pace import check_pace

_watching: dict[int, weakref.ref[Run]] = {}
"""The open run of each watched model, by the model's id."""
_watches: weakref.WeakKeyDictionary[Run, Watch] = weakref.WeakKeyDictionary()
"""The watches of the open runs."""


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
    loss_module = check_loss_fn(loss_fn)
    reads, texts = check_activations(activations, models), check_tokens(tokens)
    ignored, callback = check_ignored(ignore, rules), check_callback(on_finding)
    _refuse_models_of_background_tasks(models)
    rate = check_pace(pace, "lk.watch(model, pace=20)")
    run = Run(str(name) if name is not None else _default_name(models), budget=check_budget(budget))
    run.pace = rate
    run.findings_log.rules = () if rules is None else rules.ids
    for rule in ignored:
        run.ignore(rule)
    _end_earlier_watch(models, run)
    watch = Watch(
        run,
        models,
        optimizers,
        loss_fn=loss_module,
        budget=run.budget,
        graph=bool(graph),
        histograms=bool(histograms),
        activations=reads,
        tokens=texts,
        evaluation=Evaluation(NoRules() if rules is None else rules, callback, run.budget),
    )
    _describe(run, models, watch.table, loss_module)
    run.attach(watch)
    _watches[run] = watch
    reference = weakref.ref(run)
    keys = [id(module) for module in models.values()]
    abandoned = weakref.finalize(run, _detach, watch, reference, keys)
    abandoned.atexit = False
    run.on_close(lambda: _close(abandoned, watch, reference, keys))
    for module in models.values():
        _watching[id(module)] = reference
    _end_with_modules(watch, reference)
    return run


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
    watch.close(run)
    if run is not None:
        _watches.pop(run, None)
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
    return [
        run
        for run, watch in list(_watches.items())
        if any(watch.table.find(parameter) is not None for parameter in parameters)
    ]


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
