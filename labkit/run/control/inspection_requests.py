"""Inspection of tensor values: by the training thread, or from recorded data."""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import numpy as np

from labkit.run.control.control import Control
from labkit.run.control.request_queue import RequestRefusedError
from labkit.run.histograms import HistogramLog
from labkit.run.inspection import FROZEN, Inspection, RecordedNorm, Samples, TensorStatistics
from labkit.run.live import LiveModel
from labkit.run.series.series_table import Floats, Steps

_NORMS = ("weight_norm", "grad_norm")
_SERIES = tuple(f"{kind}/" for kind in _NORMS)
_FINAL_SECONDS = 0.05
"""Maximum time for reading the final values of the parameters, in s."""
REQUEST_TIMEOUT_SECONDS = 0.4
"""Time after which a request that the training thread has not started is cancelled, in s."""
ENDED = "The run has ended"
FINAL_VALUES = "The run has ended: these are the values of its end."
NO_STEP_ENDED = "No step has ended in the last moments"
NO_SUCH_TENSOR = "The model is gone, or has nothing of that name"
_UNKNOWN = float("nan")


class InspectableRun(Protocol):
    """The attributes and methods of a run that an inspection uses."""

    control: Control
    histograms: HistogramLog
    samples: Samples
    final_values: dict[str, Inspection]

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""

    @property
    def live(self) -> LiveModel | None:
        """The live model; None once the run has ended."""

    def names(self) -> list[str]:
        """Return the names of all series."""

    def series(self, name: str) -> tuple[Steps, Floats]:
        """Return the steps and values of one series."""


def inspect(run: InspectableRun, name: str) -> Inspection | None:
    """Return the current values of a parameter or an operation, or else the recorded ones.

    Safe on any thread. The training thread reads the model; this function waits for it for at most
    `REQUEST_TIMEOUT_SECONDS`.

    Returns
    -------
    Inspection or None
        None if nothing is known.
    """
    request = request_inspection(run, name)
    wait([request], timeout=REQUEST_TIMEOUT_SECONDS)
    found = inspection_result(run, name, request)
    return None if found.empty else found


def request_inspection(run: InspectableRun, name: str) -> Future[Inspection | None]:
    """Queue the reading of a tensor on the training thread; see `inspection_result`."""
    return run.control.submit(lambda: _read_live(run, name))


def inspection_result(
    run: InspectableRun, name: str, request: Future[Inspection | None]
) -> Inspection:
    """Return the result of a request, or recorded data if the training thread has not started it.

    A request that has not started is cancelled. One that has started is waited for.

    Raises
    ------
    Exception
        Any error of the reading.
    """
    if request.cancel():
        return recorded_inspection(run, name, NO_STEP_ENDED)
    error = request.exception()
    if isinstance(error, RequestRefusedError):
        return recorded_inspection(run, name, ENDED if run.closed else str(error))
    found = request.result()
    if found is None:
        return recorded_inspection(run, name, NO_SUCH_TENSOR)
    if found.gradient is not None or found.reason == FROZEN:
        return found
    # The optimizer may have cleared the gradient between two steps: use the newest sampled one.
    return replace(found, gradient=_sampled_gradient(run, name))


def final_values(run: InspectableRun) -> dict[str, Inspection]:
    """Return the current values of the parameters, by name, as many as can be read in 50 ms.

    Must be called on the training thread, before the run has ended. Parameters without a recorded
    norm are not read.
    """
    deadline = time.perf_counter() + _FINAL_SECONDS
    names = {name.partition("/")[2]: None for name in run.names() if name.startswith(_SERIES)}
    found: dict[str, Inspection] = {}
    for name in names:
        if time.perf_counter() > deadline:
            break
        with suppress(Exception):  # an unreadable parameter has no final value
            read = _read_live(run, name)
            if read is not None:
                frozen = f" {FROZEN}" if read.reason == FROZEN else ""
                found[name] = replace(read, reason=f"{FINAL_VALUES}{frozen}")
    return found


def recorded_inspection(run: InspectableRun, name: str, reason: str) -> Inspection:
    """Return the recorded data of a parameter or an operation, without reading the model.

    Parameters
    ----------
    run : Run
    name : str
        Name of the parameter, or node id of the operation.
    reason : str
        Why the current values are not read, without a full stop.
    """
    known = run.samples.get(name)
    if known is not None:
        value, gradient = known.value, known.gradient
        return Inspection(
            None if value is None else value.statistics(),
            None if gradient is None else gradient.statistics(),
            reason=known.note,
        )
    final = run.final_values.get(name)
    if final is not None:
        if final.gradient is not None or (final.reason or "").endswith(FROZEN):
            return final
        return replace(final, gradient=_sampled_gradient(run, name))
    if _is_operation(name):
        return Inspection(None, None)  # the page says which graphs have values of operations
    histogram, norms = _sampled_gradient(run, name), _recorded_norms(run, name)
    what = "this is what" if histogram or norms else "nothing"
    return Inspection(None, histogram, norms, f"{reason}: {what} was recorded before.")


def _is_operation(name: str) -> bool:
    """Return whether a name is the id of a node, ``scope/op:ordinal``, and not of a parameter."""
    return "/" in name


def _read_live(run: InspectableRun, name: str) -> Inspection | None:
    """Return the current values of a tensor; on the training thread only."""
    live = None if run.closed else run.live
    return None if live is None else live.inspect(name)


def _sampled_gradient(run: InspectableRun, name: str) -> TensorStatistics | None:
    sampled = f"grad/{name}"
    if sampled not in run.histograms.names():
        return None
    recorded = run.histograms.read(sampled)
    if not len(recorded.steps):
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
        edges=recorded.edges,
        counts=recorded.counts[-1],
        step=int(recorded.steps[-1]),
    )


def _recorded_norms(run: InspectableRun, name: str) -> tuple[RecordedNorm, ...]:
    found = []
    for kind in _NORMS:
        try:
            steps, values = run.series(f"{kind}/{name}")
        except KeyError:
            continue
        finite = np.flatnonzero(np.isfinite(values))
        if len(finite):
            newest = finite[-1]
            found.append(RecordedNorm(kind, float(values[newest]), int(steps[newest])))
    return tuple(found)
