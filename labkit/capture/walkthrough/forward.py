"""The values that a forward pass computed, as far as they can be obtained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation
from labkit.capture.walkthrough.derivatives import formula_of

NOT_KEPT = (
    "Autograd did not keep this value, as no derivative needs it. lk.stepper(lambda: ...) runs the "
    "code itself and sees every value."
)
INSIDE = (
    "This was computed inside one call of PyTorch, which hands out only its result, and no "
    "derivative needs it."
)

Values = dict[AutogradNode, torch.Tensor]

_FACTORS = ("alpha", "beta")
"""Arguments that must be 1 for an operation to be recomputed."""
_OWN_RESULT = ("result", "result0")

_RECOMPUTABLE: dict[str, Callable[..., torch.Tensor]] = {
    "t": torch.t,
    "neg": torch.neg,
    "exp": torch.exp,
    "log": torch.log,
    "abs": torch.abs,
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "sqrt": torch.sqrt,
    "clone": torch.clone,
    "mm": torch.mm,
    "mv": torch.mv,
    "dot": torch.dot,
    "bmm": torch.bmm,
    "mul": torch.mul,
    "div": torch.div,
    "addmm": torch.addmm,
}
"""Operations that can be recomputed from their inputs, in the order of the derivative table."""


def values_of(
    root: torch.Tensor,
    order: Sequence[AutogradNode],
    recorded: Mapping[AutogradNode, torch.Tensor],
) -> Values:
    """Return the results of all nodes whose result is known.

    These are leaves, recorded results, tensors that a node or one of its users has saved, and
    results that can be recomputed from the inputs of an operation without further arguments.
    """
    values: Values = dict(recorded)
    if root.grad_fn is not None:
        values[root.grad_fn] = root.detach()
    for node in order:
        variable = getattr(node, "variable", None)
        if isinstance(variable, torch.Tensor):
            values[node] = variable.detach()
            continue
        for name in _OWN_RESULT:
            kept = torch_compat.saved_value(node, name)
            if kept is not None:
                values.setdefault(node, kept.detach())
        _add_saved_inputs(node, values)
    for node in order:
        if node not in values:
            again = _recomputed(node, values)
            if again is not None:
                values[node] = again
    return values


def _add_saved_inputs(node: AutogradNode, values: Values) -> None:
    formula = formula_of(operation(node))
    if formula is None or formula.backward[0][0] == "tensors":
        return
    for (name, _), (source, output) in zip(formula.backward, node.next_functions, strict=False):
        if source is None or source in values or output != 0 or hasattr(source, "variable"):
            continue
        kept = torch_compat.saved_value(node, name)
        if kept is not None and tuple(kept.shape) == torch_compat.node_output(source)[0]:
            values[source] = kept.detach()


def _recomputed(node: AutogradNode, values: Values) -> torch.Tensor | None:
    run = _RECOMPUTABLE.get(operation(node))
    if run is None or any(torch_compat.saved_scalar(node, name) != 1 for name in _FACTORS):
        return None
    formula = formula_of(operation(node))
    names = [name for name, _ in formula.backward] if formula else []
    inputs = []
    for number, (source, _) in enumerate(node.next_functions):
        name = names[number] if number < len(names) else ""
        value = values.get(source) if source else torch_compat.saved_value(node, name)
        if value is None:
            return None
        inputs.append(value)
    with torch.no_grad():
        again = run(*inputs)
    return again if tuple(again.shape) == torch_compat.node_output(node)[0] else None
