"""The race of optimizers: real optimizers of torch on one loss of two parameters, with their state.

`surfaces` has the losses and paints their maps, `running` steps the optimizers and records each
step, `widget` shows the race, and `still` draws it for notebooks without a kernel. The page plays
what was recorded; a new start, rate or surface makes the kernel run the race again.
"""

from __future__ import annotations

from labkit.learn.race.running import Lane
from labkit.learn.race.widget import OptimizerRace

__all__ = ["Lane", "OptimizerRace"]
