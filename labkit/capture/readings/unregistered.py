"""Finds parameters that a model's forward pass uses, but that are not the model's.

A tensor that requires a gradient, and is an attribute of a module, counts as one.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.hooks import discovery
from labkit.capture.parameters import ParameterTable
from labkit.run import ComputationGraph

_MAX_NAMES = 64


def unregistered_parameters(
    graph: ComputationGraph, ids: Mapping[AutogradNode, str], table: ParameterTable
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the parameters used inside a watched model that neither it nor an optimizer holds.

    Parameters
    ----------
    graph : ComputationGraph
    ids : mapping of Node to str
        The id of each of autograd's nodes in the graph.
    table : ParameterTable

    Returns
    -------
    tuple of (str, tuple of int)
        The path of the module that uses each, ``""`` for the model itself, and its shape; at most
        64.
    """
    leaves = {
        ids[node]: node.variable  # type: ignore[attr-defined]
        for node in ids
        if torch_compat.is_leaf(node) and table.find(node.variable) is None  # type: ignore[attr-defined]
    }
    tensors = {key for key, leaf in leaves.items() if not isinstance(leaf, nn.Parameter)}
    attributes = _attributes(table) if tensors else set()
    unknown = {
        key: leaf for key, leaf in leaves.items() if key not in tensors or id(leaf) in attributes
    }
    if not unknown:
        return ()
    inside = {
        node.id: (node.scope.partition("#")[0], node.shape or ())
        for node in graph.nodes
        if node.id in unknown and node.scope
    }
    held = _held_by_optimizers([unknown[key] for key in inside])
    return tuple(use for key, use in inside.items() if unknown[key] not in held)[:_MAX_NAMES]


def _attributes(table: ParameterTable) -> set[int]:
    """Return the identities of the tensors without history that are attributes of the modules.

    A tensor that was changed in place is excluded: the user moves it.
    """
    return {
        id(value)
        for entry in table.layout
        if (module := entry.module()) is not None
        for value in vars(module).values()
        if isinstance(value, torch.Tensor)
        and value.is_leaf
        and value.requires_grad
        and torch_compat.tensor_version(value) == 0
    }


def _held_by_optimizers(parameters: list[torch.Tensor]) -> set[torch.Tensor]:
    """Return those of some parameters that an optimizer holds."""
    if not parameters:
        return set()
    found = discovery.owners(parameters, torch.optim.Optimizer, levels=5)
    groups = [group for each in found for group in getattr(each, "param_groups", ())]
    return {parameter for group in groups for parameter in group["params"]} & set(parameters)
