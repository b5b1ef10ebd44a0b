"""Readings of module outputs: statistics, pictures, and recurrent states and gates over time."""

from labkit.capture.readings.activations.reader import ActivationReader

__all__ = ["ActivationReader"]
