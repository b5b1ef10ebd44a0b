"""Keeps what is known of the first step whose loss is not finite, or far above the others."""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture.graph.source_lines import users_code
from labkit.capture.graph.source_search import line_of_operation
from labkit.capture.incidents import replay
from labkit.capture.incidents.call_history import CallHistory
from labkit.capture.incidents.origin import NonFiniteOrigin, find_origin, inputs_kept, is_finite
from labkit.capture.parameters import ParameterTable, prefixed
from labkit.run import ComputationGraph, Node, Run
from labkit.run.incident import HISTORY_STEPS, History, Incident

_JUMP = 10.0
"""A loss so many times the typical one is a spike."""
_SETTLED_STEPS = 20
_WEIGHT_OF_NEWEST = 0.1
_STEEP = frozenset(
    {
        "sqrt", "rsqrt", "pow", "norm", "linalgvectornorm", "div", "log", "log2", "log10", "acos",
        "asin", "atan2", "std", "var", "stdmean", "varmean", "cdist", "reciprocal", "cumprod",
        "prod", "eigh", "svd", "linalgsvd", "linalgeigh",
    }
)  # fmt: skip
"""Operations whose derivative is infinite somewhere where the result is not."""


@dataclass(frozen=True)
class _Explained:
    """Where it began; the attributes are those of `Incident`."""

    explanation: str | None = None
    node: str | None = None
    module: str | None = None
    line: str | None = None


class IncidentDetector:
    """Decides which loss is out of the ordinary, and keeps the step that made it.

    Parameters
    ----------
    models : mapping of str to Module
        Not kept alive.
    table : ParameterTable
    witness : CallHistory
        Knows what the models were called with.
    known_graph : callable
        Takes the roots of a backward pass, returns the graph of the same structure that was
        captured before, or None.
    indices : callable
        Returns the samples that made up the newest batch, or None.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        table: ParameterTable,
        witness: CallHistory,
        known_graph: Callable[[Sequence[torch.Tensor]], ComputationGraph | None],
        indices: Callable[[], tuple[int, ...] | None],
    ) -> None:
        self.limit = sys.float_info.max
        """A loss that is not at most this is out of the ordinary; NaN is at most nothing."""
        self._typical = 0.0
        self._noted = 0
        """Positive losses that came one after the other."""
        self._signed = False
        """Whether a loss was negative."""
        self._table = table
        self._call_history = witness
        self._known_graph = known_graph
        self._indices = indices
        self._models = {label: weakref.ref(model) for label, model in models.items()}
        self._modules = {
            prefixed(label, path): weakref.ref(module)
            for label, model in models.items()
            for path, module in model.named_modules()
        }

    def note(self, losses: Sequence[float]) -> None:
        """Take some losses into what is typical, without a look at the run.

        A factor between two losses says something only where they are positive. So a loss that is
        zero puts the limit off until the losses have been positive for a while, and one that is
        negative (a policy gradient's, a likelihood's) for good.
        """
        for loss in losses:
            if not loss <= self.limit or self._signed:
                continue
            if loss <= 0:
                self._signed = loss < 0
                self._noted, self.limit = 0, sys.float_info.max
                continue
            self._noted += 1
            self._typical += max(_WEIGHT_OF_NEWEST, 1 / self._noted) * (loss - self._typical)
        if self._noted >= _SETTLED_STEPS:
            self.limit = _JUMP * self._typical

    def keep(self, run: Run, roots: Sequence[torch.Tensor], loss: float) -> None:
        """Keep the step whose loss this is; the first spike, and the first that is not finite."""
        finite = abs(loss) <= sys.float_info.max
        before = run.incident
        if before is not None and (finite or before.kind == "not finite"):
            return
        call = self._call_history.call_with(inputs_kept(roots))
        state = None if call is None else call.random_state
        found = _Explained() if finite else self._explain(run, roots)
        incident = Incident(
            step=run.steps + 1,
            kind="spike" if finite else "not finite",
            explanation=found.explanation,
            node=found.node,
            module=found.module,
            line=found.line,
            indices=self._indices(),
            random_state=None if state is None else state.numpy(),
            history=_history(run),
            rerun=replay.keep(call),
        )
        run.add_incident(incident)

    def arrived(self, run: Run, step: int, loss: float) -> None:
        """Take a loss that came from an accelerator when the loop had gone on.

        Nothing waits for an accelerator, so the step's graph and inputs are gone; what a loss that
        is not finite did to the weights is still there.
        """
        known = run.incident
        if abs(loss) <= sys.float_info.max or (known is not None and known.kind == "not finite"):
            return
        broken = tuple(
            entry.names[0]
            for entry in self._table.watched
            if (parameter := entry.parameter()) is not None and not is_finite(parameter)
        )
        late = (
            "it came from the accelerator when the step was over, so its operation cannot be told "
            "(on the CPU it can)"
        )
        found = _Explained(f"{late}.")
        if broken:
            said = f"{late}; {self._named(broken)} are not finite any more"
            found = self._explain_weights(said, broken, run.graph)
        incident = Incident(
            step=step,
            kind="not finite",
            explanation=found.explanation,
            node=found.node,
            module=found.module,
            line=found.line,
            indices=None,
            random_state=None,
            history=_history(run),
            rerun=replay.keep(None),
        )
        run.add_incident(incident)

    def _explain(self, run: Run, roots: Sequence[torch.Tensor]) -> _Explained:
        culprit, order = find_origin(roots, self._table)
        graph = self._known_graph(roots)
        if culprit is None:
            return _Explained()
        if culprit.parameters:
            return self._explain_broken(run, culprit.parameters, graph)
        if culprit.node is None:
            return _Explained(culprit.why)
        known = _same_node(culprit.node, order, graph)
        return self._explain_node(culprit, known, graph)

    def _explain_node(
        self, culprit: NonFiniteOrigin, known: Node | None, graph: ComputationGraph | None
    ) -> _Explained:
        op = known.op if known is not None else _plain(culprit.node)
        module = known.scope.partition("#")[0] if known is not None and known.scope else None
        line = self._line(op, known, graph)
        place = "" if module is None else f" in {module or 'the model'}"
        return _Explained(
            f"{op}{place}{f' ({line})' if line else ''} {culprit.why}.",
            None if known is None else known.id,
            module,
            line,
        )

    def _explain_broken(
        self, run: Run, names: tuple[str, ...], graph: ComputationGraph | None
    ) -> _Explained:
        text = (
            f"{self._named(names)} were not finite any more, after the update of step {run.steps:,}"
        )
        return self._explain_weights(text, names, graph if run.steps else None)

    def _named(self, names: tuple[str, ...]) -> str:
        count = len(self._table.watched)
        what = "all parameters" if len(names) == count else f"{len(names)} of {count} parameters"
        return f"{what} ({names[0]} first)"

    def _explain_weights(
        self, text: str, names: tuple[str, ...], graph: ComputationGraph | None
    ) -> _Explained:
        """Say what made the weights not finite: a gradient, in the pass of the step before."""
        if graph is None:
            return _Explained(f"{text}.")
        uses = [
            place
            for place, node in enumerate(graph.nodes)
            if node.kind == "parameter" and set(node.parameters) & set(names)
        ]
        after = graph.nodes[max(uses, default=0) :]
        steep = next((node for node in after if node.kind == "op" and node.op in _STEEP), None)
        if steep is None:
            return _Explained(f"{text}. Its step was too large, or its gradient not finite.")
        module = steep.scope.partition("#")[0] if steep.scope else None
        line = self._line(steep.op, steep, graph)
        place = "" if module is None else f" in {module or 'the model'}"
        return _Explained(
            f"{text}. Behind them stands {steep.op}{place}{f' ({line})' if line else ''}, whose "
            "derivative is infinite where its input is zero or at the end of its range.",
            steep.id,
            module,
            line,
        )

    def _line(self, op: str, node: Node | None, graph: ComputationGraph | None) -> str | None:
        """Return the line of the user's code that calls an operation, as far as it can be told."""
        if node is not None and node.source is not None:
            return f"{node.source.file}:{node.source.line}"
        scope = node.scope if node is not None else ""
        code = self._code_of(scope.partition("#")[0]) if scope else users_code()
        if code is None:
            return None
        same = [
            each.id
            for each in (graph.nodes if graph is not None else ())
            if each.kind == "op" and each.op == op and each.scope == scope
        ]
        ordinal = same.index(node.id) if node is not None and node.id in same else 0
        return line_of_operation(code, op, ordinal, len(same) or 1)

    def _code_of(self, path: str) -> object | None:
        reference = self._modules.get(path)
        module = None if reference is None else reference()
        for label, root in self._models.items():  # names may have changed, as in a list of layers
            model = root()
            for own, each in () if model is None else model.named_modules():
                if prefixed(label, own) == path:
                    module = each
        # The class of a ScriptModule has a descriptor there that raises.
        forward: Callable[..., object] | None = getattr(type(module), "forward", None)
        return None if forward is None else inspect.unwrap(forward)


def _same_node(
    node: AutogradNode, order: Sequence[AutogradNode], graph: ComputationGraph | None
) -> Node | None:
    """Return the node of a graph of the same structure: the one at the same place in the order."""
    operations = [each for each in graph.nodes if each.kind == "op"] if graph is not None else []
    return operations[order.index(node)] if len(operations) == len(order) else None


def _plain(node: AutogradNode | None) -> str:
    name = "" if node is None else node.name()
    return name.rstrip("0123456789").removesuffix("Backward").lower()


def _history(run: Run) -> History:
    kept = {}
    for id, table in run.tables.items():
        whole = table.whole()
        recent = whole.steps > run.steps - HISTORY_STEPS
        if recent.any():
            kept[id] = (whole.names, whole.steps[recent], whole.values[recent])
    return kept
