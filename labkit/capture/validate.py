"""Checks the arguments of `watch` before any hook is registered."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import nn

from labkit.capture.evaluation import OnFinding, Rules
from labkit.capture.readings.activations.chosen_input import ChosenInput
from labkit.capture.readings.activations.token_texts import Tokens
from labkit.capture.torch_compat import all_parameters
from labkit.run.changeable import checked_budget
from labkit.run.findings_log import check_rules

_TRAINERS = (
    "a Trainer of Lightning or Transformers, an Accelerator, a Learner of fastai, a Keras model, "
    "an Engine of Ignite"
)
_EXAMPLE = "Example: with lk.watch(model) as run: ..."


def check_models(model: Any) -> dict[str, nn.Module]:
    """Return the models by label; an only model has the label ``""``.

    Raises
    ------
    TypeError
        If a model is not a `torch.nn.Module`.
    ValueError
        If a model has no parameters, or the mapping is empty.
    """
    if isinstance(model, Mapping):
        if not model:
            raise ValueError(f"watch was given an empty mapping of models. {_EXAMPLE}")
        models = {str(label): module for label, module in model.items()}
    else:
        models = {"": model}
    for label, module in models.items():
        what = f"model {label!r}" if label else "the model"
        if not isinstance(module, nn.Module):
            hint = " Give an instance, not the class." if isinstance(module, type) else ""
            raise TypeError(
                "watch takes a torch.nn.Module, a mapping of names to them, or a trainer "
                f"({_TRAINERS}); {what} is of type {type(module).__name__}.{hint} {_EXAMPLE}"
            )
        if not all_parameters(module):
            raise ValueError(
                f"{what} ({type(module).__name__}) has no parameters, so there is nothing to "
                f"train or watch. Watch the module that holds the parameters. {_EXAMPLE}"
            )
    return models


def check_optimizers(
    optimizer: Any, models: Mapping[str, nn.Module]
) -> list[torch.optim.Optimizer]:
    """Return the given optimizers as a list; each must hold some of the models' parameters.

    Raises
    ------
    TypeError
        If an item is not a `torch.optim.Optimizer`.
    ValueError
        If an optimizer holds none of the parameters.
    """
    if optimizer is None:
        return []
    given = list(optimizer) if isinstance(optimizer, Iterable) else [optimizer]
    known = {id(p) for module in models.values() for p in all_parameters(module)}
    for each in given:
        if not isinstance(each, torch.optim.Optimizer):
            raise TypeError(
                f"optimizer= takes a torch.optim.Optimizer or a list of them, not "
                f"{type(each).__name__}. Leave it out to have it found: lk.watch(model)"
            )
        if not any(id(p) in known for group in each.param_groups for p in group["params"]):
            raise ValueError(
                f"the {type(each).__name__} given as optimizer= holds none of the model's "
                "parameters. Make it from this model: torch.optim.SGD(model.parameters(), lr=...)"
            )
    return given


def check_budget(budget: Any) -> float:
    """Return the budget as a float.

    Raises
    ------
    TypeError, ValueError
        If it is not a number greater than 0 and at most 1.
    """
    return checked_budget(budget, "budget=", "lk.watch(model, budget=0.03)")


def check_loss_fn(loss_fn: Any) -> nn.Module | None:
    """Return the given loss module, or None.

    Raises
    ------
    TypeError
        If it is not a `torch.nn.Module`: only calls of modules can be intercepted.
    """
    if loss_fn is None or isinstance(loss_fn, nn.Module):
        return loss_fn
    raise TypeError(
        f"loss_fn= takes a torch.nn.Module such as torch.nn.CrossEntropyLoss(), not "
        f"{type(loss_fn).__name__}. Leave it out to have the loss found by backward()."
    )


def check_activations(
    activations: object, models: Mapping[str, nn.Module]
) -> ChosenInput | Literal[False] | None:
    """Return the input for pictures; None for the loop's forward passes, False for no activations.

    Raises
    ------
    TypeError
        If it is neither a bool nor tensors.
    ValueError
        If the model cannot be called with it, or if several models are watched.
    """
    if activations is None or isinstance(activations, bool):
        return False if activations is False else None
    inputs = activations if isinstance(activations, tuple) else (activations,)
    if not inputs or not all(isinstance(each, torch.Tensor) for each in inputs):
        raise TypeError(
            "activations= takes True, False, an input of the model as a tensor, or several as a "
            f"tuple of tensors, not {type(activations).__name__}. Example: "
            "lk.watch(model, activations=images[:1])"
        )
    if len(models) != 1:
        raise ValueError(
            "activations= takes an input for one model only, and "
            f"{len(models)} are watched ({', '.join(models)}). Give activations=True, or watch "
            "the model alone."
        )
    chosen = ChosenInput(tuple(each.detach().clone() for each in inputs))
    shapes = ", ".join(str(list(each.shape)) for each in inputs)
    for model in models.values():
        try:
            chosen.run(model)
        except Exception as error:
            raise ValueError(
                f"the model cannot be called with activations= of shape {shapes}: {error}. It "
                "takes what the model takes, a batch of one included, for example images[:1]."
            ) from error
    return chosen


def check_tokens(tokens: Any) -> Tokens | None:
    """Return what has the texts of token ids, or None.

    Raises
    ------
    TypeError
        If it is neither a function, nor a mapping or sequence of texts.
    """
    if tokens is None or callable(tokens) or isinstance(tokens, (Mapping, Sequence)):
        checked: Tokens | None = tokens
        return checked
    raise TypeError(
        "tokens= takes a function of a token id, or a list or mapping with the text of each id, "
        f"not {type(tokens).__name__}. Example: "
        "lk.watch(model, tokens=tokenizer.convert_ids_to_tokens)"
    )


def check_ignored(ignore: Any, rules: Rules | None) -> tuple[str, ...]:
    """Return the ids of the rules to ignore.

    Raises
    ------
    TypeError
        If it is no sequence of texts; a single text is none.
    ValueError
        If there is no rule of one of the ids.
    """
    example = "Example: lk.watch(model, ignore=['plateau'])"
    if isinstance(ignore, str) or not isinstance(ignore, Iterable):
        raise TypeError(
            f"ignore= takes a list of ids of rules, not {type(ignore).__name__}. {example}"
        )
    ids = tuple(ignore)
    for each in ids:
        if not isinstance(each, str):
            raise TypeError(
                f"ignore= takes ids of rules, which are texts, not {type(each).__name__}. {example}"
            )
    check_rules(ids, () if rules is None else rules.ids)
    return ids


def check_callback(on_finding: Any) -> OnFinding | None:
    """Return the callback for new findings.

    Raises
    ------
    TypeError
        If it is neither callable nor None.
    """
    if on_finding is not None and not callable(on_finding):
        raise TypeError(
            f"on_finding= takes a function of one finding, not {type(on_finding).__name__}. "
            "Example: lk.watch(model, on_finding=lambda finding: print(finding.message))"
        )
    if inspect.iscoroutinefunction(on_finding):
        raise TypeError(
            "on_finding= takes a plain function, not an async one, which nothing would await. "
            "Example: lk.watch(model, on_finding=lambda finding: queue.put_nowait(finding))"
        )
    callback: OnFinding | None = on_finding
    return callback
