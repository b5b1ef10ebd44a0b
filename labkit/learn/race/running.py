"""Steps a real optimizer over a loss of two parameters, and records every step.

A lane holds what one optimizer did: where it was, the loss and the gradient there, and its state.
The state is read from ``optimizer.state``; nothing is computed in its place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labkit.learn.race.surfaces import Surface
from labkit.run.error_text import described

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    StepLoss = Callable[[Tensor, Tensor, int], Tensor]

Make = Callable[[list[Any]], Any]
"""Takes a list of one parameter; returns an optimizer, or an optimizer and its scheduler."""

_FARTHEST = 1e6
"""A lane ends when a parameter is larger."""


@dataclass(frozen=True)
class Lane:
    """What one optimizer did in a race.

    Attributes
    ----------
    name : str
        As given to the race.
    kind : str
        The class of the optimizer.
    rate : float or None
        Its learning rate at the start; None if it has none.
    places : ndarray, shape (n_steps + 1, 2)
        The two parameters before each step, and after the last.
    losses : ndarray, shape (n_steps + 1,)
        The loss at each place.
    gradients : ndarray, shape (n_steps + 1, 2)
        The gradient that the step was made with.
    rates : ndarray, shape (n_steps + 1,)
        The learning rate of the step from each place.
    state : dict of str to ndarray, shape (n_steps + 1, 2)
        What the optimizer holds for the parameters at each place, by its names in
        ``optimizer.state``; NaN before the first step.
    ended : str
        Why the lane has fewer steps than the race; empty if it has all.
    """

    name: str
    kind: str
    rate: float | None
    places: NDArray[np.float64]
    losses: NDArray[np.float64]
    gradients: NDArray[np.float64]
    rates: NDArray[np.float64]
    state: dict[str, NDArray[np.float64]]
    ended: str

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.places) - 1

    def arrival(self, loss: float) -> int | None:
        """Return the first step from which on the loss stays below a value; None without one.

        A lane that has ended early has not arrived.
        """
        above = np.flatnonzero(~(self.losses < loss))
        arrived = int(above[-1]) + 1 if len(above) else 0
        return arrived if arrived <= self.steps and not self.ended else None


@dataclass
class _Record:
    places: list[list[float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    gradients: list[list[float]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    states: list[dict[str, list[float]]] = field(default_factory=list)

    def state(self) -> dict[str, NDArray[np.float64]]:
        names = list(dict.fromkeys(name for each in self.states for name in each))
        unknown = [math.nan, math.nan]
        return {name: np.array([each.get(name, unknown) for each in self.states]) for name in names}


def run_lane(
    name: str,
    make: Make,
    surface: Surface,
    start: tuple[float, float],
    steps: int,
    rate: float | None = None,
    step_loss: StepLoss | None = None,
) -> Lane:
    """Run one optimizer from a start.

    Parameters
    ----------
    name : str
    make : callable
    surface : Surface
    start : (float, float)
    steps : int
    rate : float, optional
        Replaces the learning rate of the optimizer.
    step_loss : callable, optional
        Takes the two parameters and the number of the step; the loss of which the steps take the
        gradient, in place of the surface's.

    Examples
    --------
    >>> import torch
    >>> from labkit.learn.race.surfaces import SURFACES
    >>> lane = run_lane("SGD", lambda p: torch.optim.SGD(p, lr=0.01), SURFACES["ravine"], (1, 1), 9)
    >>> lane.steps, lane.places[1].round(2).tolist()
    (9, [0.99, 0.5])
    """
    import torch

    with torch.enable_grad():
        place = torch.nn.Parameter(torch.tensor([float(value) for value in start]))
        optimizer, scheduler = _made(name, make, place)
        if rate is not None:
            _set_rate(optimizer, scheduler, rate)
        record, first_rate = _Record(), _rate(optimizer)
        ended = ""
        for step in range(steps + 1):
            ended = _note(record, surface, place, optimizer, step_loss, step)
            if ended or step == steps:
                break
            _step(optimizer, surface, place, step_loss, step)
            if scheduler is not None:
                scheduler.step()
    return Lane(
        name=name,
        kind=type(optimizer).__name__,
        rate=first_rate,
        places=np.array(record.places).reshape(-1, 2),
        losses=np.array(record.losses),
        gradients=np.array(record.gradients).reshape(-1, 2),
        rates=np.array(record.rates),
        state=record.state(),
        ended=ended,
    )


def _made(name: str, make: Make, place: Tensor) -> tuple[Optimizer, Any]:
    import torch

    made = make([place])
    optimizer, scheduler = made if isinstance(made, tuple) else (made, None)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(
            f"{name} is made by a function that returns a {type(optimizer).__name__}; give one "
            "that returns an optimizer, as in lambda p: torch.optim.SGD(p, lr=0.01)"
        )
    return optimizer, scheduler


def _set_rate(optimizer: Optimizer, scheduler: Any, rate: float) -> None:
    """Scale the learning rate, and the schedule with it, so that it begins at `rate`."""
    for group in optimizer.param_groups:
        factor = rate / float(group["lr"]) if group.get("lr") else 1.0
        group["lr"] = rate
        if "initial_lr" in group:
            group["initial_lr"] *= factor
    for each in [scheduler, *getattr(scheduler, "_schedulers", ())]:
        if hasattr(each, "base_lrs"):
            each.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]


def _rate(optimizer: Optimizer) -> float | None:
    rate = optimizer.param_groups[0].get("lr")
    return None if rate is None else float(rate)


def _loss_of_step(surface: Surface, place: Tensor, step_loss: StepLoss | None, step: int) -> Tensor:
    if step_loss is None:
        return surface.loss(place[0], place[1])
    return step_loss(place[0], place[1], step)


def _note(
    record: _Record,
    surface: Surface,
    place: Tensor,
    optimizer: Optimizer,
    step_loss: StepLoss | None,
    step: int,
) -> str:
    """Record where the optimizer is, with a new gradient; return why it cannot go on, if so."""
    where = [float(value) for value in place.detach()]
    loss = float(surface.loss(place[0], place[1]).detach())
    if not all(map(math.isfinite, [*where, loss])) or max(map(abs, where)) > _FARTHEST:
        return f"left the map for good at step {step}"
    optimizer.zero_grad()
    _loss_of_step(surface, place, step_loss, step).backward()  # type: ignore[no-untyped-call]
    gradient = [0.0, 0.0] if place.grad is None else [float(value) for value in place.grad]
    record.places.append(where)
    record.losses.append(loss)
    record.gradients.append(gradient)
    record.rates.append(_rate(optimizer) or 0.0)
    record.states.append(_state(optimizer.state.get(place, {}), place))
    return ""


def _state(held: Mapping[str, Any], place: Tensor) -> dict[str, list[float]]:
    """Return the tensors that an optimizer holds for the two parameters."""
    return {
        str(name): [float(number) for number in value.detach()]
        for name, value in held.items()
        if getattr(value, "shape", None) == place.shape
    }


def _step(
    optimizer: Optimizer, surface: Surface, place: Tensor, step_loss: StepLoss | None, step: int
) -> None:
    """Make one step, with the gradient that `_note` has left, or with a closure for LBFGS."""
    import torch

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _loss_of_step(surface, place, step_loss, step)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    if isinstance(optimizer, torch.optim.LBFGS):
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    else:
        optimizer.step()


def failure(error: Exception) -> str:
    """Return a sentence on a loss or an optimizer that raised."""
    return f"The race was stopped: {described(error)}"
