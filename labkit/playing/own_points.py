"""Points that the caller of a playground brings, checked and converted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from labkit.playing.datasets import CLASS_NAMES, VALUES
from labkit.run.printable import shortened

MAX_CLASSES = len(CLASS_NAMES)
_MIN_POINTS, _MAX_POINTS = 4, 5_000
_MAX_NAME = 24
_EXAMPLE = "Example: lk.playground((x, y)) with x of shape (n, 2) and y of shape (n,)."


class OwnPoints(NamedTuple):
    """Points with their targets, and what these are.

    Attributes
    ----------
    x : Tensor, shape (n, 2), dtype float32
    y : Tensor, shape (n,), dtype float32
        A class, counted from 0, or a value.
    classes : int
        Number of classes; 0 for values.
    class_names : tuple of str
        None for values.
    """

    x: Tensor
    y: Tensor
    classes: int
    class_names: tuple[str, ...]


def own_points(data: Any) -> OwnPoints:
    """Return coordinates and targets, with the number and the names of the classes.

    Parameters
    ----------
    data : tuple
        Tensors, arrays, or a data frame and a column of it, shape (n, 2) and (n,); or a
        `TensorDataset` of these. Whole numbers, texts, truth values, and numbers of which only two
        different ones occur are classes.

    Raises
    ------
    ValueError
        If the shapes do not match, a number is not finite, or there are too many classes.
    """
    x_given, y_given = _pair(data)
    x, labels = _numbers(x_given), _labels(y_given)
    _check_shapes(x, labels)
    y, names = _targets(labels.reshape(-1))
    with np.errstate(over="ignore"):
        x, y = x.astype(np.float32), y.astype(np.float32)
    _check_finite(np.isfinite(x).all(axis=1) & np.isfinite(y))
    return OwnPoints(torch.from_numpy(x), torch.from_numpy(y), len(names) or VALUES, names)


def _pair(data: Any) -> tuple[Any, Any]:
    """Return what was given for the coordinates and for the targets."""
    if isinstance(data, torch.utils.data.TensorDataset):
        data = data.tensors
    if isinstance(data, tuple | list) and len(data) == 2:  # noqa: PLR2004
        return data[0], data[1]
    if isinstance(data, nn.Module):
        raise ValueError("A model is given by its name: lk.playground(model=model).")  # noqa: TRY004
    more = ""
    if hasattr(data, "columns"):
        more = ' Of a data frame: lk.playground((table[["a", "b"]], table["label"])).'
    raise ValueError(
        f"playground takes as data the name of a data set or a pair (x, y), not "
        f"{type(data).__name__}.{more} {_EXAMPLE}"
    )


# ── arrays ───────────────────────────────────────────────────────────────────────────────────────


def _array(values: Any, name: str) -> NDArray[Any]:
    """Return a copy of values as an array; of texts, too."""
    try:
        if isinstance(values, Tensor):
            dense = values.detach().to_dense().cpu()
            values = (dense.float() if dense.dtype is torch.bfloat16 else dense).numpy()
        elif callable(getattr(values, "to_numpy", None)):  # a data frame or a column
            values = values.to_numpy()
        array = np.array(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _not_converted(values, name, error) from error
    if np.iscomplexobj(array):
        raise ValueError(f"playground takes real numbers, but {name} is complex. {_EXAMPLE}")
    return array


def _numbers(values: Any) -> NDArray[Any]:
    array = _array(values, "x")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise _not_converted(values, "x", error) from error


def _labels(values: Any) -> NDArray[Any]:
    """Return targets as numbers, or as texts."""
    array = _array(values, "y")
    if array.dtype.kind != "O":
        return array
    if all(isinstance(each, str) for each in array.flat):
        return array.astype(str)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise _not_converted(values, "y", error) from error


def _not_converted(values: Any, name: str, error: Exception) -> ValueError:
    return ValueError(
        f"playground takes tensors or arrays of numbers, and {name} is {type(values).__name__} "
        f"that cannot be converted ({error}). {_EXAMPLE}"
    )


# ── checks ───────────────────────────────────────────────────────────────────────────────────────


def _check_shapes(x: NDArray[Any], y: NDArray[Any]) -> None:
    n = len(x) if x.ndim else 0
    if x.ndim != 2 or x.shape[1] != 2 or y.reshape(-1).shape != (n,):  # noqa: PLR2004
        raise ValueError(
            f"playground takes x of shape (n, 2) and y of shape (n,), not {x.shape} and "
            f"{y.shape}. {_advice(x.shape, y.shape)}"
        )
    if n < _MIN_POINTS:
        raise ValueError(f"playground takes from {_MIN_POINTS} to {_MAX_POINTS:,} points, not {n}.")
    if n > _MAX_POINTS:
        every = -(-n // _MAX_POINTS)
        raise ValueError(
            f"playground takes from {_MIN_POINTS} to {_MAX_POINTS:,} points, not {n:,}. "
            f"Choose some: x[::{every}], y[::{every}]."
        )


def _advice(x: tuple[int, ...], y: tuple[int, ...]) -> str:
    """Return what to do with coordinates and targets of other shapes."""
    if len(x) == 2 and x[0] == 2 and (x[1],) == y:  # noqa: PLR2004
        return "Give x.T."
    if len(x) == 2 and x[1] == 2 and len(y) == 2 and y[0] == x[0]:  # noqa: PLR2004
        return "Of one-hot targets give y.argmax(1)."
    if len(x) == 2 and x[1] > 2:  # noqa: PLR2004
        return f"Choose two of the {x[1]} columns, as in x[:, [0, 1]]."
    if len(x) == 1 or (len(x) == 2 and x[1] == 1):  # noqa: PLR2004
        return "To one feature add a second one: np.column_stack([x, np.zeros(len(x))])."
    return _EXAMPLE


def _check_finite(is_finite: NDArray[np.bool_]) -> None:
    if is_finite.all():
        return
    bad = np.flatnonzero(~is_finite)
    raise ValueError(
        f"playground takes finite numbers, but x or y has NaN or infinity in float32 at "
        f"{len(bad)} of {len(is_finite)} points (the first is {bad[0]}). Leave these points out."
    )


# ── targets ──────────────────────────────────────────────────────────────────────────────────────


def _targets(y: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return numbers, and the names of the classes; no names if the numbers are values."""
    found, places = np.unique(y, return_inverse=True)
    if set(found.tolist()) <= {0, 1} and y.dtype.kind not in "US":
        # The numbers of the classes themselves, also if only one of them occurs.
        return y, ("False", "True") if y.dtype.kind == "b" else CLASS_NAMES[:2]
    if y.dtype.kind == "f" and not _are_two_numbers(found):
        return y, ()
    if not 2 <= len(found) <= MAX_CLASSES:  # noqa: PLR2004
        raise _other_number_of_classes(found)
    return places.reshape(-1), tuple(_name(each) for each in found)


def _other_number_of_classes(found: NDArray[Any]) -> ValueError:
    kind = "text" if found.dtype.kind in "US" else "whole number"
    first = found[0].item()
    if len(found) == 1:
        return ValueError(
            f"playground takes two classes or more, but y has one {kind} only, {first!r}. "
            "For a regression give y as float."
        )
    return ValueError(
        f"playground takes up to {MAX_CLASSES} classes, but y has {len(found)} different {kind}s. "
        f"For one class against the others give y == {first!r}; for a regression give y as float."
    )


def _are_two_numbers(found: NDArray[Any]) -> bool:
    """Return whether two different finite whole numbers occur, as -1.0 and 1.0."""
    return (
        len(found) == 2  # noqa: PLR2004
        and found.dtype.kind == "f"
        and bool(np.isfinite(found).all())
        and bool((found == found.round()).all())
    )


def _name(label: Any) -> str:
    return shortened(str(label), _MAX_NAME) if isinstance(label, str) else f"class {label:g}"
