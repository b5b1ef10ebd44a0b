"""The values that a forward pass computed, as far as they can be obtained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation
from labkit.capture.graph.operation_results import Result
from labkit.capture.walkthrough.derivatives import formula_of

NOT_KEPT = (
    "Autograd did not keep this value, as no derivative needs it. lk.stepper(lambda: ...) runs the "
    "code itself and sees every value."
)
INSIDE = (
    "This was computed inside one call of PyTorch, which hands out only its result, and no "
    "derivative needs it."
)

Values = dict[Result, torch.Tensor]
"""The value of each known result: a node, and the number of its result."""

_FACTORS = ("alpha", "beta")
"""Arguments that must be 1 for an operation to be recomputed."""

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
    recorded: Mapping[Result, torch.Tensor],
) -> Values:
    """Return all results whose value is known.

    These are leaves, recorded results, tensors that a node or one of its users has saved, and
    results that can be recomputed from the inputs of an operation without further arguments.
    """
    values: Values = dict(recorded)
    if root.grad_fn is not None:
        values[root.grad_fn, root.output_nr] = root.detach()
    for node in order:
        if torch_compat.is_leaf(node):
            values[node, 0] = node.variable.detach()  # type: ignore[attr-defined]
            continue
        for kept in torch_compat.saved_results(node):
            assert kept.grad_fn is not None
            values.setdefault((kept.grad_fn, kept.output_nr), kept.detach())
    for node in order:
        if (node, 0) not in values:
            again = _recomputed(node, values)
            if again is not None:
                values[node, 0] = again
    return values


def _recomputed(node: AutogradNode, values: Values) -> torch.Tensor | None:
    run = _RECOMPUTABLE.get(operation(node))
    if run is None or any(torch_compat.saved_scalar(node, name) != 1 for name in _FACTORS):
        return None
    formula = formula_of(operation(node))
    names = [name for name, _ in formula.backward] if formula else []
    inputs = []
    for number, (source, output) in enumerate(node.next_functions):
        name = names[number] if number < len(names) else ""
        value = values.get((source, output)) if source else torch_compat.saved_value(node, name)
        if value is None:
            return None
        inputs.append(value)
    try:
        with torch.no_grad():
            again = run(*inputs)
    except Exception:  # noqa: BLE001 - the classes of user-defined tensors may raise anything
        return None
    return again if tuple(again.shape) == torch_compat.node_output(node)[0] else None
