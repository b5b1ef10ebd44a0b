"""Exercise 4 of chapter 06: a copy of a model's state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from labkit.learn.checks import Call, Case, Exercise, Mistake, Trial


def _filled(model: nn.Module) -> nn.Module:
    """Give every tensor of the model values that do not depend on the random state."""
    generator = torch.Generator().manual_seed(len(list(model.parameters())))
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return model


def _case(*layers: nn.Module) -> Case:
    model = _filled(nn.Sequential(*layers))
    kinds = ", ".join(type(layer).__name__ for layer in layers)
    return Case(model, shown=f"a model of {kinds}")


def _solution(model: nn.Module) -> dict[str, Tensor]:
    return copy.deepcopy(model.state_dict())


def _parameters_only(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.named_parameters()}


def _aliased_parameters(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach() for name, tensor in model.named_parameters()}


def _observe(call: Call) -> dict[str, Any]:
    """Train on: every tensor of the model changes, and then what was returned is looked at."""
    (model,) = call.arguments
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.add_(1)
    state = call.result
    if not isinstance(state, Mapping):
        return {"the kind of result": type(state).__name__}
    return {
        "the kind of result": "a dictionary",
        "after more training": dict(state),
        "`load_state_dict` takes it:": _is_loaded(model, state),
    }


def _is_loaded(model: nn.Module, state: Mapping[str, Any]) -> bool:
    try:
        model.load_state_dict(dict(state))
    except Exception:  # noqa: BLE001 - the state is a learner's, and may hold anything
        return False
    return True


def _kind(*kinds: type) -> Callable[[Any], bool]:
    return lambda trial: all(isinstance(result, kinds) for result in trial.results)


SNAPSHOT = Exercise(
    name="snapshot",
    task=(
        "Write `snapshot(model)`: the state of the model as a dictionary that "
        "`model.load_state_dict` accepts later, however long the model has trained in between."
    ),
    solution=_solution,
    cases=(
        _case(nn.Linear(3, 2)),
        _case(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3)),
        _case(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)),
    ),
    observe=_observe,
    praise="A true copy, with the buffers. This is what saving the best epoch needs.",
    mistakes=(
        Mistake(
            "same_memory",
            "The tensors in it share their memory with the model: after more training they "
            "hold the *new* values. Copying the dictionary does not help, the tensors have to "
            "be copied.",
            like=(lambda model: model.state_dict(), _aliased_parameters),
        ),
        Mistake(
            "no_buffers",
            "The parameters are copied. What is missing are the *buffers*: numbers that belong "
            "to the state and are not trained, such as the running mean of a batch norm. "
            "`state_dict()` has both.",
            like=_parameters_only,
        ),
        Mistake(
            "whole_model",
            "A model came back. `load_state_dict` takes a state: a dictionary from names to "
            "tensors.",
            seen_in=_kind(nn.Module),
        ),
        Mistake(
            "loaded",
            "`load_state_dict` puts a state into a model, and returns only which names did not "
            "fit. Here the state itself should come back.",
            seen_in=lambda trial: trial.source.calls("load_state_dict"),
        ),
        Mistake(
            "no_names",
            "The names are lost: `load_state_dict` finds each tensor's place by its name. "
            "Return a dictionary.",
            seen_in=_kind(list, tuple),
        ),
        Mistake(
            "not_called",
            "`model.state_dict` is the method itself. Call it: `model.state_dict()`.",
            seen_in=lambda trial: all(result.__name__ == "state_dict" for result in trial.results),
        ),
        Mistake(
            "one_level_down",
            "The state is inside another dictionary. `load_state_dict` takes the state itself.",
            seen_in=lambda trial: _all_values(trial, Mapping),
        ),
        Mistake(
            "not_tensors",
            "The numbers are all there, but as lists or arrays. `load_state_dict` takes tensors.",
            seen_in=lambda trial: _all_values(trial, list, float, int, np.ndarray),
        ),
        Mistake(
            "keys_only",
            "This holds names, and not the numbers behind them.",
            seen_in=lambda trial: _all_values(trial, str, tuple, torch.dtype),
        ),
        Mistake(
            "empty_tensors",
            "The shapes are right and the numbers are not: new tensors were made "
            "(`zeros_like`, `empty_like`, `rand_like`), and nothing was copied into them.",
            seen_in=lambda trial: all(
                isinstance(found, Mapping) and _same_shapes_only(found, wanted)
                for found, wanted in zip(trial.results, trial.expected, strict=True)
            ),
        ),
        Mistake(
            "unknown_copy",
            "A state dictionary has no `clone`: it is a dictionary. Its tensors have one, each "
            "for itself.",
            raises="[dD]ict' object has no attribute '(clone|detach|deepcopy|deep_copy)'",
        ),
        Mistake(
            "not_deepcopy",
            "The function of the module `copy` is called `deepcopy`, in one word.",
            raises="module 'copy' has no attribute",
        ),
    ),
    hints=(
        (
            "Print `id(model.weight)` and look up `data_ptr()`: which of your copies has "
            "memory of its own?"
        ),
        (
            "There are two ways: copy each tensor of `model.state_dict()` with `clone()`, or "
            "the whole dictionary with a function of the module `copy`."
        ),
        "`return copy.deepcopy(model.state_dict())`.",
    ),
)


def _all_values(trial: Trial, *kinds: type) -> bool:
    return all(
        isinstance(found, Mapping)
        and len(found) > 0
        and all(isinstance(value, kinds) for value in found.values())
        for found in trial.results
    )


def _same_shapes_only(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    state = wanted["after more training"]
    return found.keys() == state.keys() and all(
        isinstance(tensor, Tensor)
        and tensor.shape == state[name].shape
        and not (state[name].is_floating_point() and _is_near(tensor, state[name]))
        for name, tensor in found.items()
    )


def _is_near(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one.to(other.dtype), other, rtol=0.05, atol=0.05)
