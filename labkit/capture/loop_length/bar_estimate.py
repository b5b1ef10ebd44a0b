"""How many steps are left, from a progress bar that advances once per step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.capture.loop_length.progress_bars import BarState
from labkit.run.loop_length import LoopLength

_MIN_STEPS = 20
"""Steps after which a bar that is updated from time to time is known to count steps."""
_TOLERANCE = 0.1


@dataclass
class _Observed:
    """A bar at the first observation, and whether it counted each step since then."""

    step: int
    done: int
    counts_each: bool = True


class BarEstimate:
    """Estimates the steps left from the bars that exist before the loop begins."""

    def __init__(self) -> None:
        self._observed: dict[int, _Observed] = {}

    def add(self, step: int, bars: Sequence[BarState]) -> LoopLength | None:
        """Return what is known after another observation.

        Parameters
        ----------
        step : int
            Number of completed steps.
        bars : sequence of BarState

        Returns
        -------
        LoopLength or None
            None if no bar counts steps, or if several do.
        """
        self._observed = {
            each.id: self._observed.get(each.id) or _Observed(step, each.done) for each in bars
        }
        found = [length for each in bars if (length := self._length(step, each)) is not None]
        return found[0] if len(found) == 1 else None

    def _length(self, step: int, bar: BarState) -> LoopLength | None:
        first = self._observed[bar.id]
        steps, done = step - first.step, bar.done - first.done
        first.counts_each = first.counts_each and steps == done
        source = f"tqdm: {bar.description}" if bar.description else "tqdm"
        if not steps or not done or bar.done > bar.total:
            return None
        # The bar may be updated before or after a step; it began with the run in both cases.
        if first.counts_each and step - bar.done in (0, 1) and step <= bar.total:
            return LoopLength(step, bar.total - step, is_exact=True, source=source)
        counts = first.counts_each or (
            steps >= _MIN_STEPS and abs(steps - done) <= _TOLERANCE * steps
        )
        left = bar.total - bar.done
        return LoopLength(step, left, is_exact=False, source=source) if counts else None
