"""What watching costs a loop: the part of its time that labkit took."""

from __future__ import annotations


class Cost:
    """Adds up a loop's time and what watching took of it.

    The training thread adds steps, the publisher's thread what it took itself; read on any thread.

    Examples
    --------
    >>> cost = Cost()
    >>> cost.add_steps(loop_ns=1_000_000, watching_ns=20_000)
    >>> cost.add_publishing(10_000)
    >>> cost.share
    0.03
    >>> cost.add_logging(1_000)
    >>> cost.share
    0.031

    Once the run has got started, the time until then is left out:

    >>> cost.end_start()
    >>> cost.add_steps(loop_ns=1_000_000, watching_ns=10_000)
    >>> cost.share
    0.01
    """

    def __init__(self) -> None:
        self.loop_ns = 0
        """Time of the loop since its first step began."""
        self.watching_ns = 0
        """Part of it that the training thread gave to watching."""
        self.publishing_ns = 0
        """Processor time that the views' publisher took."""
        self.getting_started = True
        """Whether the share is still that of the first steps."""
        self._start_loop_ns = self._start_spent_ns = 0

    @property
    def share(self) -> float:
        """Part of the loop's time that watching took, 0 to 1; without the start once it is over.

        Costly readings come early, so that a short run has some, and say nothing of later steps.
        """
        loop_ns, spent_ns = self.loop_ns, self.watching_ns + self.publishing_ns
        if loop_ns > self._start_loop_ns:
            loop_ns, spent_ns = loop_ns - self._start_loop_ns, spent_ns - self._start_spent_ns
        return spent_ns / loop_ns if loop_ns else 0.0

    def add_steps(self, loop_ns: int, watching_ns: int) -> None:
        """Add some steps: the time they took, and what of it watching took."""
        self.loop_ns += loop_ns
        self.watching_ns += watching_ns

    def add_logging(self, ns: int) -> None:
        """Add time of calls of `Run.log`; none before the first step, when no loop is timed yet."""
        if self.loop_ns:
            self.watching_ns += ns

    def add_publishing(self, ns: int) -> None:
        """Add processor time of the views' publisher."""
        self.publishing_ns += ns

    def end_start(self) -> None:
        """Leave the time until now out of the share: the run has got started."""
        self.getting_started = False
        self._start_loop_ns = self.loop_ns
        self._start_spent_ns = self.watching_ns + self.publishing_ns
