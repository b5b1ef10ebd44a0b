"""Whether a call changed what it was given: tensors, arrays, containers and modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn


def is_unchanged(before: Any, after: Any) -> bool:
    """Compare a value with itself after a call. Objects of unknown types count as unchanged.

    Examples
    --------
    >>> is_unchanged(np.zeros(2), np.zeros(2)), is_unchanged([1, 2], [2, 1])
    (True, False)
    """
    if type(before) is not type(after):
        return False
    for kind, same in _COMPARISONS:
        if isinstance(before, kind):
            return same(before, after)
    return True


def _same_value(before: Any, after: Any) -> bool:
    return bool(before == after or (before != before and after != after))  # noqa: PLR0124 - NaN


def only_gradients_differ(before: Any, after: Any) -> bool:
    """Whether a tensor, or a module, differs in nothing but what `backward` adds to `.grad`.

    Examples
    --------
    >>> import torch
    >>> old, new = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    >>> new.sum().backward()
    >>> only_gradients_differ(old, new), only_gradients_differ(old, old)
    (True, False)
    """
    if type(before) is not type(after) or is_unchanged(before, after):
        return False
    if isinstance(before, Tensor):
        return _same_but_for_the_gradient(before, after)
    if not isinstance(before, nn.Module) or not _same_modes(before, after):
        return False
    old, new = _tensors(before), _tensors(after)
    return old.keys() == new.keys() and all(
        type(tensor) is type(new[name]) and _same_but_for_the_gradient(tensor, new[name])
        for name, tensor in old.items()
    )


def _same_dictionary(before: dict[Any, Any], after: dict[Any, Any]) -> bool:
    return before.keys() == after.keys() and all(
        is_unchanged(value, after[key]) for key, value in before.items()
    )


def _same_items(before: Sequence[Any], after: Sequence[Any]) -> bool:
    return len(before) == len(after) and all(
        is_unchanged(one, other) for one, other in zip(before, after, strict=True)
    )


def _same_array(before: np.ndarray, after: np.ndarray) -> bool:
    numeric = np.issubdtype(before.dtype, np.inexact)
    return before.dtype == after.dtype and np.array_equal(before, after, equal_nan=bool(numeric))


def _same_values(before: Tensor, after: Tensor) -> bool:
    if before.dtype != after.dtype or before.shape != after.shape:
        return False
    both_nan = (before != before) & (after != after)  # noqa: PLR0124 - true for NaN alone
    return bool(((before == after) | both_nan).all())


def _same_tensor(before: Tensor, after: Tensor) -> bool:
    return _same_but_for_the_gradient(before, after) and _same_gradient(before, after)


def _same_but_for_the_gradient(before: Tensor, after: Tensor) -> bool:
    return before.requires_grad == after.requires_grad and _same_values(
        before.detach(), after.detach()
    )


def _same_gradient(before: Tensor, after: Tensor) -> bool:
    old, new = (tensor.grad if tensor.is_leaf else None for tensor in (before, after))
    if old is None or new is None:
        return old is new
    return _same_values(old, new)


def _same_module(before: nn.Module, after: nn.Module) -> bool:
    return _same_modes(before, after) and is_unchanged(_tensors(before), _tensors(after))


def _same_modes(before: nn.Module, after: nn.Module) -> bool:
    modes = [part.training for part in before.modules()]
    return modes == [part.training for part in after.modules()]


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    # A parameter that a call replaced by a plain tensor is a change; their types differ.
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


_COMPARISONS: tuple[tuple[type | tuple[type, ...], Callable[[Any, Any], bool]], ...] = (
    (Tensor, _same_tensor),
    (np.ndarray, _same_array),
    (nn.Module, _same_module),
    (dict, _same_dictionary),
    ((list, tuple), _same_items),
    ((int, float, complex, str, bytes), _same_value),
)
