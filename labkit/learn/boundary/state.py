"""Reads what a boundary picture shows from a model and a loss: logits, losses, pulls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    Model = Callable[[Tensor], Tensor]
    SampleLoss = Callable[[Tensor, Tensor], Tensor]

SIDE = 33
"""Number of places along each side of the plane at which the logit is read."""
_MARGIN = 0.06
_COORDINATES = 2
_CLASSES = 2
_LARGEST = 1e6


@dataclass(frozen=True)
class Plane:
    """The samples, and the part of the plane that is drawn.

    Attributes
    ----------
    points : ndarray, shape (n, 2), dtype float32
        The two features of each sample.
    labels : ndarray, shape (n,), dtype uint8
        0 or 1.
    x, y : tuple of two float
        The ends of the plane.
    """

    points: NDArray[np.float32]
    labels: NDArray[np.uint8]
    x: tuple[float, float]
    y: tuple[float, float]


@dataclass(frozen=True)
class BoundaryState:
    """What a model says of a plane at one moment.

    Attributes
    ----------
    grid : ndarray, shape (33, 33), dtype float32
        The logit at evenly spaced places; the first row is the top of the plane.
    logits, losses : ndarray, shape (n,), dtype float32
        Of each sample.
    pulls : ndarray, shape (n,), dtype float32
        By how much the loss of each sample falls when its logit grows a little.
    directions : ndarray, shape (n, 2), dtype float32
        The direction in which the logit grows fastest at each sample; of length 1, or 0 where the
        model is flat.
    """

    grid: NDArray[np.float32]
    logits: NDArray[np.float32]
    losses: NDArray[np.float32]
    pulls: NDArray[np.float32]
    directions: NDArray[np.float32]

    def wrong(self, labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return which samples are on the wrong side of the boundary."""
        wrong: NDArray[np.bool_] = (self.logits > 0) != (labels == 1)
        return wrong


def read_plane(x: Tensor, y: Tensor) -> Plane:
    """Return the samples and a part of the plane with all of them, and some room around.

    Raises
    ------
    ValueError
        If the samples are not points with labels 0 and 1.
    """
    import torch

    points = torch.as_tensor(x).detach().cpu().numpy().astype(np.float32)
    labels = torch.as_tensor(y).detach().cpu().numpy().reshape(-1)
    if points.ndim != _COORDINATES or points.shape[1] != _COORDINATES or not len(points):
        raise ValueError(
            f"x of shape (n, 2) is taken, two features for each sample; got {points.shape}. "
            "Pick two columns, as in x[:, [0, 3]]"
        )
    if len(labels) != len(points):
        raise ValueError(f"x has {len(points)} samples and y has {len(labels)} labels")
    if not np.isin(labels, (0, 1)).all():
        found = ", ".join(f"{value:g}" for value in np.unique(labels)[:5])
        raise ValueError(f"labels of 0 and 1 are taken; got {found}")
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.maximum((high - low) * _MARGIN, 1e-3)
    ends = [(float(a), float(b)) for a, b in zip(low - room, high + room, strict=True)]
    return Plane(points, labels.astype(np.uint8), ends[0], ends[1])


def read_state(model: Model, plane: Plane, loss: SampleLoss | None = None) -> BoundaryState:
    """Return what a model says of a plane; the model's gradients and mode stay as they are.

    Parameters
    ----------
    model : callable
        Takes points of shape (n, 2), returns logits of shape (n,), (n, 1), or (n, 2) for two
        classes.
    plane : Plane
    loss : callable, optional
        Takes logits and labels (floats) of shape (n,), returns the loss of each sample, shape
        (n,); by default the binary cross-entropy.
    """
    import torch
    from torch.nn import functional

    device, dtype = _place_of(model)
    given = {"device": device, "dtype": dtype}
    points = torch.tensor(plane.points, **given).requires_grad_()
    labels = torch.tensor(plane.labels, **given)
    with torch.enable_grad(), _evaluating(model):
        logits = _logits(model, points)
        slopes = _gradient(logits.sum(), points)  # (n, 2)
        own = logits.detach().requires_grad_()
        if loss is None:
            each = functional.binary_cross_entropy_with_logits(own, labels, reduction="none")
        else:
            each = loss(own, labels)
        _check_losses(each, len(labels))
        pulls = -_gradient(each.sum(), own)
        with torch.no_grad():
            grid = _logits(model, torch.tensor(_places(plane), **given))
    lengths = slopes.norm(dim=1, keepdim=True)
    directions = torch.where(lengths > 0, slopes / lengths.clamp(min=1e-30), 0.0)
    return BoundaryState(
        _array(grid).reshape(SIDE, SIDE), _array(own), _array(each), _array(pulls),
        _array(directions),
    )  # fmt: skip


def _places(plane: Plane) -> NDArray[np.float32]:
    across = np.linspace(*plane.x, SIDE)
    down = np.linspace(*plane.y[::-1], SIDE)
    columns, rows = np.meshgrid(across, down)
    return np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32)


def _place_of(model: object) -> tuple[Any, Any]:
    """Return the device and the dtype of a model's parameters, or the usual ones."""
    import torch

    parameters = getattr(model, "parameters", None)
    first = next(iter(parameters()), None) if callable(parameters) else None
    return (first.device, first.dtype) if first is not None else ("cpu", torch.float32)


@contextmanager
def _evaluating(model: object) -> Iterator[None]:
    """Put a module into evaluation mode, and each of its parts back into its own."""
    parts = list(model.modules()) if hasattr(model, "modules") else []
    training = [part for part in parts if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _logits(model: Model, points: Tensor) -> Tensor:
    logits, n = model(points), len(points)
    if logits.shape == (n, _CLASSES):
        # Softmax of two logits is the sigmoid of their difference.
        return logits[:, 1] - logits[:, 0]
    if logits.shape not in ((n,), (n, 1)):
        raise ValueError(
            f"the model must return one logit for each point, of shape ({n},) or ({n}, 1), or one "
            f"for each of two classes, ({n}, 2); it returned {tuple(logits.shape)}"
        )
    return logits.reshape(-1)


def _check_losses(losses: Tensor, n: int) -> None:
    if losses.shape != (n,):
        raise ValueError(
            f"the loss must return one number for each sample, of shape ({n},); it returned "
            f'{tuple(losses.shape)}. Functions of torch take reduction="none"'
        )


def _gradient(total: Tensor, of: Tensor) -> Tensor:
    import torch

    if not total.requires_grad:
        return torch.zeros_like(of)
    (gradient,) = torch.autograd.grad(total, of, allow_unused=True)
    return torch.zeros_like(of) if gradient is None else gradient


def _array(values: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.detach().cpu().float().numpy()
    return np.clip(np.nan_to_num(array, nan=0.0), -_LARGEST, _LARGEST)
