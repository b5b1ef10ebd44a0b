"""One run of a loop with all its lines, or without some, and the numbers that it reported."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from labkit.learn.loop_switches.source import FILE, RECORD, LoopSource
from labkit.run.error_text import described

_MOST_CALLS = 5_000
_MOST_SECONDS = 30.0

Point = tuple[int, float]


class _TooLongError(Exception):
    """The loop was ended because it had run for too long."""


@dataclass
class LoopRun:
    """What a loop reported.

    Attributes
    ----------
    label : str
        Which lines were switched off.
    series : dict of str to list of (int, float)
        The reported numbers by their name, each with its step. The first name that is reported
        counts the steps.
    error : str
        What ended the loop early; empty if nothing did.

    Examples
    --------
    >>> run = LoopRun("all lines")
    >>> run.record(loss=2.0), run.record(loss=1.5), run.record(accuracy=0.5)
    (None, None, None)
    >>> run.series
    {'loss': [(0, 2.0), (1, 1.5)], 'accuracy': [(1, 0.5)]}
    >>> run.values("loss"), run.last("accuracy")
    ([2.0, 1.5], 0.5)
    """

    label: str
    series: dict[str, list[Point]] = field(default_factory=dict)
    error: str = ""

    def __post_init__(self) -> None:
        self._calls = 0
        self._ends_at = time.monotonic() + _MOST_SECONDS

    def __repr__(self) -> str:
        ends = ", ".join(f"{name} {points[-1][1]:.3g}" for name, points in self.series.items())
        return f"{self.label}: {self.error or ends or 'nothing was recorded'}"

    def record(self, **values: Any) -> None:
        """Add numbers; the loop calls it as ``record(loss=loss.item())``."""
        self._calls += 1
        if self._calls > _MOST_CALLS or time.monotonic() > self._ends_at:
            raise _TooLongError
        for name, value in values.items():
            clock = next(iter(self.series.values()), [])
            points = self.series.setdefault(name, [])
            step = len(points) if points is clock or not clock else clock[-1][0]
            points.append((step, float(value)))

    def values(self, name: str) -> list[float]:
        """Return the numbers of a series, in their order.

        Raises
        ------
        KeyError
            If the loop reported no such series, with what it reported and what ended it.
        """
        if name not in self.series:
            known = ", ".join(self.series) or "nothing"
            raise KeyError(f"{name!r} was not recorded; recorded: {known}. {self.error}".strip())
        return [value for _, value in self.series[name]]

    def last(self, name: str) -> float:
        """Return the last number of a series; raises as `values`."""
        return self.values(name)[-1]


def run_loop(
    source: LoopSource, fresh: Callable[[], tuple[Any, ...]], off: Iterable[int]
) -> LoopRun:
    """Run a loop without some of its lines, on a new model; return what it reported.

    Parameters
    ----------
    source : LoopSource
        The loop, a function whose last argument is ``record``.
    fresh : callable
        Returns the other arguments, as new model and optimizer. It sets the seed, so that all runs
        begin with the same weights.
    off : iterable of int
        The lines that are switched off.

    Notes
    -----
    Torch's random generator and gradient mode are the same afterwards.
    """
    import torch

    numbers = tuple(off)
    texts = [f'"{source.text(number).rstrip(":")}"' for number in numbers]
    run = LoopRun(f"without {' and '.join(texts)}" if texts else "all lines")
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        try:
            source.without(numbers)(*fresh(), **{RECORD: run.record})
        except _TooLongError:
            run.error = f"Ended after {_MOST_CALLS:,} reports or {_MOST_SECONDS:.0f} seconds"
        except Exception as error:  # noqa: BLE001 - a learner's loop without a line may raise anything
            run.error = _where(source, error)
    return run


def finite(value: float) -> float | None:
    """Return a number, or None for NaN and infinity.

    Examples
    --------
    >>> finite(2.0), finite(float("nan"))
    (2.0, None)
    """
    return value if math.isfinite(value) else None


def _where(source: LoopSource, error: Exception) -> str:
    """Return the error with the line of the loop in which it was raised."""
    number, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILE:
            number = traceback.tb_lineno
        traceback = traceback.tb_next
    where = f" in the line `{source.text(number)}`" if number else ""
    return f"{described(error)}{where}"
