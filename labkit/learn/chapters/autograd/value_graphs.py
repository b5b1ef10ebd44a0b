"""Graphs of single numbers, as chapter 02 builds them with its class `Value`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(eq=False)
class Value:
    """A number that remembers how it was computed.

    Attributes
    ----------
    data : float
    inputs : tuple of Value
        What it was computed from.
    slopes : tuple of float
        Its local slope with respect to each input.
    grad : float
    name : str
        The name of a number that was not computed.

    Examples
    --------
    >>> a = Value(3.0, name="a")
    >>> (a * a + a).data
    12.0
    """

    data: float
    inputs: tuple[Value, ...] = ()
    slopes: tuple[float, ...] = ()
    grad: float = 0.0
    name: str = ""

    def __add__(self, other: Value) -> Value:
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value) -> Value:
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __repr__(self) -> str:
        return f"Value({self.data:.4g})"

    def tanh(self) -> Value:
        """Return the hyperbolic tangent."""
        result = math.tanh(self.data)
        return Value(result, (self,), (1 - result**2,))


def build(expression: Callable[..., Value], **numbers: float) -> Value:
    """Return the result of an expression of named numbers."""
    return expression(*(Value(number, name=name) for name, number in numbers.items()))


def in_order(loss: Value) -> list[Value]:
    """Return everything that a value was computed from, and the value, each after its inputs.

    Examples
    --------
    >>> loss = build(lambda a, b: a * b + a, a=2.0, b=3.0)
    >>> [each.data for each in in_order(loss)]
    [2.0, 3.0, 6.0, 8.0]
    """
    order: list[Value] = []
    seen: set[Value] = set()

    def visit(value: Value) -> None:
        if value not in seen:
            seen.add(value)
            for each in value.inputs:
                visit(each)
            order.append(value)

    visit(loss)
    return order


def pairs(value: Value) -> Iterator[tuple[Value, float]]:
    """Return each input of a value with the local slope."""
    return zip(value.inputs, value.slopes, strict=True)
