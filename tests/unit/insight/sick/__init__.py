"""Training runs with a known defect, by theme, in forms that differ from the textbook's."""

from . import (
    gradient_handling,
    labels,
    layers,
    losses,
    modes_and_inputs,
    numbers,
    other_gradients,
    other_losses,
    other_numbers,
    other_steps,
    updates,
)
from .sick_run import SickRun

SICK: tuple[SickRun, ...] = (
    *losses.SICK,
    *labels.SICK,
    *modes_and_inputs.SICK,
    *gradient_handling.SICK,
    *updates.SICK,
    *layers.SICK,
    *numbers.SICK,
    *other_gradients.SICK,
    *other_losses.SICK,
    *other_numbers.SICK,
    *other_steps.SICK,
)

__all__ = ["SICK", "SickRun"]
