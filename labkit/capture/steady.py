"""The short way for the everyday loop.

Most loops call backward once and step one optimizer, thousands of times. For them a step
costs two short functions, written out without further calls: with steps of half a
millisecond, thirty calls of small functions are a tenth of the loop's time. Whatever is
out of the ordinary is left to the probe's general way.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from typing import Any

import torch

from labkit.capture.interception import Taps
from labkit.capture.losses import PendingLoss
from labkit.capture.readings import Readings
from labkit.capture.sentinel import GradientSentinel
from labkit.run import Block, Run


class SteadyLoop:
    """Takes the steps of a loop with one optimizer, while nothing costly is planned.

    Parameters
    ----------
    run : Run
        Held weakly.
    optimizer : Optimizer
        Held weakly.
    loss, rates : Block
        Where the loss and the learning rates go.
    """

    def __init__(
        self,
        run: Run,
        optimizer: torch.optim.Optimizer,
        loss: Block,
        rates: Block | None,
        *,
        pending: PendingLoss,
        sentinel: GradientSentinel,
        readings: Readings,
        taps: Taps,
    ) -> None:
        self._run: Callable[[], Run | None] = weakref.ref(run)
        self._optimizer: Callable[[], Any] = weakref.ref(optimizer)
        self._loss = loss
        self._rates = rates
        self._pending = pending
        self._sentinel = sentinel
        self._readings = readings
        self._taps = taps
        self._look_closely = taps.before_backward

    def backward(self, root: object) -> bool:
        """Take the loss of a pass that changed the watched gradients; False if it is not that."""
        pending = self._pending
        if pending.waiting or type(root) is not torch.Tensor or not self._sentinel.moved():
            return False
        try:
            pending.value = root.item()
        except RuntimeError:  # more than one element
            return False
        pending.waiting = True
        self._taps.before_backward = self._look_closely  # in case the next pass adds to this one
        return True

    def step(self, optimizer: torch.optim.Optimizer, step_began_ns: int) -> int:
        """Write and end a step; return when it ended in nanoseconds, 0 if it is not ordinary."""
        now = time.perf_counter_ns()
        run, pending = self._run(), self._pending
        if (
            run is None
            or not pending.waiting
            or pending.on_device is not None
            or optimizer is not self._optimizer()
        ):
            return 0
        run.steps = step = run.steps + 1
        self._loss.append(step, pending.value)
        pending.waiting, pending.value = False, 0.0
        if self._rates is not None:
            groups = optimizer.param_groups
            self._rates.append(
                step, groups[0]["lr"] if len(groups) == 1 else [group["lr"] for group in groups]
            )
        loop_ns = now - step_began_ns
        published = run.published_ns
        run.loop_ns += loop_ns
        # What comes before costs about what this does; timing each would cost a tenth of it.
        fixed_ns = 2 * (time.perf_counter_ns() - now)
        run.spent_ns += fixed_ns
        budget = self._readings.budget
        budget.credit += budget.fraction * loop_ns - fixed_ns - published + budget.published_ns
        budget.published_ns = published
        if budget.credit >= budget.wake_credit or now >= budget.wake_ns:
            self._readings.plan(now)
        if not self._readings.planned:
            self._taps.before_backward = self._sentinel.before
        return now
