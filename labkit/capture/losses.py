"""The loss of a step, as seen by the call of `backward`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable

_MOST_VISITED = 5_000


def roots_of(tensors: object) -> list[torch.Tensor]:
    """Return the tensors that `torch.autograd.backward` was called with."""
    if isinstance(tensors, torch.Tensor):
        return [tensors]
    if isinstance(tensors, Iterable):
        return [item for item in tensors if isinstance(item, torch.Tensor)]
    return []


def reaches(roots: Sequence[torch.Tensor], table: ParameterTable) -> bool:
    """Return whether a backward pass from the roots reaches a watched parameter.

    The search goes back from the loss and ends at the first hit, usually after a few nodes.
    """
    waiting = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen = set(waiting)
    while waiting and len(seen) < _MOST_VISITED:
        node = waiting.pop()
        variable = getattr(node, "variable", None)
        if variable is not None:
            if table.find(variable) is not None:
                return True
            continue
        for source, _ in node.next_functions:
            if source is not None and source not in seen:
                seen.add(source)
                waiting.append(source)
    return False


class PendingLoss:
    """Adds up what was called backward on until an optimizer takes the step.

    With gradient accumulation the gradients of several calls are added before the step;
    the loss of the step is the sum of the same calls, so both belong to one function.
    """

    def __init__(self) -> None:
        self.waiting = False
        self.value = 0.0
        self.on_device: torch.Tensor | None = None

    def add(self, roots: Sequence[torch.Tensor], scale: torch.Tensor | None) -> None:
        """Add the scalar roots, divided by a gradient scaler's factor if they carry it."""
        self.waiting = True
        for root in roots:
            if root.numel() != 1:
                continue
            if root.device.type == "cpu":
                self.value += root.item() / (1.0 if scale is None else scale.item())
                continue
            value = root.detach().reshape(()).float()
            value = value if scale is None else value / scale
            self.on_device = value if self.on_device is None else self.on_device + value

    def put(self, value: float) -> None:
        """Begin with a loss that was read elsewhere."""
        self.waiting, self.value = True, value

    def take(self) -> float | torch.Tensor:
        """Return the sum, a tensor where it still is on a device, and begin anew."""
        value: float | torch.Tensor = self.value
        if self.on_device is not None:
            value = self.on_device + self.value
        self.drop()
        return value

    def drop(self) -> None:
        """Forget the sum, as when a scaler skipped the step."""
        self.waiting, self.value, self.on_device = False, 0.0, None


def is_product(root: torch.Tensor) -> bool:
    """Return whether a tensor was made by a multiplication, as a scaled loss is."""
    return root.grad_fn is not None and root.grad_fn.name() == "MulBackward0"


def applied_scale(
    roots: Sequence[torch.Tensor], scalers: Sequence[Callable[[], torch.amp.GradScaler | None]]
) -> torch.Tensor | None:
    """Return the factor of the gradient scaler that made these roots; None if none did.

    Must be called before backward, which frees what shows it.
    """
    for reference in scalers:
        scaler = reference()
        factor = None if scaler is None else torch_compat.scaler_factor(scaler)
        if factor is not None and any(torch_compat.multiplied_by(r, factor) for r in roots):
            return factor
    return None
