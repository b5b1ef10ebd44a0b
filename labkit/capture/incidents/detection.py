"""Detects and records the first step whose loss is not finite, or a spike."""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture.graph.source_lines import user_code
from labkit.capture.graph.source_search import line_of_operation
from labkit.capture.incidents import replay
from labkit.capture.incidents.call_history import CallHistory
from labkit.capture.incidents.origin import NonFiniteOrigin, find_origin, is_finite, saved_inputs
from labkit.capture.parameters import ParameterTable, prefixed
from labkit.run import ComputationGraph, Node, Run, Source
from labkit.run.incident import HISTORY_STEPS, History, Incident

_SPIKE_RATIO = 10.0
"""Ratio to the mean loss above which a loss is a spike."""
_STEPS_UNTIL_LIMIT = 20
_WEIGHT_OF_NEWEST = 0.1
_INFINITE_DERIVATIVES = frozenset(
    {
        "sqrt", "rsqrt", "pow", "norm", "linalgvectornorm", "div", "log", "log2", "log10", "acos",
        "asin", "atan2", "std", "var", "stdmean", "varmean", "cdist", "reciprocal", "cumprod",
        "prod", "eigh", "svd", "linalgsvd", "linalgeigh",
    }
)  # fmt: skip
"""Operations whose derivative can be infinite where the result is finite."""


@dataclass(frozen=True)
class _Explanation:
    """The explanation of an incident; the attributes are those of `Incident`."""

    explanation: str | None = None
    node: str | None = None
    module: str | None = None
    line: str | None = None


class IncidentDetector:
    """Detects losses that are not finite or spikes, and records their steps.

    Parameters
    ----------
    models : mapping of str to Module
        Held weakly.
    table : ParameterTable
    call_history : CallHistory
        Contains the arguments of the models' newest call.
    known_graph : callable
        Takes the roots of a backward pass, and returns a captured graph of the same structure or
        None.
    indices : callable
        Returns the sample indices of the newest batch, or None.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        table: ParameterTable,
        call_history: CallHistory,
        known_graph: Callable[[Sequence[torch.Tensor]], ComputationGraph | None],
        indices: Callable[[], tuple[int, ...] | None],
    ) -> None:
        self.limit = sys.float_info.max
        """Losses that are not less than or equal to this are incidents; NaN never is."""
        self._mean_loss = 0.0
        self._positive_losses = 0
        """Number of positive losses since the last loss that was not positive."""
        self._has_negative = False
        """Whether there was a negative loss."""
        self._table = table
        self._call_history = call_history
        self._known_graph = known_graph
        self._indices = indices
        self._models = {label: weakref.ref(model) for label, model in models.items()}
        self._modules = {
            prefixed(label, path): weakref.ref(module)
            for label, model in models.items()
            for path, module in model.named_modules()
        }

    def add_losses(self, losses: Sequence[float]) -> None:
        """Update the mean loss and the limit from some losses.

        The ratio of two losses is meaningful only if both are positive. Therefore a loss of zero
        disables the limit until a number of losses have been positive, and a negative loss (of a
        policy gradient or a likelihood) disables it permanently.
        """
        for loss in losses:
            if not loss <= self.limit or self._has_negative:
                continue
            if loss <= 0:
                self._has_negative = loss < 0
                self._positive_losses, self.limit = 0, sys.float_info.max
                continue
            self._positive_losses += 1
            self._mean_loss += max(_WEIGHT_OF_NEWEST, 1 / self._positive_losses) * (
                loss - self._mean_loss
            )
        if self._positive_losses >= _STEPS_UNTIL_LIMIT:
            self.limit = _SPIKE_RATIO * self._mean_loss

    def record(self, run: Run, roots: Sequence[torch.Tensor], loss: float) -> None:
        """Record the step of a loss as an incident: the first spike or the first non-finite."""
        finite = abs(loss) <= sys.float_info.max
        before = run.incident
        if before is not None and (finite or before.kind == "not finite"):
            return
        call = self._call_history.call_with(saved_inputs(roots))
        state = None if call is None else call.random_state
        found = _Explanation() if finite else self._explain(run, roots)
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
            rerun=replay.save_call(call),
        )
        run.add_incident(incident)

    def add_late_loss(self, run: Run, step: int, loss: float) -> None:
        """Check a loss that arrived from an accelerator after its step.

        As labkit does not synchronize with the accelerator, the graph and the inputs of the step no
        longer exist. The effect of a non-finite loss on the weights can still be read.
        """
        known = run.incident
        if abs(loss) <= sys.float_info.max or (known is not None and known.kind == "not finite"):
            return
        non_finite = tuple(
            entry.names[0]
            for entry in self._table.watched
            if (parameter := entry.parameter()) is not None and not is_finite(parameter)
        )
        late = (
            "it came from the accelerator when the step was over, so its operation cannot be told "
            "(on the CPU it can)"
        )
        found = _Explanation(f"{late}.")
        if non_finite:
            text = f"{late}; {self._named(non_finite)} are not finite any more"
            found = self._explain_weights(text, non_finite, run.graph)
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
            rerun=replay.save_call(None),
        )
        run.add_incident(incident)

    def line_of(self, node: Node, graph: ComputationGraph) -> Source | None:
        """Return the line of the user's code that calls an operation; None if it is unknown."""
        if node.source is not None or not node.scope:
            return node.source
        file, _, number = (self._line(node.op, node, graph) or "").rpartition(":")
        return Source(file, int(number)) if file else None

    def _explain(self, run: Run, roots: Sequence[torch.Tensor]) -> _Explanation:
        origin, order = find_origin(roots, self._table)
        graph = self._known_graph(roots)
        if origin is None:
            return _Explanation()
        if origin.parameters:
            return self._explain_parameters(run, origin.parameters, graph)
        if origin.node is None:
            return _Explanation(origin.reason)
        known = _same_node(origin.node, order, graph)
        return self._explain_node(origin, known, graph)

    def _explain_node(
        self, origin: NonFiniteOrigin, known: Node | None, graph: ComputationGraph | None
    ) -> _Explanation:
        op = known.op if known is not None else _operation_name(origin.node)
        module = known.scope.partition("#")[0] if known is not None and known.scope else None
        line = self._line(op, known, graph)
        place = "" if module is None else f" in {module or 'the model'}"
        return _Explanation(
            f"{op}{place}{f' ({line})' if line else ''} {origin.reason}.",
            None if known is None else known.id,
            module,
            line,
        )

    def _explain_parameters(
        self, run: Run, names: tuple[str, ...], graph: ComputationGraph | None
    ) -> _Explanation:
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
    ) -> _Explanation:
        """Explain non-finite weights by an operation in the pass of the previous step."""
        if graph is None:
            return _Explanation(f"{text}.")
        uses = [
            place
            for place, node in enumerate(graph.nodes)
            if node.kind == "parameter" and set(node.parameters) & set(names)
        ]
        after = graph.nodes[max(uses, default=0) :]
        cause = next((n for n in after if n.kind == "op" and n.op in _INFINITE_DERIVATIVES), None)
        if cause is None:
            return _Explanation(f"{text}. Its step was too large, or its gradient not finite.")
        module = cause.scope.partition("#")[0] if cause.scope else None
        line = self._line(cause.op, cause, graph)
        place = "" if module is None else f" in {module or 'the model'}"
        return _Explanation(
            f"{text}. Behind them stands {cause.op}{place}{f' ({line})' if line else ''}, whose "
            "derivative is infinite where its input is zero or at the end of its range.",
            cause.id,
            module,
            line,
        )

    def _line(self, op: str, node: Node | None, graph: ComputationGraph | None) -> str | None:
        """Return the line of the user's code that calls an operation; None if it is unknown."""
        if node is not None and node.source is not None:
            return f"{node.source.file}:{node.source.line}"
        scope = node.scope if node is not None else ""
        code = self._code_of(scope.partition("#")[0]) if scope else user_code()
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
        # In the class of a ScriptModule, `forward` is a descriptor that raises.
        forward: Callable[..., object] | None = getattr(type(module), "forward", None)
        return None if forward is None else inspect.unwrap(forward)


def _same_node(
    node: AutogradNode, order: Sequence[AutogradNode], graph: ComputationGraph | None
) -> Node | None:
    """Return the node at the same place in a captured graph of the same structure."""
    operations = [each for each in graph.nodes if each.kind == "op"] if graph is not None else []
    return operations[order.index(node)] if len(operations) == len(order) else None


def _operation_name(node: AutogradNode | None) -> str:
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
