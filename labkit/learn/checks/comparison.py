"""Comparisons of what an answer gave with what is expected.

A comparison takes ``(got, expected)`` and never raises. `close` is tolerant of what makes no
difference to a learner: float64, NumPy arrays and scalars, and tensors of one element in place of
a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

Comparison = Callable[[Any, Any], bool]


def close(*, atol: float = 1e-4, rtol: float = 1e-4) -> Comparison:
    """Return a comparison of numbers, tensors, and tuples, lists and dictionaries of them.

    Parameters
    ----------
    atol, rtol : float
        Two numbers are equal if they differ by at most ``atol + rtol * |expected|``.

    Examples
    --------
    >>> same = close()
    >>> same(torch.tensor([[2.0]], dtype=torch.float64), 2.0), same(np.float32(2.1), 2.0)
    (True, False)
    >>> same([1, torch.tensor(2)], (1.0, 2.0)), same("cpu", torch.device("cpu"))
    (True, False)
    >>> same(np.str_("adam"), "adam")
    True
    >>> same(torch.tensor([1, 2]), [1, 2]), same(torch.tensor([[1], [2]]), [1, 2])
    (True, False)
    """

    def compare(got: Any, expected: Any) -> bool:
        try:
            return _same(got, expected, atol, rtol)
        except Exception:  # noqa: BLE001 - an answer may be of any type
            return False

    return compare


def either_deviation(got: Any, expected: Any) -> bool:
    """Compare standardised tables; their standard deviation may divide by n - 1 or by n.

    PyTorch divides by n - 1, NumPy and scikit-learn by n. For a tuple, n is the length of the
    first table.

    Examples
    --------
    >>> table = torch.tensor([[1.0], [2.0], [6.0]])
    >>> centred = table - table.mean(0)
    >>> either_deviation(centred / table.std(0, correction=0), centred / table.std(0))
    True
    """
    same = close()
    tables = expected if isinstance(expected, tuple) else (expected,)
    if same(got, expected):
        return True
    if not all(isinstance(table, Tensor) and len(table) > 1 for table in tables):
        return False
    n = len(tables[0])
    by_n = tuple(table * (n / (n - 1)) ** 0.5 for table in tables)
    return same(got, by_n if isinstance(expected, tuple) else by_n[0])


def as_tensor(value: object) -> Tensor | None:
    """Return a number, tensor or array as a float64 tensor on the CPU; None for anything else.

    Examples
    --------
    >>> as_tensor(np.ones(2, dtype=np.float32))
    tensor([1., 1.], dtype=torch.float64)
    >>> as_tensor("one") is None, as_tensor([1, 2]) is None
    (True, True)
    """
    if isinstance(value, Tensor):
        return None if value.is_complex() else _plain_tensor(value)
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return torch.from_numpy(array.astype(np.float64)) if array.dtype.kind in "biuf" else None
    if isinstance(value, Real):
        return torch.tensor(float(value), dtype=torch.float64)
    return None


def _plain_tensor(tensor: Tensor) -> Tensor | None:
    """Return a tensor in full; None for one without values, or whose values are not in rows."""
    if tensor.is_meta or tensor.is_nested or tensor.layout is not torch.strided:
        return None
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    return tensor.detach().cpu().to(torch.float64)


def _same(got: Any, expected: Any, atol: float, rtol: float) -> bool:
    if expected is None or isinstance(expected, bool | str):
        return _plain(got) == expected and type(_plain(got)) is type(expected)
    if isinstance(expected, Mapping):
        return (
            isinstance(got, Mapping)
            and got.keys() == expected.keys()
            and all(_same(got[key], value, atol, rtol) for key, value in expected.items())
        )
    if isinstance(expected, list | tuple):
        return _same_items(got, expected, atol, rtol)
    wanted = as_tensor(expected)
    if wanted is None:
        return type(got) is type(expected) and bool(got == expected)
    return _same_numbers(got, wanted, atol, rtol)


def _plain(value: Any) -> Any:
    """Return a text or boolean of NumPy, or a boolean in a tensor of one element, as Python's."""
    if isinstance(value, np.str_):
        return str(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Tensor) and value.dtype == torch.bool and value.numel() == 1:
        return bool(value)
    return value


def _same_items(got: Any, expected: Sequence[Any], atol: float, rtol: float) -> bool:
    if not isinstance(got, list | tuple | Tensor | np.ndarray) or len(got) != len(expected):
        return False
    if isinstance(got, Tensor | np.ndarray) and all(map(_is_number, expected)) and got.ndim != 1:
        return False  # a column in place of a list of numbers
    return all(_same(one, other, atol, rtol) for one, other in zip(got, expected, strict=True))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_numbers(got: Any, wanted: Tensor, atol: float, rtol: float) -> bool:
    found = as_tensor(got)
    if found is None or isinstance(got, bool):
        return False
    if found.shape != wanted.shape and not found.numel() == wanted.numel() == 1:
        return False
    return torch.allclose(
        found.reshape(-1), wanted.reshape(-1), atol=atol, rtol=rtol, equal_nan=True
    )


def whole(value: object) -> bool:
    """Whether a value is a finite whole number of any numeric type.

    Examples
    --------
    >>> whole(3.0), whole(3.5), whole("3")
    (True, False, False)
    """
    number = as_tensor(value)
    if number is None or number.numel() != 1:
        return False
    return math.isfinite(number.item()) and number.item() % 1 == 0
