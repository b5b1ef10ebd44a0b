"""Points that the caller of a playground brings, checked and converted."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_MIN_POINTS, _MAX_POINTS = 4, 5_000
_EXAMPLE = "Example: lk.playground((x, y)) with x of shape (n, 2) and y of shape (n,)."


def own_points(data: Any) -> tuple[Tensor, Tensor, bool]:
    """Return coordinates, targets, and whether the targets are values and not two classes.

    Parameters
    ----------
    data : tuple
        Tensors or arrays, shape (n, 2) and (n,). Whole numbers, truth values, and numbers that are
        all 0 or 1 are classes.

    Raises
    ------
    ValueError
        If the shapes do not match, a number is not finite, or there are more than two classes.
    """
    if not isinstance(data, tuple | list) or len(data) != 2:  # noqa: PLR2004
        raise ValueError(
            f"playground takes as data the name of a data set or a pair (x, y), not "
            f"{type(data).__name__}. {_EXAMPLE}"
        )
    x, y = _as_tensor(data[0], "x"), _as_tensor(data[1], "y")
    if x.dim() != 2 or x.shape[1] != 2 or y.reshape(-1).shape != (len(x),):  # noqa: PLR2004
        raise ValueError(
            f"playground takes x of shape (n, 2) and y of shape (n,), not {tuple(x.shape)} and "
            f"{tuple(y.shape)}. {_EXAMPLE}"
        )
    if not _MIN_POINTS <= len(x) <= _MAX_POINTS:
        raise ValueError(
            f"playground takes from {_MIN_POINTS} to {_MAX_POINTS:,} points, not {len(x):,}. "
            "Of more points, choose some: x[::10], y[::10]."
        )
    targets, is_regression = _targets(y.reshape(-1))
    x = x.detach().to("cpu", torch.float32).clone()
    if not (bool(x.isfinite().all()) and bool(targets.isfinite().all())):
        raise ValueError("playground takes finite numbers, but x or y has NaN or infinity.")
    return x, targets, is_regression


def _targets(y: Tensor) -> tuple[Tensor, bool]:
    values = y.detach().to("cpu", torch.float32).clone()
    found = torch.unique(values).tolist()
    if set(found) <= {0.0, 1.0}:
        return values, False
    if y.is_floating_point():
        return values, True
    if len(found) == 2:  # noqa: PLR2004
        return (values == found[1]).float(), False
    raise ValueError(
        f"playground takes two classes, but y has {len(found)} different whole numbers. For one "
        "class against the others give y == 0; for a regression give y as float."
    )


def _as_tensor(values: Any, name: str) -> Tensor:
    try:
        tensor = values if isinstance(values, Tensor) else torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"playground takes tensors or arrays, and {name} is {type(values).__name__} that "
            f"torch cannot convert ({error}). {_EXAMPLE}"
        ) from error
    if tensor.is_complex():
        raise ValueError(f"playground takes real numbers, but {name} is complex. {_EXAMPLE}")
    return tensor
