"""The readings of parameters and their gradients: each reads those of one optimizer at a time."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture.readings.budget import SECOND_NS, ReadingBudget, next_of_few
from labkit.capture.readings.parameter_reader import NORMS, ParameterReader
from labkit.capture.readings.reading import Reading, UpdateContext

_NORMS_AT_LEAST_EVERY = 128


class NormReading(Reading):
    """The norm of every gradient, as the optimizer uses it and, if it differs, before clipping.

    The only one that is read in many steps of a long run; so its budget records a plan when the
    norms are read, and not when a step is planned.
    """

    name = NORMS
    can_be_deferred = True

    def __init__(self) -> None:
        super().__init__(
            ReadingBudget(
                share=0.45, max_fraction=0.001, unseen_divisor=4.0, latest_next=_next_norms
            )
        )

    def after_pass(self, context: UpdateContext) -> bool:
        """Read the norms before clipping, unless it is known that nothing is clipped."""
        if context.reader.rescaled is False:
            return False
        context.reader.read_norms_before_clipping(context.scale)
        return True

    def before_update(self, context: UpdateContext) -> bool:
        """Read the norms of all gradients of the optimizer, or of some entries."""
        self.budget.plan(context.step)
        scale = getattr(context.optimizer, "grad_scale", None)
        scale = scale if isinstance(scale, torch.Tensor) else None
        context.reader.read_norms(
            context.run, context.transfer, context.step, scale, context.entries
        )
        return True


class WeightReading(Reading):
    """Weight norms and update ratios of some parameters, the next ones at each reading."""

    name = "weights"
    can_be_deferred = True

    def __init__(self) -> None:
        super().__init__(ReadingBudget(share=0.1, max_fraction=0.0003, latest_next=next_of_few))

    def before_steps_inside(self, context: UpdateContext) -> bool:
        """Copy weights, as there is no later hook before they change."""
        context.reader.copy_weights()
        return True

    def before_update(self, context: UpdateContext) -> bool:
        """Copy weights."""
        context.reader.copy_weights()
        return True

    def after_update(self, context: UpdateContext) -> bool:
        """Compare the copies with the weights of now."""
        context.reader.read_weights(context.run, context.transfer, context.step)
        return True


class DirectionReading(Reading):
    """The cosine between the gradients of two steps in a row."""

    name = "direction"

    def __init__(self, *, enabled: bool) -> None:
        super().__init__(
            ReadingBudget(
                share=0.05, max_fraction=0.0002, min_interval_ns=2 * SECOND_NS, enabled=enabled
            )
        )

    def is_half_done(self, readers: Sequence[ParameterReader]) -> bool:
        """Return whether gradients were copied, to be compared with those of the next step."""
        return any(reader.previous.waiting for reader in readers)

    def before_update(self, context: UpdateContext) -> bool:
        """Copy gradients, or compare them with the copies of the step before."""
        context.reader.read_direction(context.run, context.transfer, context.step)
        return True


class NoiseReading(Reading):
    """The gradient noise scale, where steps take several backward passes; disabled before that."""

    name = "noise"

    def __init__(self) -> None:
        super().__init__(
            ReadingBudget(share=0.05, max_fraction=0.0002, min_interval_ns=SECOND_NS, enabled=False)
        )

    def after_pass(self, context: UpdateContext) -> bool:
        """Add the gradients of one pass."""
        context.reader.add_pass()
        return True

    def before_update(self, context: UpdateContext) -> bool:
        """Record the noise scale of the passes of this step."""
        context.reader.read_noise(context.run, context.transfer, context.step)
        return True


class HistogramReading(Reading):
    """Two histograms of gradients, and the parts of them that are zero and not finite."""

    name = "histograms"
    can_be_deferred = True

    def __init__(self, *, enabled: bool) -> None:
        super().__init__(
            ReadingBudget(
                share=0.08, max_fraction=0.0004, min_interval_ns=SECOND_NS, enabled=enabled
            )
        )

    def before_update(self, context: UpdateContext) -> bool:
        """Read the gradients whose turn it is."""
        context.reader.read_histograms(context.run, context.transfer, context.step)
        return True


def _next_norms(step: int) -> int:
    """Return at which step norms are read at the latest, after they were at this one."""
    return step + max(1, min(_NORMS_AT_LEAST_EVERY, step // 6))
