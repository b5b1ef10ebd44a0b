"""The settings of a playground, and the errors that say what each takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, NamedTuple

from labkit.playing.choices import (
    ACTIVATIONS,
    CLASS_LOSSES,
    MANY_CLASSES_LOSSES,
    OPTIMIZERS,
    REGULARISATIONS,
    VALUE_LOSSES,
    losses_for,
)
from labkit.playing.datasets import CLASSES, MAKERS, VALUES
from labkit.playing.features import FEATURES
from labkit.run.printable import printable

OWN = "own"
"""The name of a data set that was given as tensors."""
MAX_LAYERS, MAX_UNITS = 6, 8
MAX_NOISE = 1.0
MAX_BATCH = 10_000
MAX_RATE = 1e30
"""Larger rates overflow float32 inside of the optimizers, which is an error and not a loss."""


@dataclass(frozen=True)
class Settings:
    """The settings of a playground; the names are those of the arguments of `playground`.

    Attributes
    ----------
    data : str
        Name of a data set, or "own".
    noise : float
        Standard deviation of what is added to the points.
    split : float
        Share of the points for training.
    batch_size : int
    features : tuple of str
    hidden : tuple of int
        Number of units of each hidden layer.
    activation, loss, optimizer : str
    lr : float
    regularisation : {"none", "l1", "l2"}
    penalty : float
        Factor of the sum of absolute or squared weights, which is added to the loss.
    seed : int
    """

    data: str = "moons"
    noise: float = 0.15
    split: float = 0.7
    batch_size: int = 16
    features: tuple[str, ...] = ("x1", "x2")
    hidden: tuple[int, ...] = (4, 2)
    activation: str = "tanh"
    loss: str = "bce"
    optimizer: str = "adam"
    lr: float = 0.03
    regularisation: str = "none"
    penalty: float = 0.001
    seed: int = 0


LIVE = frozenset({"lr", "penalty"})
"""The settings whose change does not begin the training again."""


class Own(NamedTuple):
    """What points and a model of the user's fix.

    Attributes
    ----------
    classes : int or None
        Number of classes of the points, 0 for values; None if the points are made.
    outputs : int or None
        Number of outputs of the model; None if it is built.
    """

    classes: int | None = None
    outputs: int | None = None


def changed(settings: Settings, changes: dict[str, Any], own: Own) -> Settings:
    """Return settings with changes.

    A loss that the new data do not take becomes their default, unless it is among the changes.

    Parameters
    ----------
    settings : Settings
    changes : dict
        Values by the name of the setting.
    own : Own

    Raises
    ------
    ValueError
        Says what was given, what is taken, and what to do.
    """
    unknown = set(changes) - set(Settings.__dataclass_fields__)
    if unknown:
        raise ValueError(f"A playground has no setting {printable(min(unknown))!r}.")
    new = replace(settings, **{name: _checked(name, value) for name, value in changes.items()})
    if own.classes is None and new.data == OWN:
        raise ValueError(f"data='own' needs points of yours. {_EXAMPLES['data']}")
    losses = losses_for(classes_of(new, own), outputs_of(new, own))
    if new.loss not in losses:
        if "loss" in changes:
            raise _refusal("loss", changes["loss"], f"one of {_listed(losses)} with these data")
        new = replace(new, loss=next(iter(losses)))
    return new


def classes_of(settings: Settings, own: Own) -> int:
    """Return the number of classes, 0 for values."""
    return CLASSES[settings.data] if own.classes is None else own.classes


def outputs_of(settings: Settings, own: Own) -> int:
    """Return the number of outputs of the network: one, or one for each class.

    Raises
    ------
    ValueError
        If a model of the user's has another number of them.
    """
    classes = classes_of(settings, own)
    wanted = 1 if classes <= 2 else classes  # noqa: PLR2004
    # For two classes both are usual: one output, or one for each class.
    if own.outputs is None or own.outputs == wanted or own.outputs == classes == 2:  # noqa: PLR2004
        return own.outputs or wanted
    data = "your points" if own.classes is not None else repr(settings.data)
    kind = "values" if classes == VALUES else f"{classes} classes"
    raise ValueError(
        f"The model returns shape (n, {own.outputs}), and the {kind} of {data} need (n, {wanted}). "
        f"End with nn.Linear(..., {wanted}){_other_data(own)}."
    )


def _other_data(own: Own) -> str:
    """Return which data a model with so many outputs takes, as the end of a sentence."""
    if own.classes is not None:
        return ""
    fitting = [name for name, classes in CLASSES.items() if classes == own.outputs]
    return f', or take data with {own.outputs} classes, as "{fitting[0]}"' if fitting else ""


# ── checks of single values ──────────────────────────────────────────────────────────────────────

_EXAMPLES = {
    "data": 'Example: lk.playground("spirals"), or lk.playground((x, y)) with your own points.',
    "noise": "Example: lk.playground(noise=0.2)",
    "split": "Example: lk.playground(split=0.7)",
    "batch_size": "Example: lk.playground(batch_size=16)",
    "features": 'Example: lk.playground(features=("x1", "x2", "x1*x2"))',
    "hidden": "Example: lk.playground(hidden=(4, 2))",
    "activation": 'Example: lk.playground(activation="relu")',
    "loss": 'Example: lk.playground("moons", loss="bce")',
    "optimizer": 'Example: lk.playground(optimizer="sgd", lr=0.1)',
    "lr": "Example: lk.playground(lr=0.03)",
    "regularisation": 'Example: lk.playground(regularisation=("l2", 0.001))',
    "penalty": 'Example: lk.playground(regularisation=("l2", 0.001))',
    "seed": "Example: lk.playground(seed=1)",
}
_MENUS: dict[str, Iterable[str]] = {
    "data": [*MAKERS, OWN],
    "activation": ACTIVATIONS,
    "optimizer": OPTIMIZERS,
    "regularisation": REGULARISATIONS,
    "loss": list(dict.fromkeys([*CLASS_LOSSES, *MANY_CLASSES_LOSSES, *VALUE_LOSSES])),
}
_RANGES: dict[str, tuple[float, float, str]] = {
    "noise": (0.0, MAX_NOISE, "a number from 0 to 1"),
    "split": (0.1, 0.9, "a number from 0.1 to 0.9, the share of the points for training"),
    "lr": (math.ulp(0.0), MAX_RATE, "a number up to 1e30 that is greater than 0"),
    "penalty": (0.0, 1e6, "a number of at least 0, up to 1e6"),
}
_WHOLE: dict[str, tuple[int, int, str]] = {
    "batch_size": (1, MAX_BATCH, "a whole number of at least 1"),
    "seed": (0, 2**31 - 1, "a whole number from 0 to 2147483647"),
}


def _checked(name: str, value: Any) -> Any:
    """Return a value in the type of its setting."""
    if name in _MENUS:
        return _one_of(name, value)
    if name in _RANGES:
        low, high, taken = _RANGES[name]
        if _is_number(value) and low <= float(value) <= high:
            return float(value)
        raise _refusal(name, value, taken)
    if name in _WHOLE:
        first, last, taken = _WHOLE[name]
        if _is_whole(value) and first <= int(value) <= last:
            return int(value)
        raise _refusal(name, value, taken)
    return _hidden(value) if name == "hidden" else _features(value)


def _one_of(name: str, value: Any) -> str:
    menu = _MENUS[name]
    if isinstance(value, str) and value.lower() in menu:
        return value.lower()
    raise _refusal(name, value, f"one of {_listed(each for each in menu if each != OWN)}")


def _hidden(value: Any) -> tuple[int, ...]:
    taken = f"up to {MAX_LAYERS} whole numbers from 1 to {MAX_UNITS}, the units of each layer"
    if hasattr(value, "tolist"):  # an array or a tensor
        value = value.tolist()
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_LAYERS:
        raise _refusal("hidden", value, taken)
    if not all(_is_whole(units) and 1 <= units <= MAX_UNITS for units in value):
        raise _refusal("hidden", value, f"{taken}; a larger model can be given as model=")
    return tuple(int(units) for units in value)


def _features(value: Any) -> tuple[str, ...]:
    taken = f"one or more of {_listed(FEATURES)}"
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise _refusal("features", value, taken)
    if not all(isinstance(name, str) and name in FEATURES for name in value):
        raise _refusal("features", value, taken)
    return tuple(name for name in FEATURES if name in value)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _refusal(name: str, value: Any, taken: str) -> ValueError:
    given = printable(repr(value)[:80])
    return ValueError(f"playground takes as {name} {taken}, not {given}. {_EXAMPLES[name]}")
