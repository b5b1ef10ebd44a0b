"""What the newest steps of a loop took, earned and cost, so that the next can be planned ahead."""

from __future__ import annotations

_WEIGHT_OF_SAMPLE = 0.1
_OUTLIER = 4.0
"""A sample this many times the mean met something else: another thread, a page fault."""
_UNSEEN = 1.75
"""What the hooks cost the loop, over what a clock inside them sees.

Torch's way to the hooks and the caches they empty cannot be timed from inside: a step of the
benchmark's MLP took 30 us more than the bare loop's, of which 15 were seen, and one of
`nn.Linear(1, 1)` 27 and 15, where the two took turns in one process; where each had its own, 1.7
times what was seen (medians; 2 cores, torch 2.13.0, 2026-11-28).
"""


class StepTiming:
    """The pace of a loop whose steps are alike.

    Examples
    --------
    >>> timing = StepTiming()
    >>> timing.known
    False
    >>> timing.learn(steps=10, loop_ns=5_000_000, credit=20_000)
    >>> timing.steps_in(2_000_000), timing.steps_until_earned(8_000)
    (4.0, 4.0)
    """

    def __init__(self) -> None:
        self.step_ns = 0.0
        """What a step of the loop takes; 0 before it is known."""
        self.earned = 0.0
        """The credit a step earns; see `Budget`."""
        self._seen_ns = 0.0

    @property
    def known(self) -> bool:
        """Whether anything was learned."""
        return self.step_ns > 0

    @property
    def cost_ns(self) -> float:
        """What watching costs a step of the loop, whatever is read."""
        return self._seen_ns * _UNSEEN

    def learn(self, steps: int, loop_ns: int, credit: float) -> None:
        """Take some steps into account, with the time they took and the credit they earned."""
        self.step_ns = max(1.0, loop_ns / steps)
        self.earned = credit / steps

    def learn_cost(self, sample_ns: int) -> None:
        """Take into account what watching cost in one step, as seen from inside."""
        if not self._seen_ns:
            self._seen_ns = float(sample_ns)
        bounded = min(float(sample_ns), _OUTLIER * self._seen_ns)
        self._seen_ns += _WEIGHT_OF_SAMPLE * (bounded - self._seen_ns)

    def steps_in(self, ns: float) -> float:
        """Return how many steps so much time has room for."""
        return ns / self.step_ns

    def steps_until_earned(self, credit: float) -> float:
        """Return in how many steps so much credit is earned."""
        return credit / max(self.earned, 1.0)
