"""Formulas of graph nodes: what an operation computes, and the gradients of its inputs."""

from __future__ import annotations

from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation
from labkit.capture.walkthrough.derivative_table import DERIVATIVES
from labkit.run.walk import Formula

_MEAN, _SUM = 1, 2
"""Values of `reduction` that the nodes of PyTorch's losses store."""


def formula_of(op: str) -> Formula | None:
    """Return the formula of an operation; None if it is not in the table.

    Examples
    --------
    >>> formula_of("tanh").backward
    (('self', 'grad * (1 - result**2)'),)
    """
    entry = DERIVATIVES.get(op)
    if entry is None:
        return None
    forward, backward, name = entry
    return Formula(forward, tuple(backward.items()), f"derivatives.yaml: {name}")


def formula_for(node: AutogradNode) -> Formula | None:
    """Return the formula of a node with the factors, the reduction and the inputs of its call.

    Inputs that get no gradient have no derivative in it.
    """
    formula = formula_of(operation(node))
    if formula is None:
        return None
    sources = [source for source, _ in node.next_functions]
    wanted = [
        pair
        for number, pair in enumerate(formula.backward)
        if pair[0] == "tensors" or (number < len(sources) and sources[number] is not None)
    ]
    backward = tuple((name, _as_called(text, node)) for name, text in wanted)
    return Formula(_as_called(formula.forward, node), backward, formula.source)


def _as_called(text: str, node: AutogradNode) -> str:
    for factor in ("alpha", "beta"):
        value = torch_compat.saved_scalar(node, factor)
        text = text.replace(f"{factor} * ", "" if value == 1 else f"{value} * ")
    reduction = torch_compat.saved_scalar(node, "reduction")
    if reduction != _MEAN:
        text = text.replace("mean of ", "sum of " if reduction == _SUM else "")
        text = text.replace(" / number of elements", "")
    return text


def operations() -> tuple[str, ...]:
    """Return the names of the operations in the table."""
    return tuple(DERIVATIVES)
