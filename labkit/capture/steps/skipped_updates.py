"""Records the updates that a gradient scaler skips because the gradients are not finite."""

from __future__ import annotations

import torch

from labkit.capture.steps.loop import Loop
from labkit.run import Run


def was_skipped(optimizer: torch.optim.Optimizer | None) -> bool:
    """Return whether a fused optimizer skipped its update, as requested by a gradient scaler.

    On an accelerator this is unknown without synchronizing; the step then counts as taken.
    """
    found = getattr(optimizer, "found_inf", None)
    return isinstance(found, torch.Tensor) and found.is_cpu and bool(found.item())


def record_skipped_update(loop: Loop, run: Run) -> None:
    """Record that the update after the completed steps was skipped, and the scaler's factor."""
    observations = run.observations
    observations.skipped.append(loop.steps_done + 1)
    if loop.scale is not None:
        loop.readings.transfer.submit(
            loop.scale.reshape(1),
            lambda factor: setattr(observations, "scaler_factor", float(factor[0])),
        )
