"""What the modules give out in a sampled step: numbers, pictures, states and gates over time."""

from labkit.capture.readings.activations.reader import ActivationReader

__all__ = ["ActivationReader"]
