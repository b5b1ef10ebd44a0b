"""A walk through a computation graph as plain data: forward, then backward, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labkit.run.graph import ComputationGraph

Phase = Literal["forward", "backward", "accumulate"]

MOST_NUMBERS = 64
"""Tensors of at most so many elements are kept whole."""
MOST_CELLS = 32
"""Larger ones are kept as a map of block means, of at most so many rows and columns."""


@dataclass(frozen=True)
class ValueSummary:
    """What is kept of a tensor's values.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    numbers : ndarray, shape (n_rows, n_columns), dtype float64, or None
        All elements, or the means of blocks of them; None where the value is not known. Complex
        elements are given by their magnitudes.
    whole : bool
        Whether `numbers` holds every element.
    minimum, maximum, mean, norm : float
        Over all elements; the norm is the 2-norm.
    zeros, not_finite : int
        How many elements are exactly zero, and how many are NaN or infinite.
    reason : str or None
        A sentence why the value is not known.
    """

    shape: tuple[int, ...]
    dtype: str
    numbers: NDArray[np.float64] | None = None
    whole: bool = False
    minimum: float = float("nan")
    maximum: float = float("nan")
    mean: float = float("nan")
    norm: float = float("nan")
    zeros: int = 0
    not_finite: int = 0
    reason: str | None = None

    @property
    def known(self) -> bool:
        """Whether there are values."""
        return self.numbers is not None


@dataclass(frozen=True)
class Flow:
    """Values, or a gradient, and the node at the other end of the edge."""

    node: str
    value: ValueSummary


@dataclass(frozen=True)
class Formula:
    """What an operation computes, and its derivative for each input.

    Attributes
    ----------
    forward : str
    backward : tuple of (str, str)
        Name of each input, and the gradient that goes to it; ``grad`` is the gradient that came.
    source : str
        The entry of PyTorch's own table of derivatives.
    """

    forward: str
    backward: tuple[tuple[str, str], ...]
    source: str


@dataclass(frozen=True)
class StepEvent:
    """One step of a walk.

    Attributes
    ----------
    phase : {"forward", "backward", "accumulate"}
    node : str
        Id of the node in the walk's graph.
    words : str
        One plain sentence on what happens here.
    inputs, outputs : tuple of Flow
        Forward: the values that come in, and what is computed. Backward: the gradients that
        come in, and those that go on. Accumulate: the gradient that comes in.
    formula : Formula or None
    before, after : ValueSummary or None
        The leaf's ``.grad``, where it is accumulated.
    """

    phase: Phase
    node: str
    words: str
    inputs: tuple[Flow, ...] = ()
    outputs: tuple[Flow, ...] = ()
    formula: Formula | None = None
    before: ValueSummary | None = None
    after: ValueSummary | None = None

    @property
    def results(self) -> tuple[ValueSummary, ...]:
        """What this step brought forth."""
        made = tuple(flow.value for flow in self.outputs)
        return made if self.after is None else (*made, self.after)


@dataclass(frozen=True)
class Leaf:
    """A leaf of the graph: where gradients end, and what can be edited."""

    node: str
    name: str
    value: ValueSummary
    editable: bool


@dataclass(frozen=True)
class Walk:
    """All steps through one graph, in the order in which autograd took them.

    Attributes
    ----------
    graph : ComputationGraph
    events : tuple of StepEvent
    leaves : tuple of Leaf
    grads : mapping of str to ndarray
        By the leaf's node: its ``.grad`` at the end, as ``loss.backward()`` would leave it.
    reason : str or None
        A sentence when there is nothing to walk.
    why_not_editable : str or None
        A sentence when no leaf's value can be changed.
    """

    graph: ComputationGraph
    events: tuple[StepEvent, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    grads: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    reason: str | None = None
    why_not_editable: str | None = None

    @property
    def first_not_finite(self) -> int | None:
        """Index of the first event that brought forth a NaN or an infinity; None if none did."""
        return self._first(lambda value: value.not_finite > 0)

    @property
    def first_zero(self) -> int | None:
        """Index of the first event whose gradient is zero throughout; None if none is."""
        return self._first(
            lambda value: value.known and value.norm == 0.0, phases=("backward", "accumulate")
        )

    def outline(self) -> str:
        """Return the walk as text, a line for each event."""
        if self.reason:
            return self.reason
        lines = []
        for number, event in enumerate(self.events):
            made = ", ".join(_short(value) for value in event.results)
            lines.append(f"{number:4d} {event.phase:10} {event.node}: {made}")
        return "\n".join(lines)

    def _first(
        self,
        found: object,
        phases: tuple[Phase, ...] = ("forward", "backward", "accumulate"),
    ) -> int | None:
        assert callable(found)
        for number, event in enumerate(self.events):
            if event.phase in phases and any(found(value) for value in event.results):
                return number
        return None


def _short(value: ValueSummary) -> str:
    if value.numbers is None:
        return "not known"
    if value.whole and value.numbers.size == 1:
        return f"{value.numbers.item():.6g}"
    return f"{list(value.shape)} norm {value.norm:.4g}"
