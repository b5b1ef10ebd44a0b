"""In what state a call leaves a model, beside its numbers: modes, frozen parameters and dtype.

A function that trains a model changes its weights, and nothing else that its caller would notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks.exercise import Exercise
from labkit.learn.checks.trial import Call, Trial
from labkit.learn.checks.wording import enumerated

_NAMES_SHOWN = 2


def model_left(exercise: Exercise, trial: Trial) -> str:
    """Say in which other state a call leaves a model that it may train; empty if in none.

    The state in which the model came is fine, and so is that in which the solution leaves it.
    """
    pairs = zip(trial.calls, trial.reference, strict=True)
    said = (_left_by(exercise, call, reference) for call, reference in pairs if call.error is None)
    return next(chain.from_iterable(said), "")


def _left_by(exercise: Exercise, call: Call, reference: Call) -> Iterator[str]:
    for name in exercise.may_change:
        place = exercise.parameters.index(name)
        after = call.arguments[place]
        if isinstance(after, nn.Module):
            before = call.case.build()[place]
            yield from _differences(name, before, after, (before, reference.arguments[place]))


def state_changed(name: str, before: Any, after: Any) -> str:
    """Say which state of a model differs; empty if none does, or if these are no models.

    Examples
    --------
    >>> layer = nn.Linear(2, 1)
    >>> state_changed("model", layer, nn.Linear(2, 1).requires_grad_(False)).split(":")[0]
    'Your function leaves `model` frozen'
    >>> state_changed("model", layer, nn.Linear(2, 1))
    ''
    """
    if not isinstance(before, nn.Module) or not isinstance(after, nn.Module):
        return ""
    return next(_differences(name, before, after, (before,)), "")


def same_numbers(before: nn.Module, after: nn.Module) -> bool:
    """Whether two models have the same weights and buffers, whatever their modes."""
    old, new = before.state_dict(), after.state_dict()
    return old.keys() == new.keys() and all(
        old[name].shape == new[name].shape and bool((old[name] == new[name]).all()) for name in old
    )


def _differences(
    name: str, before: nn.Module, after: nn.Module, allowed: tuple[nn.Module, ...]
) -> Iterator[str]:
    """Yield a sentence for each state of `after` that is none of the allowed ones."""
    if _modes(after) not in map(_modes, allowed):
        yield _mode(name, before)
    if _trainable(after) not in map(_trainable, allowed):
        yield _frozen(name, before, after)
    if _dtypes(after) not in map(_dtypes, allowed):
        yield _converted(name, before, after)


def _modes(model: nn.Module) -> list[bool]:
    return [part.training for part in model.modules()]


def _parameters(model: nn.Module) -> dict[str, Tensor]:
    return dict(model.named_parameters())


def _trainable(model: nn.Module) -> dict[str, bool]:
    return {name: each.requires_grad for name, each in _parameters(model).items()}


def _dtypes(model: nn.Module) -> list[torch.dtype]:
    return [each.dtype for each in _parameters(model).values()]


def _mode(name: str, before: nn.Module) -> str:
    came, left, call = "training", "eval", "train()"
    if not before.training:
        came, left, call = left, came, "eval()"
    return (
        f"Your function leaves `{name}`, or a part of it, in {left} mode; it came in {came} mode. "
        "With dropout or batch norm in it, all that its caller does next would give other "
        f"numbers. Put back what you switch: `{name}.{call}`."
    )


def _frozen(name: str, before: nn.Module, after: nn.Module) -> str:
    old, new = _trainable(before), _trainable(after)
    frozen = [each for each, trains in old.items() if trains and not new.get(each, True)]
    if frozen:
        return (
            f"Your function leaves `{name}` frozen: `requires_grad` of {_listed(frozen)} is False "
            "now, and no later training can move what is frozen. Where you want no graph, write "
            "`with torch.no_grad():` around those lines; at its end the old setting returns."
        )
    return (
        f"Your function leaves `{name}` with other parameters to train: some that came frozen are "
        "not any more, or they have been replaced or renamed. Leave them as they came."
    )


def _converted(name: str, before: nn.Module, after: nn.Module) -> str:
    old, new = (_listed(dict.fromkeys(map(str, _dtypes(model)))) for model in (before, after))
    return (
        f"Your function leaves the parameters of `{name}` in {new}; they came in {old}. The next "
        "call of it, with its caller's data, would fail. Convert the data to fit the model."
    )


def _listed(names: Iterable[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > _NAMES_SHOWN:
        quoted = [*quoted[:_NAMES_SHOWN], f"{len(quoted) - _NAMES_SHOWN} more"]
    return enumerated(quoted)
