"""One explicit state machine that turns torch's calls into steps."""

from labkit.capture.steps.machine import StepMachine

__all__ = ["StepMachine"]
