"""A walk through a computation graph, forward and then backward, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labkit.run.graph.computation_graph import ComputationGraph

Phase = Literal["forward", "backward", "accumulate"]

MAX_NUMBERS = 64
"""Maximum number of elements of a tensor that is stored completely."""
MAX_CELLS = 32
"""Maximum number of rows, and of columns, of the block means of a larger tensor."""


@dataclass(frozen=True)
class ValueSummary:
    """The values of a tensor, or block means of a large one, with statistics.

    Complex elements are represented by their magnitudes.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
        For example ``"float32"``.
    numbers : ndarray, shape (n_rows, n_columns), dtype float64, or None
        All elements, or means of blocks of elements; None if the value is unknown.
    whole : bool
        Whether `numbers` contains all elements.
    minimum, maximum, mean, norm : float
        Statistics of all elements; `norm` is the 2-norm. NaN if the value is unknown.
    zeros, not_finite : int
        Number of elements that are exactly zero, and that are NaN or infinite.
    reason : str or None
        A sentence that says why the value is unknown.
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
        """Whether the value is known."""
        return self.numbers is not None


@dataclass(frozen=True)
class Flow:
    """A value or gradient on an edge.

    Attributes
    ----------
    node : str
        Id of the node at the other end of the edge, or of the node itself for its own result.
    value : ValueSummary
    output : int
        Number of the value among the results of the node that have a gradient, counted from 0.
    """

    node: str
    value: ValueSummary
    output: int = 0


@dataclass(frozen=True)
class Formula:
    """The formulas of an operation and of its derivatives.

    Attributes
    ----------
    forward : str
        The result as a formula.
    backward : tuple of (str, str)
        The name of each input, and the formula of its gradient; ``grad`` is the gradient of the
        result.
    source : str
        The entry in PyTorch's table of derivatives.
    names : tuple of (str, str)
        What the names of inputs in the formulas stand for in this call.
    """

    forward: str
    backward: tuple[tuple[str, str], ...]
    source: str
    names: tuple[tuple[str, str], ...] = ()

    def as_called(self) -> Formula:
        """Return the formulas with the inputs of this call in place of the table's names.

        Examples
        --------
        >>> names = (("self", "w"), ("other", "2"))
        >>> product = Formula("self * other", (("self", "grad * other"),), "mul", names)
        >>> product.as_called().forward, product.as_called().backward
        ('w * 2', (('w', 'grad * 2'),))
        """
        backward = tuple((self._named(name), self._named(text)) for name, text in self.backward)
        return Formula(self._named(self.forward), backward, self.source)

    def _named(self, text: str) -> str:
        names = dict(self.names)
        return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found[0], found[0]), text)


@dataclass(frozen=True)
class StepEvent:
    """One step of a walk.

    Attributes
    ----------
    phase : {"forward", "backward", "accumulate"}
    node : str
        Id of the node in the graph of the walk.
    words : str
        A sentence that describes the step.
    inputs, outputs : tuple of Flow
        Forward: the input values and the results. Backward: the gradients of the results and of
        the inputs. Accumulate: the gradient of the leaf; no outputs.
    formula : Formula or None
        None if there is no formula for the operation.
    before, after : ValueSummary or None
        The ``.grad`` of the leaf before and after accumulation; None in the other phases.
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
        """The values or gradients that this step computed."""
        made = tuple(flow.value for flow in self.outputs)
        return made if self.after is None else (*made, self.after)


@dataclass(frozen=True)
class Leaf:
    """A leaf tensor of the graph.

    Attributes
    ----------
    node : str
        Id of the node.
    name : str
    value : ValueSummary
    editable : bool
        Whether its value can be changed in the stepper.
    """

    node: str
    name: str
    value: ValueSummary
    editable: bool


@dataclass(frozen=True)
class Walk:
    """All steps through one graph, in the order in which autograd executes them.

    Attributes
    ----------
    graph : ComputationGraph
    events : tuple of StepEvent
    leaves : tuple of Leaf
    grads : mapping of str to ndarray
        The final ``.grad`` of each leaf, by node id, as after ``loss.backward()``; with the shape
        and dtype of the leaf.
    reason : str or None
        A sentence that says why there are no events.
    why_not_editable : str or None
        A sentence that says why no leaf can be edited.
    """

    graph: ComputationGraph
    events: tuple[StepEvent, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    grads: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    reason: str | None = None
    why_not_editable: str | None = None

    @property
    def first_not_finite(self) -> int | None:
        """Index of the first event with a NaN or infinite result; None if there is none."""
        return self._first(lambda value: value.not_finite > 0)

    @property
    def first_zero(self) -> int | None:
        """Index of the first event with an all-zero gradient; None if there is none."""
        return self._first(
            lambda value: value.known and value.norm == 0.0, phases=("backward", "accumulate")
        )

    def outline(self) -> str:
        """Return the walk as text, one line per event."""
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
