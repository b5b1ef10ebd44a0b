"""How a loop in training is paused, slowed down, changed and asked for values."""

from labkit.run.control.control import Control, Stopped

__all__ = ["Control", "Stopped"]
