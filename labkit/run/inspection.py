"""What is known of a tensor's values when somebody asks: numbers and a histogram."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labkit.run.control import RequestRefusedError

if TYPE_CHECKING:
    from labkit.run.run import Run

_BINS = 32
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


@dataclass(frozen=True)
class TensorStatistics:
    """A tensor's values in short.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    minimum, maximum, mean, deviation : float
        Over the finite elements; NaN where they are not known. Complex elements count by their
        magnitudes.
    zeros, not_finite : int or None
    edges : ndarray, shape (n_bins + 1,), dtype float64
    counts : ndarray, shape (n_bins,), dtype int64
        How many finite elements lie in each bin.
    step : int or None
        The step at which the values were read, for values of the past.
    sampled : int or None
        How many elements were read, evenly spread, where that was not all.
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    deviation: float
    zeros: int | None
    not_finite: int | None
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    step: int | None = None
    sampled: int | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of a tensor's elements, evenly spread, or all of a small one's.

    Attributes
    ----------
    values : ndarray, shape (n_elements,), dtype float32
        Magnitudes, where the tensor is complex.
    shape : tuple of int
        That of the whole tensor.
    dtype : str
        That of the whole tensor.
    whole : bool
        Whether every element is there.
    """

    values: NDArray[np.float32]
    shape: tuple[int, ...]
    dtype: str
    whole: bool

    def statistics(self) -> TensorStatistics:
        """Return what the elements say of the tensor.

        Examples
        --------
        >>> values = np.array([0.0, 1.0, 2.0], np.float32)
        >>> Sample(values, (3,), "float32", whole=True).statistics().mean
        1.0
        """
        finite = self.values[np.isfinite(self.values)].astype(np.float64)
        known = finite.size > 0
        low, high = (float(finite.min()), float(finite.max())) if known else (0.0, 0.0)
        # Wide enough that the ends of the bins differ, however large the values are.
        around = max(0.5, abs(low) * 1e-6) if low == high else 0.0
        counts, edges = np.histogram(finite, _BINS, (low - around, high + around))
        return TensorStatistics(
            shape=self.shape,
            dtype=self.dtype,
            minimum=low if known else _UNKNOWN,
            maximum=high if known else _UNKNOWN,
            mean=float(finite.mean()) if known else _UNKNOWN,
            deviation=float(finite.std()) if known else _UNKNOWN,
            zeros=int(np.count_nonzero(self.values == 0)),
            not_finite=self.values.size - finite.size,
            edges=edges,
            counts=counts.astype(np.int64),
            sampled=None if self.whole else self.values.size,
        )


@dataclass(frozen=True, eq=False)
class Sampled:
    """Samples of a parameter and its gradient, or of an operation's result."""

    value: Sample | None
    gradient: Sample | None = None


Samples = Mapping[str, Sampled]
"""Samples by the names of parameters and the ids of operations' nodes."""


@dataclass(frozen=True)
class RecordedNorm:
    """The newest recorded norm of a parameter or of its gradient.

    Attributes
    ----------
    kind : str
        ``"weight_norm"`` or ``"grad_norm"``.
    value : float
    step : int
    """

    kind: str
    value: float
    step: int


@dataclass(frozen=True)
class Inspection:
    """A parameter's values and its gradient's, or an operation's result, as far as known.

    Attributes
    ----------
    value, gradient : TensorStatistics or None
    norms : tuple of RecordedNorm
        What the series say, where the values could not be read.
    reason : str or None
        Why it is not what the tensor holds now, or why nothing is known, as a sentence.
    """

    value: TensorStatistics | None
    gradient: TensorStatistics | None
    norms: tuple[RecordedNorm, ...] = ()
    reason: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return self.value is None and self.gradient is None and not self.norms


Inspect = Callable[[str], Inspection | None]
"""Takes the name of a parameter, or the id of an operation's node."""


def inspect(run: Run, name: str) -> Inspection | None:
    """Return what is known of a parameter or an operation: as it is now, or as it was recorded.

    Safe on any thread: the model is read by its training thread, which is waited for only for a
    moment. None where nothing is known.
    """
    asked = ask(run, name)
    wait([asked], timeout=TAKEN_WITHIN_SECONDS)
    found = answer(run, name, asked)
    return None if found.empty else found


def ask(run: Run, name: str) -> Future[Inspection | None]:
    """Have a parameter read on the run's training thread, where it has one; see `answer`."""
    return run.control.submit(lambda: _read_live(run, name))


def answer(run: Run, name: str, asked: Future[Inspection | None]) -> Inspection:
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


def final_values(run: Run) -> dict[str, Inspection]:
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


def _read_live(run: Run, name: str) -> Inspection | None:
    """Return what a parameter holds now; on the run's training thread only."""
    live = None if run.closed else run.live
    return None if live is None else live.inspect(name)


def recorded(run: Run, name: str, reason: str) -> Inspection:
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


def _sampled_gradient(run: Run, name: str) -> TensorStatistics | None:
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


def _recorded_norms(run: Run, name: str) -> tuple[RecordedNorm, ...]:
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
