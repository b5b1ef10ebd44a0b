"""Values of expressions in a frame, read without executing code of the user."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import torch

from labkit.capture.graph.source_lines import local_variables

_MAX_BITS = 64
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: lambda a, b: a % b,
}
_FUNCTIONS: tuple[Callable[..., Any], ...] = (int, min, max, math.ceil, math.floor)
_CONTAINERS = (list, tuple, dict, set, frozenset, range, str)
_ARRAYS = (torch.Tensor, torch.nn.Parameter, np.ndarray)


class UnknownValueError(Exception):
    """A value that cannot be read without doubt or without executing code of the user."""


class Variables:
    """The variables of a frame.

    Parameters
    ----------
    frame : FrameType
        A frame of the calling thread.
    """

    def __init__(self, frame: FrameType) -> None:
        code = frame.f_code
        self._local = local_variables(frame)
        self._global = frame.f_globals
        is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)
        self._local_names = frozenset(
            (*code.co_varnames, *code.co_cellvars, *code.co_freevars) if is_function else ()
        )

    def is_local(self, name: str) -> bool:
        """Return whether a name is a variable of a function."""
        return name in self._local_names

    def named(self, name: str) -> object:
        """Return the value of a variable."""
        if name in self._local:
            return self._local[name]
        if name in self._local_names:
            raise UnknownValueError(name)
        if name in self._global:
            return self._global[name]
        builtins = self._global.get("__builtins__")
        space = builtins if type(builtins) is dict else vars(builtins)
        if name in space:
            return space[name]
        raise UnknownValueError(name)

    def values_except(self, names: frozenset[str]) -> list[object]:
        """Return the values of the local variables, or those of a module, except some."""
        space = self._local if self._local_names else self._global
        return [value for name, value in list(space.items()) if name not in names]

    def value(self, node: ast.expr) -> object:
        """Return the value of an expression.

        Raises
        ------
        UnknownValueError
            If the expression is not one of those that are known to have no side effect.
        """
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.named(name)
            case ast.Attribute(value=owner, attr=attribute):
                return _attribute(self.value(owner), attribute)
            case ast.Subscript(value=owner, slice=key):
                return _item(self.value(owner), self.value(key))
            case ast.Call(func=function, args=arguments, keywords=[]):
                return self._call(function, arguments)
        return self._arithmetic(node)

    def integer(self, node: ast.expr) -> int:
        """Return the value of an expression that is an integer; raises as `value` does."""
        value = self.value(node)
        if type(value) is not int:
            raise UnknownValueError(value)
        return value

    def _number(self, node: ast.expr) -> float:
        value = self.value(node)
        if type(value) not in (int, float):
            raise UnknownValueError(value)
        return value  # type: ignore[return-value]

    def _arithmetic(self, node: ast.expr) -> float:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(op, self._number(left), self._number(right))
        raise UnknownValueError(ast.dump(node))

    def _operation(self, op: ast.operator, left: float, right: float) -> float:
        operation = _OPERATIONS.get(type(op))
        is_large = any(
            type(each) is int and each.bit_length() > _MAX_BITS for each in (left, right)
        )
        if operation is None or is_large:
            raise UnknownValueError(op)
        try:
            return operation(left, right)  # type: ignore[no-any-return]
        except (ArithmeticError, ValueError):
            raise UnknownValueError(op) from None

    def _call(self, function: ast.expr, arguments: list[ast.expr]) -> object:
        if isinstance(function, ast.Attribute) and function.attr == "size":
            owner = self.value(function.value)
            if type(owner) in _ARRAYS[:2] and len(arguments) == 1:
                return _item(tuple(owner.shape), self.value(arguments[0]))  # type: ignore[attr-defined]
        called = self.value(function)
        if called is len and len(arguments) == 1:
            return _length(self.value(arguments[0]))
        if not any(called is each for each in _FUNCTIONS):
            raise UnknownValueError(called)
        try:
            return called(*(self._number(each) for each in arguments))  # type: ignore[operator]
        except (ArithmeticError, ValueError, TypeError):
            raise UnknownValueError(called) from None


def _attribute(owner: object, name: str) -> object:
    if name == "shape" and type(owner) in _ARRAYS:
        return tuple(owner.shape)  # type: ignore[attr-defined]
    try:
        return inspect.getattr_static(owner, name)
    except AttributeError:
        raise UnknownValueError(name) from None


def _item(owner: object, key: object) -> object:
    if type(owner) not in (list, tuple, dict) or type(key) not in (int, str):
        raise UnknownValueError(key)
    try:
        return owner[key]  # type: ignore[index]
    except (LookupError, TypeError):
        raise UnknownValueError(key) from None


def _length(value: object) -> int:
    if type(value) in _ARRAYS and value.shape:  # type: ignore[attr-defined]
        return int(value.shape[0])  # type: ignore[attr-defined]
    if type(value) in _CONTAINERS:
        return len(value)  # type: ignore[arg-type]
    if isinstance(value, torch.utils.data.DataLoader):
        return length_of_loader(value)
    raise UnknownValueError(value)


def length_of_loader(loader: torch.utils.data.DataLoader[Any]) -> int:
    """Return the number of batches of a loader.

    Raises
    ------
    UnknownValueError
        If its dataset has no length.
    """
    try:
        return len(loader)
    except Exception:  # noqa: BLE001 - the length is computed by the user's sampler
        raise UnknownValueError(loader) from None
