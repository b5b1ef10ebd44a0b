"""The network of a playground as a program of plain PyTorch, which gives the same losses."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import Any

from torch import Tensor, nn

from labkit.playing.choices import losses_for, optimizer_code
from labkit.playing.datasets import MAKERS, POINTS
from labkit.playing.features import EXPRESSIONS
from labkit.playing.networks import is_elementwise, modules_in_a_row
from labkit.playing.settings import Settings
from labkit.playing.training import Change, Training

_DEFAULT_STEPS = 1000
"""Steps of the program for a network that has not been trained yet."""
_MAX_NUMBERS = 4000
"""Most numbers of an own model, or of own points, that a program contains."""


def code_of(training: Training) -> str:
    """Return a program that trains the same network for as many steps.

    It runs as it stands, unless the model is a class of the user's, or the own data are large; then
    a line of it says what to put there.
    """
    loss = losses_for(training.points.classes, training.outputs)[training.settings.loss]
    maker = None if training.own_points is not None else MAKERS[training.settings.data]
    functions = "\n".join(_source(each) for each in (maker, loss.source) if each is not None)
    parts = [
        _head(training, functions),
        functions,
        _data(training),
        _network(training),
        _optimizer(training, loss.code),
        _loss_of(training),
        _loop(training),
        _end(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def call_of(training: Training) -> str:
    """Return the call of `labkit.playground` that opens a playground with the same settings.

    Examples
    --------
    >>> call_of(Training(Settings(data="xor", hidden=(3,), lr=0.1)))
    "lk.playground('xor', hidden=(3,), lr=0.1)"
    """
    settings, default = training.settings, Settings()
    shown = ["(x, y)" if training.own_points is not None else repr(settings.data)]
    if training.own_model is not None:
        shown.append("model")
    losses = losses_for(training.points.classes, training.outputs)
    default = replace(default, data=settings.data, loss=next(iter(losses)))
    for name in Settings.__dataclass_fields__:
        value = getattr(settings, name)
        if name == "regularisation" and value != "none":
            shown.append(f"regularisation={(value, settings.penalty)!r}")
        elif name not in {"regularisation", "penalty"} and value != getattr(default, name):
            shown.append(f"{name}={value!r}")
    return f"lk.playground({', '.join(shown)})"


def _head(training: Training, functions: str) -> str:
    lines = ['"""A network of labkit\'s playground, as plain PyTorch."""', ""]
    if "math." in functions:
        lines += ["import math", ""]
    lines += ["import torch", "from torch import nn"]
    if "F." in functions:
        lines.append("from torch.nn import functional as F")
    if not training.reproducible:
        lines += ["", "# There were more changes by hand than are written down here."]
    return "\n".join(lines)


def _source(function: Callable[..., Any]) -> str:
    return f"\n{inspect.getsource(function).rstrip()}\n"


def _data(training: Training) -> str:
    settings, points = training.settings, training.points
    lines = [
        f"# The points: {len(points.train)} for training, {len(points.test)} for the test.",
        f"generator = torch.Generator().manual_seed({settings.seed})",
    ]
    if training.own_points is None:
        lines.append(f"x, y = {settings.data}({POINTS}, {settings.noise!r}, generator)")
        if training.outputs == 2:  # noqa: PLR2004
            lines.append("y = y.long()  # with an output for each class, the loss takes its number")
    elif 3 * len(points.x) <= _MAX_NUMBERS:
        lines += [
            f"x = torch.tensor({_numbers(points.x)})",
            f"y = torch.tensor({_numbers(training.targets)})",
        ]
    else:
        lines.append(
            'raise SystemExit("Put your points here: x of shape (n, 2), y of shape (n,).")'
        )
    lines += [
        "order = torch.randperm(len(x), generator=generator)",
        f"train, test = order[:{len(points.train)}], order[{len(points.train)}:]",
    ]
    if training.own_model is None and settings.features != ("x1", "x2"):
        columns = ", ".join(EXPRESSIONS[name] for name in settings.features)
        lines.append(f"inputs = torch.stack([{columns}], dim=1)")
    else:
        lines.append("inputs = x")
    return "\n".join(lines)


def _numbers(values: Tensor) -> str:
    """Return values as text; numbers in float32 are the same when they are read again."""
    return repr(values.tolist())


def _network(training: Training) -> str:
    row = modules_in_a_row(training.model)
    own = training.own_model
    if own is not None and not _is_writable(training, row):
        return f'raise SystemExit("Put your model here: model = {type(own).__name__}(...)")'
    assert row is not None
    lines = [] if own is not None else [f"torch.manual_seed({training.settings.seed})"]
    lines += ["model = nn.Sequential(", *(f"    {_module(module)}," for module in row), ")"]
    if own is not None:
        lines.append("with torch.no_grad():  # the values that your model had at the beginning")
        lines += _initial_values(training, row)
    return "\n".join(lines)


def _is_writable(training: Training, row: list[nn.Module] | None) -> bool:
    parameters = list(training.model.parameters())
    known = row is not None and all(type(m) is nn.Linear or is_elementwise(m) for m in row)
    small = sum(each.numel() for each in parameters) <= _MAX_NUMBERS
    return known and small and all(each.requires_grad for each in parameters)


def _optimizer(training: Training, loss: str) -> str:
    optimizer = optimizer_code(training.settings.optimizer, training.first.lr)
    return f"loss_fn = {loss}\noptimizer = {optimizer}"


def _module(module: nn.Module) -> str:
    """Return the code that makes a module."""
    if type(module) is nn.Linear:
        bias = "" if module.bias is not None else ", bias=False"
        return f"nn.Linear({module.in_features}, {module.out_features}{bias})"
    plain = type(module)()
    return f"nn.{type(module).__name__}()" if repr(plain) == repr(module) else f"nn.{module!r}"


def _initial_values(training: Training, row: list[nn.Module]) -> list[str]:
    """Return lines that give each parameter the value that it had at the beginning."""
    assert training.initial is not None
    names = {id(parameter): name for name, parameter in training.model.named_parameters()}
    places = [
        (f"model[{place}].{name}", training.initial[names[id(each)]])
        for place, module in enumerate(row)
        for name, each in module.named_parameters()
    ]
    return [f"    {path}.copy_(torch.tensor({_numbers(values)}))" for path, values in places]


def _loss_of(training: Training) -> str:
    outputs = "model(inputs[points])" + (".reshape(-1)" if training.outputs == 1 else "")
    return f'''
def loss_of(points):
    """Return the mean loss of some points, given by their indices."""
    return loss_fn({outputs}, y[points])
'''


def _loop(training: Training) -> str:
    settings = training.settings
    steps = training.step or _DEFAULT_STEPS
    lines = [f"shuffling = torch.Generator().manual_seed({settings.seed})", "left = train[:0]"]
    penalty = _penalty(settings.regularisation)
    if penalty:
        lines += [
            "weights = [each for each in model.parameters() if each.dim() > 1]",
            f"penalty = {training.first.penalty!r}",
        ]
    lines += [
        f"for step in range({steps}):",
        *_changes(training, steps),
        "    if len(left) == 0:  # a new epoch",
        "        left = train[torch.randperm(len(train), generator=shuffling)]",
        f"    batch, left = left[:{settings.batch_size}], left[{settings.batch_size}:]",
        "    optimizer.zero_grad()",
        f"    loss = loss_of(batch){penalty}",
        "    loss.backward()",
        "    optimizer.step()",
    ]
    late = [each for each in training.changes if each.step >= steps]
    lines += [line for change in late for line in _assignment(change)]
    return "\n".join(lines)


def _penalty(regularisation: str) -> str:
    """Return what is added to the loss."""
    return {
        "none": "",
        "l1": " + penalty * sum(weight.abs().sum() for weight in weights)",
        "l2": " + penalty * sum((weight**2).sum() for weight in weights)",
    }[regularisation]


def _changes(training: Training, steps: int) -> list[str]:
    """Return the lines that make the changes by hand before their steps."""
    lines = []
    for step, group in groupby(training.changes, key=lambda change: change.step):
        if step < steps:
            lines.append(f"    if step == {step}:  # changed by hand")
            lines += [f"        {line}" for change in group for line in _assignment(change)]
    return lines


def _assignment(change: Change) -> list[str]:
    """Return the lines that make one change."""
    if change.target == "lr":
        return [f'optimizer.param_groups[0]["lr"] = {change.value!r}']
    if change.target == "penalty":
        return [f"penalty = {change.value!r}"]
    return ["with torch.no_grad():", f"    {change.target} = {change.value!r}"]


def _end() -> str:
    return """with torch.no_grad():
    train_loss, test_loss = (loss_of(points).item() for points in (train, test))
print(f"loss of the training points {train_loss:.6f}, of the test points {test_loss:.6f}")"""
