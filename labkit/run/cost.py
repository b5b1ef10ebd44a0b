"""The cost of watching: the share of the training loop's time that labkit takes."""

from __future__ import annotations


class Cost:
    """Running totals of the loop's time and of the time that watching takes.

    The training thread adds the time of steps and the publisher thread its own processor time. Any
    thread may read the totals.

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

    The start of a run can be excluded from the share:

    >>> cost.exclude_start()
    >>> cost.includes_start
    True
    >>> cost.add_steps(loop_ns=1_000_000, watching_ns=10_000)
    >>> cost.includes_start, cost.share
    (False, 0.01)
    """

    def __init__(self) -> None:
        self.loop_ns = 0
        """Time of the loop since the start of its first step, in ns."""
        self.watching_ns = 0
        """Time that the training thread spent in labkit, in ns; part of `loop_ns`."""
        self.publishing_ns = 0
        """Processor time of the publisher thread and of evaluating the rules, in ns."""
        self._start_loop_ns: int | None = None
        """Value of `loop_ns` when the start was excluded; None before."""
        self._start_spent_ns = 0

    @property
    def includes_start(self) -> bool:
        """Whether the share still includes the first steps, as there is no later one."""
        start_ns = self._start_loop_ns
        return start_ns is None or self.loop_ns <= start_ns

    @property
    def share(self) -> float:
        """Time of watching over time of the loop, usually 0 to 1; 0 before the first step.

        The start is excluded after `exclude_start`: expensive readings are scheduled early, so that
        a short run has some of them, and are not representative of later steps.
        """
        loop_ns, spent_ns = self.loop_ns, self.watching_ns + self.publishing_ns
        start_ns = self._start_loop_ns
        if start_ns is not None and loop_ns > start_ns:
            loop_ns, spent_ns = loop_ns - start_ns, spent_ns - self._start_spent_ns
        return spent_ns / loop_ns if loop_ns else 0.0

    def add_steps(self, loop_ns: int, watching_ns: int) -> None:
        """Add the time of some steps, in ns, and the part of it spent on watching, in ns."""
        self.loop_ns += loop_ns
        self.watching_ns += watching_ns

    def add_logging(self, ns: int) -> None:
        """Add the time of a call of `Run.log`, in ns; ignored before the first step."""
        if self.loop_ns:
            self.watching_ns += ns

    def add_publishing(self, ns: int) -> None:
        """Add processor time of the publisher thread, in ns."""
        self.publishing_ns += ns

    def add_evaluating(self, ns: int) -> None:
        """Add processor time of evaluating the rules at the end of a step, in ns."""
        self.publishing_ns += ns

    def exclude_start(self) -> None:
        """Exclude the time measured so far from `share`, as soon as there is a later step."""
        self._start_loop_ns = self.loop_ns
        self._start_spent_ns = self.watching_ns + self.publishing_ns
