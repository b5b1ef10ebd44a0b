"""The inputs that a network of the playground can have: functions of both coordinates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

FEATURES: dict[str, Callable[[Tensor], Tensor]] = {
    "x1": lambda x: x[:, 0],
    "x2": lambda x: x[:, 1],
    "x1^2": lambda x: x[:, 0] ** 2,
    "x2^2": lambda x: x[:, 1] ** 2,
    "x1*x2": lambda x: x[:, 0] * x[:, 1],
    "sin(x1)": lambda x: torch.sin(x[:, 0]),
    "sin(x2)": lambda x: torch.sin(x[:, 1]),
}
"""Each feature of points, shape (n, 2), as a tensor of shape (n,)."""

EXPRESSIONS = {
    "x1": "x[:, 0]",
    "x2": "x[:, 1]",
    "x1^2": "x[:, 0] ** 2",
    "x2^2": "x[:, 1] ** 2",
    "x1*x2": "x[:, 0] * x[:, 1]",
    "sin(x1)": "torch.sin(x[:, 0])",
    "sin(x2)": "torch.sin(x[:, 1])",
}
"""The same as text, for exported code."""


def features_of(x: Tensor, names: Sequence[str]) -> Tensor:
    """Return the inputs of a network for some points.

    Examples
    --------
    >>> features_of(torch.tensor([[2.0, 3.0]]), ["x1", "x1*x2"])
    tensor([[2., 6.]])
    """
    return torch.stack([FEATURES[name](x) for name in names], dim=1)
