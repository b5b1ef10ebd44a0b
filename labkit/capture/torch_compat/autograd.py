"""Private names of autograd: sequence numbers, saved values and outputs of nodes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

import torch
from torch.autograd.graph import Node

from labkit.capture.torch_compat.tensors import Output, described

NO_SEQUENCE = 2**64 - 1
"""Sequence number of nodes that have none, such as gradient accumulation."""
_BACKWARD_ARGUMENTS = (
    "tensors",
    "grad_tensors",
    "retain_graph",
    "create_graph",
    "grad_variables",
    "inputs",
)
_INTEGERS = {int}
_CUSTOM: type = torch.autograd.function.BackwardCFunction
UNKNOWN_OUTPUT: Output = (None, None, None)
_EXPOSES_SAVED_TENSOR_HOOKS = hasattr(torch._C._autograd.SavedTensor, "unpack_hook")
_saved_names: dict[type[Any], tuple[str, ...]] = {}
_leaf_kinds: dict[type[Any], bool] = {}
sequence_number: Callable[[], int] = torch._C._autograd._get_sequence_nr
"""Returns the sequence number of this thread's next node; called twice for each module call."""


def takes_usual_arguments(backward: Callable[..., None]) -> bool:
    """Return whether `torch.autograd.backward`, possibly wrapped, has the expected parameters."""
    try:
        return tuple(inspect.signature(backward).parameters) == _BACKWARD_ARGUMENTS
    except (TypeError, ValueError):
        return False


def node_sequence(node: Node) -> int:
    """Return the sequence number of a node: its place in the order of creation.

    `NO_SEQUENCE` if it has none.
    """
    try:
        return int(node._sequence_nr())
    except AttributeError:
        return NO_SEQUENCE


def is_leaf(node: Node) -> bool:
    """Return whether a node accumulates the gradient of a leaf, its `variable`."""
    kind = type(node)
    known = _leaf_kinds.get(kind)
    if known is None:
        known = _leaf_kinds[kind] = kind.__name__ == "AccumulateGrad" and "variable" in dir(kind)
    return known


def is_custom(node: Node) -> bool:
    """Return whether a node is of a `torch.autograd.Function` in Python."""
    return issubclass(type(node), _CUSTOM)


def node_outputs(node: Node) -> tuple[Output, ...]:
    """Return shape, dtype and device of each output of a node; None for what is unknown.

    Only outputs with a gradient count: ``max`` has one, as its indices have none.
    """
    try:
        return tuple(map(_described, node._input_metadata)) or (UNKNOWN_OUTPUT,)
    except Exception:  # noqa: BLE001 - the classes of user-defined tensors may raise anything
        return (UNKNOWN_OUTPUT,)


def node_output(node: Node, number: int = 0) -> Output:
    """Return shape, dtype and device of one output of a node; None for what is unknown."""
    outputs = node_outputs(node)
    return outputs[number] if number < len(outputs) else UNKNOWN_OUTPUT


def _described(metadata: Any) -> Output:
    return UNKNOWN_OUTPUT if metadata is None else described(metadata)


def output_shape(node: Node) -> tuple[int, ...] | None:
    """Return the shape of a node's first output; None if it does not consist of integers."""
    try:
        shape = tuple(node._input_metadata[0].shape)
        return shape if set(map(type, shape)) <= _INTEGERS else None  # a jagged size is not one
    except (AttributeError, RuntimeError, IndexError, TypeError):
        return None


def saved_tensors(node: Node) -> tuple[list[torch.Tensor], bool, bool]:
    """Return a node's saved tensors, whether some are hidden, and whether they were freed.

    Tensors with unpack hooks are hidden: reading them may recompute a checkpointed region. A
    backward pass without ``retain_graph`` frees saved tensors.
    """
    tensors, hidden, freed = [], False, False
    for name in _names_of_saved(node):
        try:
            saved = getattr(node, name)
        except (AttributeError, RuntimeError):
            freed = True
            continue
        for item in saved if isinstance(saved, (tuple, list)) else (saved,):
            if item is None:
                continue
            if _has_hooks(item):
                hidden = True
                continue
            data = item.data
            if data is not None:
                tensors.append(data)
            else:
                freed = freed or _is_freed(node, name.removeprefix("_raw"))
    return tensors, hidden, freed


def saved_value(node: Node, name: str) -> torch.Tensor | None:
    """Return a node's saved tensor of a name; None if there is none that can be read.

    A tensor that was changed in place since then cannot be read.
    """
    try:
        raw = getattr(node, f"_raw_saved_{name}")
        if raw is None or isinstance(raw, (tuple, list)) or _has_hooks(raw):
            return None
        value = getattr(node, f"_saved_{name}")
    except (AttributeError, RuntimeError):
        return None
    return value if isinstance(value, torch.Tensor) else None


def saved_results(node: Node) -> list[torch.Tensor]:
    """Return the saved tensors of a node that some node has created, each with this `grad_fn`.

    Tensors with unpack hooks are omitted: reading them may run the model again. So are tensors that
    were changed in place since then.
    """
    found: list[torch.Tensor] = []
    for name in _names_of_saved(node):
        try:
            raw = getattr(node, name)
            items = raw if isinstance(raw, (tuple, list)) else (raw,)
            if any(item is not None and _has_hooks(item) for item in items):
                continue
            value = getattr(node, name.removeprefix("_raw"))
        except (AttributeError, RuntimeError):
            continue
        values = value if isinstance(value, (tuple, list)) else (value,)
        found += [each for each in values if isinstance(each, torch.Tensor) and each.grad_fn]
    return found


def _names_of_saved(node: Node) -> tuple[str, ...]:
    kind = type(node)
    names = _saved_names.get(kind)
    if names is None:
        names = tuple(name for name in dir(node) if name.startswith("_raw_saved_"))
        _saved_names[kind] = names
    return names


def saved_values(node: Node) -> dict[str, torch.Tensor]:
    """Return a node's saved tensors by name; each has the node that created it as `grad_fn`.

    Tensors with unpack hooks are omitted: reading them may run the model again.
    """
    values = {}
    for name in dir(type(node)):
        if not name.startswith("_raw_saved_"):
            continue
        try:
            raw = getattr(node, name)
            if raw is None or isinstance(raw, (tuple, list)) or _has_hooks(raw):
                continue
            value = getattr(node, name.removeprefix("_raw"))
        except (AttributeError, RuntimeError):
            continue
        if isinstance(value, torch.Tensor):
            values[name.removeprefix("_raw_saved_")] = value
    return values


def saved_scalar(node: Node, name: str) -> object:
    """Return a node's saved number of a name; 1 if there is none."""
    return getattr(node, f"_saved_{name}", 1)


def saved_number(node: Node, name: str) -> float | None:
    """Return a node's saved number, or its saved tensor of one element; None if there is none."""
    value = saved_value(node, name)
    if value is not None:
        return float(value) if value.numel() == 1 and not value.is_complex() else None
    number = getattr(node, f"_saved_{name}", None)
    return float(number) if isinstance(number, int | float) else None


def convolution_settings(node: Node) -> tuple[int, bool] | None:
    """Return the number of groups of a convolution, and whether it is transposed.

    None if the node is none, or does not say.
    """
    if node.name() != "ConvolutionBackward0":
        return None
    groups = getattr(node, "_saved_groups", None)
    transposed = getattr(node, "_saved_transposed", None)
    return None if groups is None or transposed is None else (int(groups), bool(transposed))


def saved_dimension(node: Node) -> int | None:
    """Return the dimension that a node saved, negative if it counts from the end; None without."""
    dimension = getattr(node, "_saved_dim", None)
    if not isinstance(dimension, int):
        return None
    return dimension - 2**64 if dimension >= 2**63 else dimension  # an unsigned number is saved


def _is_freed(node: Node, name: str) -> bool:
    """Return whether a saved tensor was freed, rather than never saved."""
    try:
        getattr(node, name)
    except RuntimeError:
        return True
    return False


def _has_hooks(saved: Any) -> bool:
    """Return whether reading a saved tensor may run the user's code.

    Torch before 2.10 does not say, and has no way to read the tensor without its hooks.
    """
    return not _EXPOSES_SAVED_TENSOR_HOOKS or saved.unpack_hook is not None


def factors_of(result: torch.Tensor) -> list[torch.Tensor]:
    """Return the constant float32 factors with one element, if a tensor is a product.

    Python numbers are not included, as they are saved as float64.
    """
    node = result.grad_fn
    if node is None or node.name() != "MulBackward0":
        return []
    return [
        saved
        for saved in saved_tensors(node)[0]
        if saved.numel() == 1 and saved.dtype is torch.float32 and not saved.requires_grad
    ]


def multiplied_by(result: torch.Tensor, factor: torch.Tensor) -> bool:
    """Return whether a tensor is a product with exactly this tensor as a factor."""
    node = result.grad_fn
    if node is None:
        return False
    return any(saved.data_ptr() == factor.data_ptr() for saved in saved_tensors(node)[0])


def is_within_backward() -> bool:
    """Return whether this thread is in a backward pass, as when a checkpoint is recomputed."""
    task = getattr(torch._C, "_current_graph_task_id", None)
    return task is not None and task() >= 0


def variable_of_roots(code: CodeType) -> str | None:
    """Return the variable with the tensors that code of torch differentiates; None for others."""
    if code.co_filename != torch.autograd.__file__:
        return None
    return {"backward": "tensors", "grad": "outputs"}.get(code.co_name)


def variable_of_custom_node(code: CodeType) -> str | None:
    """Return the variable with the node of a custom function, in code of torch that runs it."""
    is_apply = code.co_name == "apply" and code.co_filename == torch.autograd.function.__file__
    return "self" if is_apply else None


def error_of_saved(node: Node) -> tuple[str, torch.Tensor | None] | None:
    """Return the error that reading a node's saved tensors gives; None if they can be read.

    Returns
    -------
    text : str
    tensor : Tensor or None
        The saved tensor with its present version; None if it was freed.
    """
    for name in _names_of_saved(node):
        raw: Any = None
        try:
            raw = getattr(node, name)
            if raw is not None and not isinstance(raw, (tuple, list)) and _has_hooks(raw):
                continue
            getattr(node, name.removeprefix("_raw"))
        except RuntimeError as error:
            return str(error), getattr(raw, "data", None)
        except AttributeError:
            continue
    return None
