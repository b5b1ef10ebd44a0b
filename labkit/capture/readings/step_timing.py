"""Estimates time, credit and cost of a step from the newest steps, to plan the next ones."""

from __future__ import annotations

_WEIGHT_OF_SAMPLE = 0.1
_OUTLIER = 4.0
"""A sample is limited to this multiple of the mean; larger ones have other causes, such as another
thread or a page fault."""
_COST_RATIO = 1.75
"""Ratio of the cost of the hooks to the time that is measured inside them.

The calls of the hooks by torch, and the cache lines that they evict, cannot be measured inside. A
step of the benchmark's MLP took 30 us longer than in the bare loop, of which 15 us were measured; a
step of `nn.Linear(1, 1)` took 27 us longer, with 15 us measured (both loops alternating in one
process). In separate processes the ratio was 1.7 (medians; 2 cores, torch 2.13.0, 2026-11-28).
"""


class StepTiming:
    """Estimates for one step of a loop: its time, its credit and the cost of watching it.

    Attributes
    ----------
    step_ns : float
        Duration of one step, in nanoseconds; 0 before it is known.
    earned : float
        Credit that one step earns, in nanoseconds; see `Budget`.

    Examples
    --------
    >>> timing = StepTiming()
    >>> timing.known
    False
    >>> timing.add_steps(steps=10, loop_ns=5_000_000, credit=20_000)
    >>> timing.steps_in(2_000_000), timing.steps_until_earned(8_000)
    (4.0, 4.0)
    """

    def __init__(self) -> None:
        self.step_ns = 0.0
        self.earned = 0.0
        self._measured_ns = 0.0
        """Moving average of the time measured inside the hooks in one step."""

    @property
    def known(self) -> bool:
        """Whether the time of a step is known."""
        return self.step_ns > 0

    @property
    def cost_ns(self) -> float:
        """Cost of watching one step without readings, in nanoseconds."""
        return self._measured_ns * _COST_RATIO

    def add_steps(self, steps: int, loop_ns: int, credit: float) -> None:
        """Update the estimates of time and credit.

        Parameters
        ----------
        steps : int
            Number of steps, at least 1.
        loop_ns : int
            Their total duration, in nanoseconds.
        credit : float
            Their total credit, in nanoseconds.
        """
        self.step_ns = max(1.0, loop_ns / steps)
        self.earned = credit / steps

    def add_cost_sample(self, sample_ns: int) -> None:
        """Update the estimate of cost with the time measured in one step, in nanoseconds."""
        if not self._measured_ns:
            self._measured_ns = float(sample_ns)
        bounded = min(float(sample_ns), _OUTLIER * self._measured_ns)
        self._measured_ns += _WEIGHT_OF_SAMPLE * (bounded - self._measured_ns)

    def steps_in(self, ns: float) -> float:
        """Return the number of steps in a time, given in nanoseconds."""
        return ns / self.step_ns

    def steps_until_earned(self, credit: float) -> float:
        """Return the number of steps that earn a credit, given in nanoseconds."""
        return credit / max(self.earned, 1.0)
