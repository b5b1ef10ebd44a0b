"""Attach a probe to living models, and take it off again without a trace."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from labkit.capture import interception, torch_compat
from labkit.capture.checks import mode_dependent
from labkit.capture.inspection import inspector
from labkit.capture.parameters import ParameterTable
from labkit.capture.probe import Probe
from labkit.capture.validate import (
    check_activations,
    check_budget,
    check_loss_fn,
    check_models,
    check_optimizers,
)
from labkit.run import Run

_watching: dict[int, weakref.ref[Run]] = {}
"""The open run of each watched model, by the model's id."""


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
) -> Run:
    """Begin to record a model's training; parameters and errors are those of `labkit.watch`."""
    models = check_models(model)
    optimizers = check_optimizers(optimizer, models)
    loss_module = check_loss_fn(loss_fn)
    reads = check_activations(activations, models)
    run = Run(str(name) if name is not None else _default_name(models), budget=check_budget(budget))
    _end_earlier_watch(models, run)
    _describe(run, models)
    probe = Probe(
        run,
        models,
        optimizers,
        loss_fn=loss_module,
        graph=bool(graph),
        histograms=bool(histograms),
        activations=reads,
    )
    probe.steady.hear_steps_begin(wanted=True)
    handles = [register_optimizer_step_post_hook(probe.steady.after_step)]
    if loss_module is not None:
        handles.append(loss_module.register_forward_hook(probe.loss_computed))
    interception.listen(probe.taps)
    closing = weakref.finalize(run, _detach, probe, handles, [id(m) for m in models.values()])
    closing.atexit = False
    run.on_close(closing)
    for module in models.values():
        _watching[id(module)] = weakref.ref(run)
        weakref.finalize(module, _close_if_alive, weakref.ref(run)).atexit = False
    return run


def _detach(
    probe: Probe, handles: list[torch.utils.hooks.RemovableHandle], model_ids: list[int]
) -> None:
    for handle in handles:
        handle.remove()
    interception.leave(probe.taps)
    probe.guarded_close()
    for key in model_ids:
        reference = _watching.get(key)
        run = None if reference is None else reference()
        if run is None or run.closed:
            _watching.pop(key, None)


def _close_if_alive(reference: weakref.ref[Run]) -> None:
    run = reference()
    if run is not None:
        run.close()


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


def _describe(run: Run, models: Mapping[str, nn.Module]) -> None:
    table = ParameterTable(models)
    parameters = [entry.ref() for entry in table.watched]
    known = [
        parameter
        for parameter in parameters
        if parameter is not None and torch_compat.has_storage(parameter)
    ]
    run.inspect = inspector(lambda: table)
    run.observations.mode_dependent = mode_dependent(models)
    run.parameters = sum(parameter.numel() for parameter in known)
    run.trainable = sum(parameter.numel() for parameter in known if parameter.requires_grad)
    device = known[0].device if known else torch.device("cpu")
    run.device = str(device)
    if device.type == "cuda":
        run.device = f"{device} ({torch.cuda.get_device_name(device)})"
        run.read_device_memory = lambda: torch.cuda.memory_allocated(device)
