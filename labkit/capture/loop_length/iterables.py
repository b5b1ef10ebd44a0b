"""How many iterations a ``for`` loop has, and which one is under way."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader

from labkit.capture.hooks.loaders import batches_taken_from
from labkit.capture.loop_length.progress_bars import is_bar, iterable_of, makes_bar
from labkit.capture.loop_length.variables import UnknownValueError, Variables, length_of_loader

_MAX_ITEMS = 4096
"""Longest list that is searched for the item of the iteration under way."""


@dataclass(frozen=True)
class Extent:
    """The extent of a loop.

    Attributes
    ----------
    length : int
        Number of its iterations.
    position : int or None
        Number of completed iterations; None if unknown.
    is_loader : bool
        Whether a data loader determines it.
    """

    length: int
    position: int | None = None
    is_loader: bool = False


def extent_of(loop: ast.For, variables: Variables) -> Extent:
    """Return the extent of a loop whose variables have not changed since it began.

    Raises
    ------
    UnknownValueError
        If the length is unknown.
    """
    return _extent(loop.iter, loop.target, variables)


def _extent(node: ast.expr, target: ast.expr | None, variables: Variables) -> Extent:
    if isinstance(node, (ast.List, ast.Tuple)):
        return _extent_of_display(node)
    if isinstance(node, ast.Call):
        found = _extent_of_call(node, target, variables)
        if found is not None:
            return found
    return _extent_of_object(variables.value(node), target, variables)


def _extent_of_call(node: ast.Call, target: ast.expr | None, variables: Variables) -> Extent | None:
    """Return the extent of a call of what wraps other iterables; None for other calls."""
    called = variables.value(node.func)
    keywords = {each.arg: each.value for each in node.keywords}
    if any(isinstance(each, ast.Starred) for each in node.args):
        raise UnknownValueError("*")
    if makes_bar(called):
        return _extent_in_bar(called, node, keywords, target, variables)
    if called is builtins.range and not keywords:
        return _extent_of_range([variables.integer(each) for each in node.args], target, variables)
    if called is enumerate and node.args and None not in keywords:
        return _extent_of_enumerate(node, keywords, target, variables)
    if called is zip and node.args:
        return _extent_of_zip(node.args, target, variables)
    return None


def _extent_of_display(node: ast.List | ast.Tuple) -> Extent:
    """Return the extent of ``[a, b, c]``."""
    if any(isinstance(each, ast.Starred) for each in node.elts):
        raise UnknownValueError("*")
    return Extent(len(node.elts))


def _extent_of_range(
    arguments: Sequence[int], target: ast.expr | None, variables: Variables
) -> Extent:
    try:
        values = range(*arguments)
    except (TypeError, ValueError):
        raise UnknownValueError(arguments) from None
    return _extent_of_object(values, target, variables)


def _extent_of_enumerate(
    node: ast.Call,
    keywords: dict[str | None, ast.expr],
    target: ast.expr | None,
    variables: Variables,
) -> Extent:
    first, second = _parts(target, 2)
    inner = _extent(node.args[0], second, variables)
    start = node.args[1] if len(node.args) > 1 else keywords.get("start")
    began = 0 if start is None else variables.integer(start)
    number = None if first is None else _position(first, variables)
    if number is None or not began <= number < began + inner.length:
        return inner
    return Extent(inner.length, number - began, inner.is_loader)


def _extent_of_zip(
    arguments: Sequence[ast.expr], target: ast.expr | None, variables: Variables
) -> Extent:
    targets = _parts(target, len(arguments))
    extents = [
        _extent(each, part, variables) for each, part in zip(arguments, targets, strict=True)
    ]
    positions = [each.position for each in extents if each.position is not None]
    return Extent(
        min(each.length for each in extents),
        positions[0] if positions else None,
        any(each.is_loader for each in extents),
    )


def _extent_in_bar(
    called: object,
    node: ast.Call,
    keywords: dict[str | None, ast.expr],
    target: ast.expr | None,
    variables: Variables,
) -> Extent:
    """Return the extent of what a call of tqdm wraps."""
    if not inspect.isclass(called):  # trange
        return _extent_of_range([variables.integer(each) for each in node.args], target, variables)
    wrapped = node.args[0] if node.args else keywords.get("iterable")
    if wrapped is None:
        raise UnknownValueError("tqdm")
    return _extent(wrapped, target, variables)


def _extent_of_object(value: object, target: ast.expr | None, variables: Variables) -> Extent:
    if is_bar(value):
        return _extent_of_object(iterable_of(value), target, variables)
    if type(value) is range:
        number = None if target is None else _position(target, variables)
        is_within = number is not None and number in value
        return Extent(len(value), value.index(number) if is_within else None)  # type: ignore[arg-type]
    if isinstance(value, DataLoader):
        length = length_of_loader(value)
        taken = batches_taken_from(value)
        is_within = taken is not None and 0 < taken <= length
        return Extent(
            length, taken - 1 if taken is not None and is_within else None, is_loader=True
        )
    if type(value) in (list, tuple):
        return Extent(len(value), _position_in(value, target, variables))  # type: ignore[arg-type]
    if type(value) is torch.Tensor and value.dim():
        return Extent(int(value.shape[0]))
    raise UnknownValueError(value)


def _position_in(
    values: Sequence[Any], target: ast.expr | None, variables: Variables
) -> int | None:
    """Return where the item under way is in a sequence, if it is there once."""
    parts = _parts(target, None)
    if target is None or len(values) > _MAX_ITEMS:
        return None
    try:
        if isinstance(target, ast.Name):
            item = variables.named(target.id)
            places = [place for place, each in enumerate(values) if each is item]
        else:
            item = variables.value(parts[0]) if parts and parts[0] is not None else None
            places = [
                place
                for place, each in enumerate(values)
                if type(each) in (list, tuple) and each and each[0] is item
            ]
    except UnknownValueError:
        return None
    return places[0] if len(places) == 1 else None


def _position(target: ast.expr, variables: Variables) -> int | None:
    """Return the integer in a loop's variable."""
    if not isinstance(target, ast.Name):
        return None
    try:
        return variables.integer(target)
    except UnknownValueError:
        return None


def _parts(target: ast.expr | None, count: int | None) -> Sequence[ast.expr | None]:
    """Return the parts of a target such as ``i, (x, y)``; None for each if it has others."""
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
    has_star = any(isinstance(each, ast.Starred) for each in parts)
    return parts if not has_star and count in (None, len(parts)) else [None] * (count or 0)
