"""Time, credit and cost of a loop's newest steps, from which the next ones are planned."""

from __future__ import annotations

_WEIGHT_OF_SAMPLE = 0.1
_OUTLIER = 4.0
"""A sample is bounded by this many times the mean: a larger one has another cause, for example
another thread or a page fault."""
_COST_RATIO = 1.75
"""Ratio of what the hooks cost the loop to what a clock inside them measures.

Torch's calls of the hooks and the caches that they evict cannot be timed from inside: a step of the
benchmark's MLP took 30 us more than the bare loop's, of which 15 were measured, and one of
`nn.Linear(1, 1)` 27 and 15, where the two took turns in one process; in a process each, the ratio
was 1.7 (medians; 2 cores, torch 2.13.0, 2026-11-28).
"""


class StepTiming:
    """Estimates of what one step of a loop takes, earns and costs, from its newest steps.

    Attributes
    ----------
    step_ns : float
        Time that one step takes, in nanoseconds; 0 before it is known.
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
        """Moving average of what a clock inside the hooks measures in one step."""

    @property
    def known(self) -> bool:
        """Whether the time of a step is known."""
        return self.step_ns > 0

    @property
    def cost_ns(self) -> float:
        """What watching costs one step, in nanoseconds, without any reading."""
        return self._measured_ns * _COST_RATIO

    def add_steps(self, steps: int, loop_ns: int, credit: float) -> None:
        """Update the estimates of time and credit.

        Parameters
        ----------
        steps : int
            Number of steps, at least 1.
        loop_ns : int
            Time that they took, in nanoseconds.
        credit : float
            Credit that they earned, in nanoseconds.
        """
        self.step_ns = max(1.0, loop_ns / steps)
        self.earned = credit / steps

    def add_cost_sample(self, sample_ns: int) -> None:
        """Update the estimate of cost with what was measured in one step, in nanoseconds."""
        if not self._measured_ns:
            self._measured_ns = float(sample_ns)
        bounded = min(float(sample_ns), _OUTLIER * self._measured_ns)
        self._measured_ns += _WEIGHT_OF_SAMPLE * (bounded - self._measured_ns)

    def steps_in(self, ns: float) -> float:
        """Return how many steps fit into a time in nanoseconds."""
        return ns / self.step_ns

    def steps_until_earned(self, credit: float) -> float:
        """Return how many steps earn a credit in nanoseconds."""
        return credit / max(self.earned, 1.0)
