"""Chooses the readings that are taken while a loop would otherwise wait for its pace."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from labkit.capture.readings.reading import Reading

_MIN_USED, _MAX_USED = 0.05, 0.5
"""Fractions of the time until the next step that readings may take."""
_LESS, _MORE = 0.5, 0.01
"""Factor and summand by which the fraction changes after a late step and after another one."""


class SpareTime:
    """Chooses readings by their cost, so that a paced loop is not slower than its pace.

    The cost of a reading is the smaller one of the newest two: the first one includes work that is
    done only once, and any may be interrupted by another process. What cannot be measured, and what
    varies, is taken into account by the part of the time that is used: it shrinks when readings
    have made a step late.

    Parameters
    ----------
    readings : sequence of Reading
        All readings; those that do not follow the pace are not chosen.
    fraction : float
        The budget, 0 to 1: the fraction of the spare time after which a reading that did not fit is
        taken all the same, as its cost may have been measured in an unusual moment; can be set.

    Examples
    --------
    >>> from labkit.capture.readings.budget import ReadingBudget
    >>> class Norms(Reading):
    ...     follows_pace = True
    >>> norms = Norms(ReadingBudget(share=1.0))
    >>> spare_time = SpareTime([norms], 0.03)
    >>> for _ in range(2):
    ...     norms.step_ns = 5_000
    ...     spare_time.end_step([norms])
    >>> norms in spare_time.choose([norms], 10_000), norms in spare_time.choose([norms], 5_000)
    (True, False)
    """

    def __init__(self, readings: Sequence[Reading], fraction: float) -> None:
        self.fraction = fraction
        self._used = _MAX_USED
        followers = [reading for reading in readings if reading.follows_pace]
        self._costs_ns = dict.fromkeys(followers, (0, 0))
        """The newest two costs of each, in nanoseconds."""
        self._saved_ns = dict.fromkeys(followers, 0.0)
        """What may be spent in excess of the spare time, in nanoseconds."""

    def choose(self, possible: Collection[Reading], spare_ns: float) -> frozenset[Reading]:
        """Return the readings that fit into a time, in nanoseconds; they are free in this step."""
        chosen, room_ns = set(), self._used * spare_ns
        if spare_ns <= 0:
            return frozenset()
        for reading, costs_ns in self._costs_ns.items():
            if reading not in possible or not reading.budget.enabled:
                continue
            cost_ns = min(costs_ns)
            if cost_ns <= room_ns + self._saved_ns[reading]:
                chosen.add(reading)
                reading.is_free = True
                room_ns -= min(cost_ns, room_ns)
                self._saved_ns[reading] = 0.0
            else:
                self._saved_ns[reading] += self.fraction * spare_ns
        return frozenset(chosen)

    def adapt(self, *, made_late: bool) -> None:
        """Use less time if readings have made a step late, and a little more otherwise."""
        if made_late:
            self._used = max(_MIN_USED, _LESS * self._used)
        else:
            self._used = min(_MAX_USED, self._used + _MORE)

    def end_step(self, planned: Collection[Reading]) -> None:
        """Record the cost of the readings of a step."""
        for reading in planned:
            reading.is_free = False
            if reading in self._costs_ns and reading.step_ns:
                self._costs_ns[reading] = reading.step_ns, self._costs_ns[reading][0]
            reading.step_ns = 0
