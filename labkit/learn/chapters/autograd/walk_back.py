"""Exercise 5 of chapter 02: the backward pass of an autograd of one's own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from labkit.learn.chapters.autograd.value_graphs import Value, build, in_order, pairs
from labkit.learn.checks import Call, Case, Exercise, Mistake, Trial

_Pass = Callable[[float, float, float], float]
"""The new gradient of an input, from its old one, the gradient of the result, and the slope."""


def _add(old: float, incoming: float, slope: float) -> float:
    return old + incoming * slope


def _walk(
    order: Callable[[Value], Iterable[Value]], passed: _Pass = _add, seed: float | None = 1.0
) -> Callable[[Value], None]:
    """Return the function that passes gradients on in this order, in this way."""

    def walk_back(loss: Value) -> None:
        if seed is not None:
            loss.grad = seed
        for value in order(loss):
            for each, slope in pairs(value):
                each.grad = passed(each.grad, value.grad, slope)

    return walk_back


def _reversed(loss: Value) -> list[Value]:
    return in_order(loss)[::-1]


def _with_repeats(loss: Value) -> list[Value]:
    """Return the order without a note of what was seen: shared values come several times."""
    order: list[Value] = []

    def visit(value: Value) -> None:
        for each in value.inputs:
            visit(each)
        order.append(value)

    visit(loss)
    return order[::-1]


def _breadth_first(loss: Value) -> list[Value]:
    order, seen = [loss], {loss}
    for value in order:
        for each in value.inputs:
            if each not in seen:
                seen.add(each)
                order.append(each)
    return order


def _depth_first(loss: Value) -> list[Value]:
    """Return each value before its inputs, as soon as it is met for the first time."""
    order: list[Value] = []

    def visit(value: Value) -> None:
        if value not in order:
            order.append(value)
            for each in value.inputs:
                visit(each)

    visit(loss)
    return order


def _recursive_sums(loss: Value) -> None:
    """Pass on the sum so far at each visit, so that parts of it are counted again."""

    def visit(value: Value) -> None:
        for each, slope in pairs(value):
            each.grad += value.grad * slope
            visit(each)

    loss.grad = 1.0
    visit(loss)


def _queue(loss: Value) -> None:
    """Pass on the sum so far each time that a value comes up in a queue."""
    loss.grad = 1.0
    queue = [loss]
    for value in queue:
        for each, slope in pairs(value):
            each.grad += value.grad * slope
            queue.append(each)


def _recursive_replacement(loss: Value) -> None:
    """Pass on one path's product at each visit, in place of what was there."""

    def visit(value: Value) -> None:
        for each, slope in pairs(value):
            each.grad = value.grad * slope
            visit(each)

    loss.grad = 1.0
    visit(loss)


def _seeds_all(value: Value) -> None:
    """Call itself for the inputs, each of which gets the gradient of a loss."""
    value.grad = 1.0
    for each, slope in pairs(value):
        each.grad += value.grad * slope
        _seeds_all(each)


def _loops_over_a_pair(trial: Trial) -> bool:
    """Whether there is a loop as in ``for a, b in first, second``."""
    tree = trial.source.tree
    return tree is not None and any(
        isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple) for node in ast.walk(tree)
    )


def _multiplies_into_grad(trial: Trial) -> bool:
    """Whether there is a line as in ``each.grad *= slope``."""
    tree = trial.source.tree
    return tree is not None and any(
        isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Mult)
        and isinstance(node.target, ast.Attribute)
        and node.target.attr == "grad"
        for node in ast.walk(tree)
    )


def _observe(call: Call) -> dict[str, Any]:
    order = in_order(call.arguments[0])
    named = sorted((each for each in order if each.name), key=lambda each: each.name)
    found: dict[str, Any] = {f"the gradient of {each.name}": each.grad for each in named}
    found.update({f"after the call, {each.name}": each.data for each in named})
    return {**found, "the gradient of the loss": order[-1].grad}


def _case(shown: str, expression: Callable[..., Value], **numbers: float) -> Case:
    values = ", ".join(f"{name} = {number:g}" for name, number in numbers.items())
    return Case(make=lambda: (build(expression, **numbers),), shown=f"{shown}, {values}")


def _twice_used(a: Value, b: Value) -> Value:
    u = a * b
    return u * u + u


def _long_and_short(a: Value, b: Value) -> Value:
    """Use the shared value on a long path and on a short one, the short one being met first."""
    u = a * b
    return u * b + (u + a).tanh() * u.tanh().tanh()


WALK_BACK = Exercise(
    name="walk_back",
    task=(
        "Write `walk_back(loss)`: fill the `grad` of every Value that `loss` was computed from, by "
        "the chain rule."
    ),
    solution=_walk(_reversed),
    cases=(
        _case("loss = a * b + a", lambda a, b: a * b + a, a=2.0, b=-3.0),
        _case("loss = (a * b + c).tanh()", lambda a, b, c: (a * b + c).tanh(), a=0.5, b=2, c=-0.7),
        _case("u = a * b, loss = u * u + u", _twice_used, a=0.5, b=3.0),
        _case(
            "u = a * b, loss = u * b + (u + a).tanh() * u.tanh().tanh()",
            _long_and_short,
            a=0.4,
            b=1.5,
        ),
        _case("loss = a * a", lambda a: a * a, a=3.0),
    ),
    observe=_observe,
    may_change=("loss",),
    praise=(
        "That is what `loss.backward()` does, in C++ and for tensors. You have written an autograd."
    ),
    mistakes=(
        Mistake(
            "in_a_dictionary",
            "The gradients were computed and returned, but the Values do not have them. Write each "
            "into the `grad` of its Value.",
            seen_in=lambda trial: all(
                isinstance(result, dict) and len(result) > 1 for result in trial.results
            ),
        ),
        Mistake(
            "multiplied_into",
            "`*=` multiplies what is there, and every `grad` begins at 0, so it stays 0. "
            "Contributions are *added*: `+=`.",
            seen_in=_multiplies_into_grad,
        ),
        Mistake(
            "no_beginning",
            "All gradients are still 0: whatever is multiplied by the gradient of the loss is "
            "multiplied by 0. The loss changes by 1 when the loss changes by 1: begin with that.",
            like=(_walk(_reversed, seed=None), lambda loss: None),
        ),
        Mistake(
            "only_the_loss",
            "The loss has its gradient, but nothing was passed on to its inputs.",
            like=_walk(lambda loss: (), seed=1.0),
        ),
        Mistake(
            "overwritten",
            "A Value that is used twice has lost one of the two contributions: the second took the "
            "place of the first, or was left out. Where paths meet, they add up.",
            like=(
                _walk(_reversed, lambda old, incoming, slope: incoming * slope),
                _recursive_replacement,
            ),
        ),
        Mistake(
            "seed_every_time",
            "`walk_back` sets the gradient of its argument to 1. Here it was called again for the "
            "inputs, so that theirs became 1 as well. Only the loss begins with 1: put that line "
            "outside the part that is repeated.",
            like=_seeds_all,
        ),
        Mistake(
            "not_paired",
            "`for each, slope in inputs, slopes` takes the inputs apart first, and then the "
            "slopes. `zip(inputs, slopes)` gives one of each, in pairs.",
            raises=r"and 'Value'|values to unpack|'Value' object is not",
            seen_in=_loops_over_a_pair,
        ),
        Mistake(
            "one_level",
            "Only the inputs of the loss got a gradient, and they have inputs as well. If you made "
            "a list: was it walked from the wrong end? The loss has to come first, as nothing else "
            "has a gradient at the start.",
            like=(_walk(lambda loss: [loss]), _walk(in_order)),
        ),
        Mistake(
            "passed_on_too_early",
            "Parts were counted several times: a Value passed on its sum, got more, and passed the "
            "whole sum on again. It has to wait until everything that used it has contributed.",
            like=(_recursive_sums, _walk(_with_repeats), _queue),
        ),
        Mistake(
            "passed_on_incomplete",
            "Something is missing where a Value is used on a long path and on a short one: it was "
            "reached on the short one, and passed its gradient on before the other part had "
            "arrived. First make an order in which each Value comes after all that used it.",
            like=(_walk(_breadth_first), _walk(_depth_first)),
        ),
        Mistake(
            "slope_forgotten",
            "The gradient was passed on as it is. At each box it is multiplied by the local slope.",
            like=_walk(_reversed, lambda old, incoming, slope: old + incoming),
        ),
        Mistake(
            "incoming_forgotten",
            "The local slopes were added up, without the gradient that comes in. Slopes *multiply* "
            "along a path.",
            like=_walk(_reversed, lambda old, incoming, slope: old + slope),
        ),
        Mistake(
            "added_along_the_path",
            "Gradient and local slope were added. Along a path, slopes multiply.",
            like=_walk(_reversed, lambda old, incoming, slope: old + incoming + slope),
        ),
        Mistake(
            "downhill",
            "All signs are turned round: the gradient points to where the loss grows. To go "
            "downhill is the business of the step, later.",
            like=(
                _walk(_reversed, seed=-1.0),
                _walk(_reversed, lambda old, incoming, slope: old - incoming * slope),
            ),
        ),
        Mistake(
            "value_as_gradient",
            "This begins with the value of the loss. It has to begin with its slope with respect "
            "to itself, whatever the value is.",
            seen_in=lambda trial: (
                trial.error is None
                and all(
                    abs(call.seen["the gradient of the loss"] - call.arguments[0].data) < 1e-9
                    for call in trial.calls
                )
            ),
        ),
    ),
    hints=(
        (
            "Two steps: first a list of all Values in which each comes after its inputs, then a "
            "walk through it from its end."
        ),
        (
            "The list: a function `visit(value)` that first visits the inputs, then appends the "
            "value, and does nothing for a value it has seen."
        ),
        (
            "The walk: `loss.grad = 1.0`, then for each value of the reversed list and for each of "
            "its inputs `each.grad += value.grad * slope`."
        ),
    ),
)
