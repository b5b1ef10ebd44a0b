"""How many steps are left, from the loops around several steps.

One observation says how many iterations are left, but not how many steps an iteration has: with
gradient accumulation it is a fraction. Two say that, too.
"""

from __future__ import annotations

from labkit.capture.loop_length.nest import Nest
from labkit.run.loop_length import LoopLength

_MIN_STEPS = 4
"""Steps between two observations from which a fraction of a step per iteration is known."""
_Outer = tuple[int, ...]


class LoopEstimate:
    """Estimates the steps left in the loops that contain the steps."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._first = self._last = (0, 0)
        """Numbers of begun iterations and of completed steps at two observations."""
        self._has_one_each = True
        self._lengths: dict[int, tuple[_Outer, int]] = {}
        """By number of the loop: a length, and where the loops around were."""
        self._confirmed: set[int] = set()

    def add(self, step: int, nest: Nest | None, *, is_late: bool = False) -> LoopLength | None:
        """Return what is known after another observation.

        Parameters
        ----------
        step : int
            Number of completed steps.
        nest : Nest or None
            The loops around the newest one.
        is_late : bool
            Whether that step was completed in the previous iteration.

        Returns
        -------
        LoopLength or None
            None if nothing is known.
        """
        if nest is None:
            self._key = ()
            return None
        now = nest.begun - is_late, step
        if tuple(each.key for each in nest.levels) != self._key or now < self._last:
            self._begin(nest, now)
        if not self._are_lengths_known(nest):
            self._first = self._last = now
            self._has_one_each = True
            return None
        return self._observe(nest, now)

    def _begin(self, nest: Nest, now: tuple[int, int]) -> None:
        self._key = tuple(each.key for each in nest.levels)
        self._first = self._last = now
        self._has_one_each = True
        self._lengths, self._confirmed = {}, set()

    def _are_lengths_known(self, nest: Nest) -> bool:
        """Return whether the loops have the lengths now that they have in all iterations."""
        around: _Outer = ()
        for number, level in enumerate(nest.levels):
            place, length = self._lengths.get(number, (around, level.length))
            if length != level.length:  # it varies; and is not looked at any more
                self._lengths[number] = around, -1
                self._confirmed.discard(number)
            elif number not in self._lengths:
                self._lengths[number] = around, length
            if length == level.length and (level.is_stable or place != around):
                self._confirmed.add(number)
            around = (*around, level.position)
        return len(self._confirmed) == len(nest.levels)

    def _observe(self, nest: Nest, now: tuple[int, int]) -> LoopLength | None:
        iterations, steps = now[0] - self._first[0], now[1] - self._first[1]
        self._last = now
        self._has_one_each = self._has_one_each and iterations == steps
        left = nest.iterations - now[0]
        if not iterations or not steps:
            return None
        if self._has_one_each:
            return _length_in(nest, now[1], left, is_exact=True)
        if steps < _MIN_STEPS:
            return None
        return _length_in(nest, now[1], left * steps / iterations, is_exact=False)


def _length_in(nest: Nest, step: int, left: float, *, is_exact: bool) -> LoopLength:
    return LoopLength(step, left, is_exact, source=nest.text, may_end_early=nest.may_end_early)
