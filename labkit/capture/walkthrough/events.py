"""Writes what happened in a graph as the events of a walk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation
from labkit.capture.walkthrough.backward import Gathered, Passed
from labkit.capture.walkthrough.derivatives import formula_for
from labkit.capture.walkthrough.values import summarise, unknown
from labkit.run.graph import ComputationGraph
from labkit.run.stepping import Flow, StepEvent, ValueSummary

_NO_GRADIENT = "No gradient goes this way."
_HOOKED = " A hook on this tensor has changed the gradient on its way here."


class EventWriter:
    """Collects the events of one walk.

    Parameters
    ----------
    graph : ComputationGraph
    ids : mapping of node to str
        The identity of each autograd node in the graph.
    values : mapping of node to Tensor
        The results that are known.
    why_unknown : str
        A sentence on the others.
    """

    def __init__(
        self,
        graph: ComputationGraph,
        ids: Mapping[AutogradNode, str],
        values: Mapping[AutogradNode, torch.Tensor],
        why_unknown: str,
    ) -> None:
        self._why_unknown = why_unknown
        self.events: list[StepEvent] = []
        self.grads: dict[str, NDArray[np.generic]] = {}
        self._ids = ids
        self._sent: dict[tuple[AutogradNode, int], torch.Tensor] = {}
        self._place = {node.id: number for number, node in enumerate(graph.nodes)}
        self._values = {node: summarise(value) for node, value in values.items()}

    def forward(self, order: Iterable[AutogradNode]) -> None:
        """Write an event for every operation, in the order in which they were made."""
        operations = [node for node in order if not hasattr(node, "variable")]
        for node in sorted(operations, key=lambda each: self._place[self._ids[each]]):
            formula = formula_for(node)
            computes = f" computes {formula.forward}" if formula else " is computed"
            self.events.append(
                StepEvent(
                    "forward",
                    self._ids[node],
                    words=f"{operation(node)}{computes}.",
                    inputs=tuple(
                        Flow(self._ids[source], self._value(source))
                        for source, _ in node.next_functions
                        if source is not None
                    ),
                    outputs=(Flow(self._ids[node], self._value(node)),),
                    formula=formula,
                )
            )

    def backward(self, happened: Sequence[Passed | Gathered]) -> None:
        """Write an event for every node that autograd ran, and every leaf it ended in."""
        for each in happened:
            if isinstance(each, Passed):
                self.events.append(self._passed(each))
            else:
                self.events.append(self._gathered(each))

    def _passed(self, each: Passed) -> StepEvent:
        node = each.node
        name = operation(node)
        sources = [source for source, _ in node.next_functions]
        onward = [
            Flow(self._ids[source], self._gradient(source, gradient))
            for source, gradient in zip(sources, each.outgoing, strict=False)
            if source is not None
        ]
        names = ", ".join(dict.fromkeys(_last(flow.node) for flow in onward)) or "nothing"
        hooked = self._was_changed(node, each.incoming)
        self._send(each)
        return StepEvent(
            "backward",
            self._ids[node],
            words=(
                f"The gradient for the result of {name} comes in; times the local derivative it "
                f"goes on to {names}.{_HOOKED if hooked else ''}"
            ),
            inputs=tuple(
                Flow(self._ids[node], self._gradient(node, gradient)) for gradient in each.incoming
            ),
            outputs=tuple(onward),
            formula=formula_for(node),
        )

    def _send(self, each: Passed) -> None:
        """Add up what goes on to each output of the nodes before."""
        for (source, output), gradient in zip(
            each.node.next_functions, each.outgoing, strict=False
        ):
            if source is None or gradient is None:
                continue
            sent = self._sent.get((source, output))
            self._sent[source, output] = gradient if sent is None else sent + gradient

    def _was_changed(self, node: AutogradNode, incoming: Sequence[torch.Tensor | None]) -> bool:
        """Return whether another gradient has come than was sent: a hook stood on the tensor."""
        for output, gradient in enumerate(incoming):
            sent = self._sent.get((node, output))
            if gradient is None or sent is None or gradient.shape != sent.shape:
                continue
            if gradient.layout is not torch.strided or sent.layout is not torch.strided:
                continue
            if not torch.allclose(gradient, sent.to(gradient), equal_nan=True):
                return True
        return False

    def _gathered(self, each: Gathered) -> StepEvent:
        leaf = each.node.variable  # type: ignore[attr-defined]
        before = leaf.grad
        with torch.no_grad():
            after = each.gradient if before is None else before.detach() + each.gradient
        id = self._ids[each.node]
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

    def _value(self, node: AutogradNode) -> ValueSummary:
        known = self._values.get(node)
        if known is not None:
            return known
        return unknown(*torch_compat.node_output(node)[:2], self._why_unknown)

    def _gradient(self, node: AutogradNode, gradient: torch.Tensor | None) -> ValueSummary:
        if gradient is not None:
            return summarise(gradient)
        return unknown(*torch_compat.node_output(node)[:2], _NO_GRADIENT)


def _array(tensor: torch.Tensor) -> NDArray[np.generic]:
    """Return a copy as an array; bfloat16, which numpy has not, as float32."""
    dense = tensor.detach() if tensor.layout is torch.strided else tensor.detach().to_dense()
    known = dense.float() if dense.dtype is torch.bfloat16 else dense
    return np.array(known.cpu().numpy())


def _last(id: str) -> str:
    return id.rpartition("/")[2].rpartition(":")[0]
