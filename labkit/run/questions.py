"""Questions about a tensor's values, answered by the training thread or by what was recorded."""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import numpy as np

from labkit.run.control import Control, RequestRefusedError
from labkit.run.histograms import HistogramLog
from labkit.run.inspection import Inspection, RecordedNorm, Samples, TensorStatistics
from labkit.run.live import LiveModel
from labkit.run.series_table import Floats, Steps

_NORMS = ("weight_norm", "grad_norm")
_SERIES = tuple(f"{kind}/" for kind in _NORMS)
_FINAL_SECONDS = 0.05
"""So much time the end of a run may take to read the parameters' last values."""
TAKEN_WITHIN_SECONDS = 0.4
"""A request that the training thread has not taken by then is withdrawn."""
ENDED = "The run has ended"
AT_THE_END = "The run has ended: these are the values of its end."
NOT_TAKEN = "No step has ended in the last moments"
NOT_KNOWN = "The model is gone, or has nothing of that name"
_UNKNOWN = float("nan")


class ReadableRun(Protocol):
    """What a question needs of a run."""

    control: Control
    histograms: HistogramLog
    samples: Samples
    final_values: dict[str, Inspection]

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""

    @property
    def live(self) -> LiveModel | None:
        """The model that trains; None once the run has ended."""

    def names(self) -> list[str]:
        """Return the names of all series."""

    def series(self, name: str) -> tuple[Steps, Floats]:
        """Return steps and values of one series."""


def inspect(run: ReadableRun, name: str) -> Inspection | None:
    """Return what is known of a parameter or an operation: as it is now, or as it was recorded.

    Safe on any thread: the model is read by its training thread, which is waited for only for a
    moment. None where nothing is known.
    """
    asked = ask(run, name)
    wait([asked], timeout=TAKEN_WITHIN_SECONDS)
    found = answer(run, name, asked)
    return None if found.empty else found


def ask(run: ReadableRun, name: str) -> Future[Inspection | None]:
    """Have a parameter read on the run's training thread, where it has one; see `answer`."""
    return run.control.submit(lambda: _read_live(run, name))


def answer(run: ReadableRun, name: str, asked: Future[Inspection | None]) -> Inspection:
    """Return what the training thread read, or what was recorded if it did not take the request.

    A request that waits is withdrawn; one that is being done is awaited.

    Raises
    ------
    Exception
        Whatever went wrong in reading.
    """
    if asked.cancel():
        return recorded(run, name, NOT_TAKEN)
    error = asked.exception()
    if isinstance(error, RequestRefusedError):
        return recorded(run, name, ENDED if run.closed else str(error))
    found = asked.result()
    if found is None:
        return recorded(run, name, NOT_KNOWN)
    if found.gradient is not None:
        return found
    # Between two steps an optimizer may have cleared the gradient: the newest that was sampled.
    return replace(found, gradient=_sampled_gradient(run, name))


def final_values(run: ReadableRun) -> dict[str, Inspection]:
    """Return what the parameters hold now, as many as can be read in a short time.

    To be called on the run's training thread, before the run has ended. Parameters without a
    series of norms are not read.
    """
    until = time.perf_counter() + _FINAL_SECONDS
    names = {name.partition("/")[2]: None for name in run.names() if name.startswith(_SERIES)}
    found: dict[str, Inspection] = {}
    for name in names:
        if time.perf_counter() > until:
            break
        with suppress(Exception):  # what cannot be read is not known
            read = _read_live(run, name)
            if read is not None:
                found[name] = replace(read, reason=AT_THE_END)
    return found


def _read_live(run: ReadableRun, name: str) -> Inspection | None:
    """Return what a parameter holds now; on the run's training thread only."""
    live = None if run.closed else run.live
    return None if live is None else live.inspect(name)


def recorded(run: ReadableRun, name: str, reason: str) -> Inspection:
    """Return what was recorded of a parameter or an operation, without touching the model.

    Parameters
    ----------
    run : Run
    name : str
    reason : str
        Why the values are not read now, without a full stop.
    """
    known = run.samples.get(name)
    if known is not None:
        value, gradient = known.value, known.gradient
        return Inspection(
            None if value is None else value.statistics(),
            None if gradient is None else gradient.statistics(),
        )
    final = run.final_values.get(name)
    if final is not None:
        return replace(final, gradient=final.gradient or _sampled_gradient(run, name))
    histogram, norms = _sampled_gradient(run, name), _recorded_norms(run, name)
    what = "this is what" if histogram or norms else "nothing"
    return Inspection(None, histogram, norms, f"{reason}: {what} was recorded before.")


def _sampled_gradient(run: ReadableRun, name: str) -> TensorStatistics | None:
    sampled = f"grad/{name}"
    if sampled not in run.histograms.names():
        return None
    kept = run.histograms.read(sampled)
    if not len(kept.steps):
        return None
    return TensorStatistics(
        shape=(),
        dtype="",
        minimum=_UNKNOWN,
        maximum=_UNKNOWN,
        mean=_UNKNOWN,
        deviation=_UNKNOWN,
        zeros=None,
        not_finite=None,
        edges=kept.edges,
        counts=kept.counts[-1],
        step=int(kept.steps[-1]),
    )


def _recorded_norms(run: ReadableRun, name: str) -> tuple[RecordedNorm, ...]:
    found = []
    for kind in _NORMS:
        try:
            steps, values = run.series(f"{kind}/{name}")
        except KeyError:
            continue
        known = np.flatnonzero(np.isfinite(values))
        if len(known):
            found.append(RecordedNorm(kind, float(values[known[-1]]), int(steps[known[-1]])))
    return tuple(found)
