"""Creates the events of a walk from the values and gradients of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation
from labkit.capture.graph.operation_results import Result
from labkit.capture.walkthrough.backward import LeafGradient, NodeGradients
from labkit.capture.walkthrough.derivatives import formula_for
from labkit.capture.walkthrough.values import summarise, unknown
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.walk import Flow, StepEvent, ValueSummary

_HALF = 2
"""Size in bytes of the largest floating-point numbers that numpy may not support."""
_NO_GRADIENT = "No gradient goes this way."
_UNUSED = "Nothing has used this result of the function, or it has no gradient."
_HOOKED = " A hook on this tensor has changed the gradient on its way here."


class EventWriter:
    """Creates the events of one walk.

    Parameters
    ----------
    graph : ComputationGraph
    ids : mapping of node to str
        The id of each autograd node in the graph.
    values : mapping of (node, number of the result) to Tensor
        The known results.
    reason_unknown : str
        A sentence that explains why other results are unknown.
    """

    def __init__(
        self,
        graph: ComputationGraph,
        ids: Mapping[AutogradNode, str],
        values: Mapping[Result, torch.Tensor],
        reason_unknown: str,
    ) -> None:
        self._reason_unknown = reason_unknown
        self.events: list[StepEvent] = []
        self.grads: dict[str, NDArray[np.generic]] = {}
        self._ids = ids
        self._sums: dict[tuple[AutogradNode, int], torch.Tensor] = {}
        self._place = {node.id: number for number, node in enumerate(graph.nodes)}
        self._values = {result: summarise(value) for result, value in values.items()}
        # The backward pass may free what the formulas depend on.
        labels = {node: _last(id) for node, id in ids.items()}
        self._formulas = {node: formula_for(node, labels) for node in ids}

    def forward(self, order: Iterable[AutogradNode]) -> None:
        """Add an event for each operation, in the order of execution."""
        operations = [node for node in order if not torch_compat.is_leaf(node)]
        for node in sorted(operations, key=lambda each: self._place[self._ids[each]]):
            formula = self._formulas[node]
            computes = f" computes {formula.as_called().forward}" if formula else " is computed"
            self.events.append(
                StepEvent(
                    "forward",
                    self._ids[node],
                    words=f"{operation(node)}{computes}.",
                    inputs=tuple(
                        Flow(self._ids[source], self._value(source, output), output)
                        for source, output in node.next_functions
                        if source is not None
                    ),
                    outputs=tuple(
                        Flow(self._ids[node], self._value(node, output), output)
                        for output in range(len(torch_compat.node_outputs(node)))
                    ),
                    formula=formula,
                )
            )

    def backward(self, gradients: Sequence[NodeGradients | LeafGradient]) -> None:
        """Add an event for each node that autograd executed, and for each leaf with a gradient."""
        for each in gradients:
            if isinstance(each, NodeGradients):
                self.events.append(self._node_event(each))
            else:
                self.events.append(self._leaf_event(each))

    def _node_event(self, each: NodeGradients) -> StepEvent:
        node = each.node
        name = operation(node)
        onward = [
            Flow(self._ids[source], self._gradient(source, output, gradient), output)
            for (source, output), gradient in zip(node.next_functions, each.outgoing, strict=False)
            if source is not None
        ]
        names = ", ".join(dict.fromkeys(_last(flow.node) for flow in onward)) or "nothing"
        hooked = self._is_changed_by_hook(node, each.incoming)
        self._add_outgoing(each)
        return StepEvent(
            "backward",
            self._ids[node],
            words=(
                f"The gradient for the result of {name} comes in; times the local derivative it "
                f"goes on to {names}.{_HOOKED if hooked else ''}"
            ),
            inputs=tuple(
                Flow(self._ids[node], self._gradient(node, output, gradient), output)
                for output, gradient in enumerate(each.incoming)
            ),
            outputs=tuple(onward),
            formula=self._formulas[node],
        )

    def _add_outgoing(self, each: NodeGradients) -> None:
        """Add a node's outgoing gradients to the sums for the outputs of its source nodes."""
        for (source, output), gradient in zip(
            each.node.next_functions, each.outgoing, strict=False
        ):
            if source is None or gradient is None:
                continue
            sent = self._sums.get((source, output))
            self._sums[source, output] = gradient if sent is None else sent + gradient

    def _is_changed_by_hook(
        self, node: AutogradNode, incoming: Sequence[torch.Tensor | None]
    ) -> bool:
        """Return whether an incoming gradient differs from the sum: a tensor hook changed it."""
        for output, gradient in enumerate(incoming):
            sent = self._sums.get((node, output))
            if gradient is None or sent is None:
                continue
            if _differ(gradient, sent):
                return True
        return False

    def _leaf_event(self, each: LeafGradient) -> StepEvent:
        leaf = each.node.variable  # type: ignore[attr-defined]
        before = each.before
        with torch.no_grad():
            after = each.gradient if before is None else before.detach() + each.gradient
        id = self._ids[each.node]
        with suppress(Exception):  # a tensor on the meta device has no values
            self.grads[id] = _array(after)
        added = "becomes its .grad" if before is None else "is added to its .grad"
        none = unknown(tuple(leaf.shape), None, "It was None: no gradient had come yet.")
        return StepEvent(
            "accumulate",
            id,
            words=f"The gradient has arrived at the leaf {_last(id)} and {added}.",
            inputs=(Flow(id, summarise(each.gradient)),),
            before=none if before is None else summarise(before),
            after=summarise(after),
        )

    def _value(self, node: AutogradNode, output: int) -> ValueSummary:
        known = self._values.get((node, output))
        if known is not None:
            return known
        reason = _UNUSED if torch_compat.is_custom(node) else self._reason_unknown
        return unknown(*torch_compat.node_output(node, output)[:2], reason)

    def _gradient(
        self, node: AutogradNode, output: int, gradient: torch.Tensor | None
    ) -> ValueSummary:
        if gradient is not None:
            return summarise(gradient)
        return unknown(*torch_compat.node_output(node, output)[:2], _NO_GRADIENT)


def _array(tensor: torch.Tensor) -> NDArray[np.generic]:
    """Return a copy as an array; bfloat16 and float8, which numpy does not support, as float32."""
    dense = tensor.detach() if tensor.layout is torch.strided else tensor.detach().to_dense()
    known = dense.float() if dense.is_floating_point() and dense.itemsize <= _HALF else dense
    return np.array((dense if dense.dtype is torch.float16 else known).cpu().numpy())


def _differ(gradient: torch.Tensor, sent: torch.Tensor) -> bool:
    """Return whether two gradients have different values; False if these cannot be compared."""
    try:
        if gradient.shape != sent.shape or gradient.layout is not torch.strided:
            return False
        if gradient.is_complex():
            return not torch.allclose(gradient, sent.to(gradient), equal_nan=True)
        # Not every operation is implemented for numbers of eight bits.
        return not torch.allclose(gradient.float(), sent.to(gradient.dtype).float(), equal_nan=True)
    except Exception:  # noqa: BLE001 - the classes of user-defined tensors may raise anything
        return False


def _last(id: str) -> str:
    return id.rpartition("/")[2].rpartition(":")[0]
