"""The data sets of the playground: points of a plane, with a class or a value each.

Each function is plain PyTorch and depends on nothing else in this module, because exported code
contains its source. The points lie between -3 and 3; classes are 0, 1 and so on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

POINTS = 300
"""Number of points of a data set that the playground makes."""
_HALF_SIDE = 3.2
"""Half of the side of the plane that is drawn for such a data set."""


def moons(n: int, noise: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two half circles that reach into each other."""
    y = (torch.arange(n) % 2).float()
    angle = math.pi * torch.rand(n, generator=generator)
    upper = torch.stack([torch.cos(angle) - 0.5, torch.sin(angle) - 0.25], dim=1)
    lower = torch.stack([0.5 - torch.cos(angle), 0.25 - torch.sin(angle)], dim=1)
    x = 1.7 * torch.where(y[:, None] == 0, upper, lower)
    return x + noise * torch.randn(n, 2, generator=generator), y


def circles(n: int, noise: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a disc, and a ring around it."""
    y = (torch.arange(n) % 2).float()
    radius = torch.rand(n, generator=generator) + 1.6 * y
    angle = 2 * math.pi * torch.rand(n, generator=generator)
    x = torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)
    return x + noise * torch.randn(n, 2, generator=generator), y


def spirals(n: int, noise: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two arms of a spiral."""
    y = (torch.arange(n) % 2).float()
    along = torch.rand(n, generator=generator).sqrt()
    angle = 1.5 * 2 * math.pi * along + math.pi * y
    x = 2.7 * along[:, None] * torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)
    return x + noise * torch.randn(n, 2, generator=generator), y


def three_spirals(
    n: int, noise: float, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return three arms of a spiral."""
    y = torch.arange(n) % 3
    along = 0.08 + 0.92 * torch.rand(n, generator=generator).sqrt()
    angle = 2 * math.pi * (0.65 * along + y / 3)
    x = 2.7 * along[:, None] * torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)
    return x + noise * torch.randn(n, 2, generator=generator), y


def xor(n: int, noise: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return four squares; the class is whether both coordinates have the same sign."""
    x = 5 * torch.rand(n, 2, generator=generator) - 2.5
    x = x + 0.2 * x.sign()
    y = (x[:, 0] * x[:, 1] > 0).float()
    return x + noise * torch.randn(n, 2, generator=generator), y


def gauss(n: int, noise: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two clouds with a normal distribution each."""
    y = (torch.arange(n) % 2).float()
    centre = (2 * y[:, None] - 1) * torch.tensor([1.2, 1.2])
    return centre + (0.4 + noise) * torch.randn(n, 2, generator=generator), y


def plane(n: int, noise: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points whose values, from -1 to 1, grow from the lower left to the upper right."""
    x = 5.6 * torch.rand(n, 2, generator=generator) - 2.8
    y = x.sum(dim=1) / 5.6
    return x, y + noise * torch.randn(n, generator=generator) / 2


def hills(n: int, noise: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points whose values, from -1 to 1, are those of two hills and two hollows."""
    x = 5.6 * torch.rand(n, 2, generator=generator) - 2.8
    tops = 1.4 * torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    heights = torch.exp(-((x[:, None] - tops) ** 2).sum(dim=2))
    y = heights[:, :2].sum(dim=1) - heights[:, 2:].sum(dim=1)
    return x, y + noise * torch.randn(n, generator=generator) / 2


MAKERS: dict[str, Callable[[int, float, torch.Generator], tuple[Tensor, Tensor]]] = {
    "moons": moons,
    "circles": circles,
    "spirals": spirals,
    "three_spirals": three_spirals,
    "xor": xor,
    "gauss": gauss,
    "plane": plane,
    "hills": hills,
}
"""The functions by the name of the data set."""

VALUES = 0
"""The number of classes of points that have a value instead of a class."""

CLASSES = dict.fromkeys(MAKERS, 2) | {"three_spirals": 3, "plane": VALUES, "hills": VALUES}
"""The number of classes of each data set."""

CLASS_NAMES = tuple(f"class {each}" for each in range(8))
"""How the classes of points are called that have no names of their own."""


@dataclass(frozen=True)
class Points:
    """The points of a playground, divided into those for training and those for the test.

    Attributes
    ----------
    x : Tensor, shape (n, 2)
    y : Tensor, shape (n,), dtype float32
        A class, or a value.
    train, test : Tensor
        Indices of the points.
    classes : int
        Number of classes; `VALUES` if the points have values.
    """

    x: Tensor
    y: Tensor
    train: Tensor
    test: Tensor
    classes: int

    @property
    def is_regression(self) -> bool:
        """Whether the points have values instead of classes."""
        return self.classes == VALUES


def make_points(
    name: str,
    noise: float,
    split: float,
    seed: int,
    own: tuple[Tensor, Tensor, int] | None = None,
) -> Points:
    """Return the points of a data set, or those that were given, with their number of classes.

    The random numbers come from a generator of their own; torch's is not used.
    """
    generator = torch.Generator().manual_seed(seed)
    if own is None:
        x, y = MAKERS[name](POINTS, noise, generator)
        classes = CLASSES[name]
    else:
        x, y, classes = own
    order = torch.randperm(len(x), generator=generator)
    count = train_count(len(x), split)
    return Points(x, y.float(), order[:count], order[count:], classes)


def train_count(n: int, split: float) -> int:
    """Return how many points are for training; at least one, and at least one is for the test."""
    return min(n - 1, max(1, round(n * split)))


def plane_of(points: Points, *, is_own: bool) -> tuple[float, float, float, float]:
    """Return the drawn part of the plane: lowest and highest x1, lowest and highest x2."""
    if not is_own:
        return -_HALF_SIDE, _HALF_SIDE, -_HALF_SIDE, _HALF_SIDE
    low, high = points.x.amin(dim=0), points.x.amax(dim=0)
    margin = 0.06 * (high - low).clamp(min=1e-3)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return left, right, bottom, top
