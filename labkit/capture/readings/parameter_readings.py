"""The readings of parameters and gradients; their hooks are called once for each optimizer."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture.readings.budget import SECOND_NS, ReadingBudget, next_early_reading
from labkit.capture.readings.frozen_parameters import FrozenParameters
from labkit.capture.readings.parameter_reader import NORMS, ParameterReader
from labkit.capture.readings.reading import Reading, UpdateContext
from labkit.capture.readings.shard_norms import next_shared_step
from labkit.capture.readings.training_modes import TrainingModes

_MAX_STEPS_BETWEEN_NORMS = 128
_STEPS_UNTIL_KNOWN = 3
"""Number of steps after which it is known whether there are parts of gradients to read."""


class NormReading(Reading):
    """The norm of every gradient that the optimizer uses and, if it differs, before clipping.

    The modes of the models are read with them, as a forgotten mode is to be found within an epoch,
    and which parameters are frozen, as these have no norm.

    It is the only reading in many steps of a long run. Therefore its budget is updated when the
    norms are read, not when a step is planned.
    """

    name = NORMS
    can_be_deferred = True
    follows_pace = True

    def __init__(self, modes: TrainingModes, frozen: FrozenParameters) -> None:
        super().__init__(
            ReadingBudget(
                share=0.45, max_fraction=0.001, unseen_divisor=4.0, latest_next=_next_norms
            )
        )
        self._modes = modes
        self._frozen = frozen
        self._follows_steps = False
        self.shards_only = False
        """Whether only parts of gradients are read, as another process reads all others."""

    def after_pass(self, context: UpdateContext) -> bool:
        """Read the norms before clipping, unless gradients are known to be unclipped."""
        if context.reader.rescaled is False and not context.reader.shards.holders:
            return False
        context.reader.read_norms_before_clipping(context.scale)
        return True

    def before_update(self, context: UpdateContext) -> bool:
        """Read the norms of all gradients of the optimizer, or of some entries."""
        self.budget.note_planned(context.step)
        self._frozen.record(context.run)
        if context.reader.entries:  # all of one model
            label = context.reader.entries[0].label
            self._modes.count(context.run.observations, label, context.step)
        scale = getattr(context.optimizer, "grad_scale", None)
        scale = scale if isinstance(scale, torch.Tensor) else None
        context.reader.read_norms(
            context.run,
            context.transfer,
            context.step,
            scale,
            context.entries,
            shards_only=self.shards_only,
        )
        self._adapt_to_shards(context)
        return True

    def _adapt_to_shards(self, context: UpdateContext) -> None:
        """Read parts of gradients at the same steps in all processes."""
        has_shards = any(reader.shards.holders for reader in context.readers)
        if has_shards and not self._follows_steps:
            self._follows_steps = True
            self.budget.follow_steps(next_shared_step, context.step)
        elif self.shards_only and not has_shards and context.step >= _STEPS_UNTIL_KNOWN:
            self.budget.enabled = False


class WeightReading(Reading):
    """Weight norms and update ratios, of the next parameters in rotation."""

    name = "weights"
    can_be_deferred = True
    follows_pace = True

    def __init__(self) -> None:
        super().__init__(
            ReadingBudget(share=0.1, max_fraction=0.0003, latest_next=next_early_reading)
        )

    def before_steps_inside(self, context: UpdateContext) -> bool:
        """Copy weights; no later hook is called before they change."""
        context.reader.copy_weights()
        return True

    def before_update(self, context: UpdateContext) -> bool:
        """Copy weights."""
        context.reader.copy_weights()
        return True

    def after_update(self, context: UpdateContext) -> bool:
        """Compare the copies with the present weights."""
        context.reader.read_weights(context.run, context.transfer, context.step)
        return True

    def at_end(self, context: UpdateContext) -> bool:
        """Read the norms of all weights when the run ends."""
        context.reader.read_present_weights(context.run, context.transfer, context.step)
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

    def needs_next_step(self, readers: Sequence[ParameterReader]) -> bool:
        """Return whether gradients were copied for a comparison with those of the next step."""
        return any(reader.previous.waiting for reader in readers)

    def before_update(self, context: UpdateContext) -> bool:
        """Copy gradients, or compare them with the copies of the previous step."""
        context.reader.read_direction(context.run, context.transfer, context.step)
        return True


class NoiseReading(Reading):
    """The gradient noise scale; disabled until a step has several backward passes."""

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
        """Record the noise scale of this step's passes."""
        context.reader.read_noise(context.run, context.transfer, context.step)
        return True


class HistogramReading(Reading):
    """Two histograms of gradients, and their fractions of zeros and non-finite values."""

    name = "histograms"
    can_be_deferred = True
    follows_pace = True

    def __init__(self, *, enabled: bool) -> None:
        super().__init__(
            ReadingBudget(
                share=0.08, max_fraction=0.0004, min_interval_ns=SECOND_NS, enabled=enabled
            )
        )

    def before_update(self, context: UpdateContext) -> bool:
        """Read the next gradients in rotation."""
        context.reader.read_histograms(context.run, context.transfer, context.step)
        return True


def _next_norms(step: int) -> int:
    """Return the latest step of the next reading of norms after this step."""
    return step + max(1, min(_MAX_STEPS_BETWEEN_NORMS, step // 6))
