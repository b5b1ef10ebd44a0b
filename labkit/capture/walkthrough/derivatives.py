"""Formulas of graph nodes: what an operation computes, and the gradients of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation
from labkit.capture.walkthrough.derivative_table import DERIVATIVES
from labkit.run.graph.walk import Formula

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


def formula_for(node: AutogradNode, labels: Mapping[AutogradNode, str]) -> Formula | None:
    """Return the formula of a node with the factors, the reduction and the inputs of its call.

    Inputs that get no gradient have no derivative in it.

    Parameters
    ----------
    node : autograd node
    labels : mapping of node to str
        How the nodes that it gets its inputs from are called.
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
    names = _names(node, [name for name, _ in formula.backward], labels)
    return Formula(_as_called(formula.forward, node), backward, formula.source, names)


def _names(
    node: AutogradNode, inputs: Sequence[str], labels: Mapping[AutogradNode, str]
) -> tuple[tuple[str, str], ...]:
    """Return what each input is in this call; those that would have one name have none."""
    sources = [source for source, _ in node.next_functions]
    found = {}
    for number, name in enumerate(inputs):
        source = sources[number] if number < len(sources) else None
        found[name] = labels.get(source, "") if source is not None else _constant(node, name)
    said = list(found.values())
    return tuple((name, text) for name, text in found.items() if text and said.count(text) == 1)


def _constant(node: AutogradNode, name: str) -> str:
    """Return a number that the operation was called with; an empty text if it is not known."""
    value = torch_compat.saved_number(node, name)
    return "" if value is None else f"{value:g}" if value >= 0 else f"({value:g})"


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
