"""A training loop whose lines can be switched off, and the runs with and without them."""

from __future__ import annotations

from labkit.learn.loop_switches.run import LoopRun
from labkit.learn.loop_switches.widget import LoopSwitches

__all__ = ["LoopRun", "LoopSwitches"]
