"""Every private name of torch that labkit reads, each with its fallback.

Nothing else in labkit may use a torch name that begins with an underscore. Where a name is
missing (another version of torch), the fallback says "unknown" instead of failing.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import CodeType, FrameType
from typing import Any, Literal

import torch
from torch.autograd.graph import Node
from torch.nn.parameter import is_lazy
from torch.optim import optimizer as optimizer_module
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.hooks import RemovableHandle

LOADER_ITERATOR: Any = getattr(torch.utils.data.dataloader, "_BaseDataLoaderIter", None)
"""What iterates over a DataLoader: `__next__` gives a batch, `_next_index` its samples."""
if not hasattr(LOADER_ITERATOR, "_next_index"):
    LOADER_ITERATOR = None
DispatchMode = TorchDispatchMode
"""A mode that is told of every operation that runs, below autograd."""
NO_SEQUENCE = 2**64 - 1
"""Sequence number of nodes that have no place in the order, such as gradient accumulation."""

_BACKWARD_ARGUMENTS = (
    "tensors",
    "grad_tensors",
    "retain_graph",
    "create_graph",
    "grad_variables",
    "inputs",
)
_INTEGERS = {int}
_saved_names: dict[type[Any], tuple[str, ...]] = {}
_leaf_kinds: dict[type[Any], bool] = {}


sequence_number: Callable[[], int] = torch._C._autograd._get_sequence_nr
"""Returns the number the next autograd node of this thread will get; read twice a module call."""


tensor_version = operator.attrgetter("_version")
"""How often a tensor was changed in place; read many times a step, so no function of Python's."""


def takes_usual_arguments(backward: Callable[..., None]) -> bool:
    """Return whether `torch.autograd.backward`, perhaps wrapped, takes the arguments known here."""
    try:
        return tuple(inspect.signature(backward).parameters) == _BACKWARD_ARGUMENTS
    except (TypeError, ValueError):
        return False


def node_sequence(node: Node) -> int:
    """Return the number that says when a node was made; `NO_SEQUENCE` if it has none."""
    try:
        return int(node._sequence_nr())
    except AttributeError:
        return NO_SEQUENCE


def is_leaf(node: Node) -> bool:
    """Return whether a node collects the gradient of a leaf, its `variable`."""
    kind = type(node)
    known = _leaf_kinds.get(kind)
    if known is None:
        known = _leaf_kinds[kind] = kind.__name__ == "AccumulateGrad" and "variable" in dir(kind)
    return known


def node_output(node: Node) -> tuple[tuple[int, ...] | None, str | None, str | None]:
    """Return shape, dtype and device of a node's first output without keeping a tensor."""
    try:
        metadata = node._input_metadata
    except (AttributeError, RuntimeError):
        return None, None, None
    if not metadata:
        return None, None, None
    first = metadata[0]
    try:
        shape = tuple(map(int, first.shape))
    except (TypeError, RuntimeError, AttributeError):  # a jagged size is no number
        shape = None
    return shape, name_of(first.dtype), name_of(first.device)


def output_shape(node: Node) -> tuple[int, ...] | None:
    """Return the shape of a node's first output, None where it is not made of numbers."""
    try:
        shape = tuple(node._input_metadata[0].shape)
        return shape if set(map(type, shape)) <= _INTEGERS else None  # a jagged size is none
    except (AttributeError, RuntimeError, IndexError, TypeError):
        return None


@functools.lru_cache(maxsize=256)
def name_of(kind: torch.dtype | torch.device) -> str:
    """Return a dtype's or a device's name without ``torch.``."""
    return str(kind).removeprefix("torch.")


def saved_tensors(node: Node) -> tuple[list[torch.Tensor], bool, bool]:
    """Return the tensors a node keeps for backward; whether some are hidden; whether they are gone.

    Tensors behind unpack hooks stay hidden: reading them may compute a checkpointed region again.
    After a backward pass that did not retain the graph they are gone.
    """
    kind = type(node)
    names = _saved_names.get(kind)
    if names is None:
        names = tuple(name for name in dir(node) if name.startswith("_raw_saved_"))
        _saved_names[kind] = names
    tensors, hidden, freed = [], False, False
    for name in names:
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
    """Return the tensor a node keeps under a name, None if there is none that can be read."""
    try:
        raw = getattr(node, f"_raw_saved_{name}")
    except (AttributeError, RuntimeError):
        return None
    if raw is None or isinstance(raw, (tuple, list)) or _has_hooks(raw):
        return None
    value = raw.data
    return value if isinstance(value, torch.Tensor) else None


def kept_values(node: Node) -> dict[str, torch.Tensor]:
    """Return the tensors a node keeps, by their names, each with the node that made it.

    Those behind unpack hooks are left out: reading them may run the model again.
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


def batches_taken(iterator: Any) -> int | None:
    """Return how many batches a loader's iterator has given out; None if it does not tell."""
    taken = getattr(iterator, "_num_yielded", None)
    return taken if isinstance(taken, int) else None


def saved_scalar(node: Node, name: str) -> object:
    """Return a number a node keeps under a name, 1 if it keeps none."""
    return getattr(node, f"_saved_{name}", 1)


def _is_freed(node: Node, name: str) -> bool:
    """Return whether a saved tensor is gone, not just one that was never needed."""
    try:
        getattr(node, name)
    except RuntimeError:
        return True
    return False


def _has_hooks(saved: Any) -> bool:
    return getattr(saved, "unpack_hook", None) is not None


def foreach_norm(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return the 2-norm of every tensor in one fused call."""
    return list(torch._foreach_norm(tuple(tensors), 2.0))


def foreach_subtract(left: Sequence[torch.Tensor], right: Sequence[torch.Tensor]) -> None:
    """Subtract ``right[i]`` from ``left[i]`` in place, in one fused call."""
    if left:
        torch._foreach_sub_(tuple(left), tuple(right))


def scaler_factor(scaler: torch.amp.GradScaler) -> torch.Tensor | None:
    """Return what a gradient scaler multiplies the loss by; None before its first use."""
    factor = getattr(scaler, "_scale", None)
    return factor if isinstance(factor, torch.Tensor) else None


def factors_of(result: torch.Tensor) -> list[torch.Tensor]:
    """Return the float32 constants of one element that a tensor is the product of.

    Python's own numbers are kept as float64.
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
    """Return whether a tensor is the product of something and exactly this factor."""
    node = result.grad_fn
    if node is None:
        return False
    return any(saved.data_ptr() == factor.data_ptr() for saved in saved_tensors(node)[0])


def own_parameter(module: torch.nn.Module, name: str) -> torch.Tensor | None:
    """Return a module's own parameter of a name, None if it has none."""
    own = module._parameters
    # A ScriptModule looks its parameters up in a module of C++, by something that has no `get`.
    return own[name] if name in own else None  # noqa: SIM401


def own_modules(module: torch.nn.Module) -> Mapping[str, torch.nn.Module | None]:
    """Return the modules that a module holds itself, by their names."""
    held = module._modules
    # A ScriptModule's is no dict, and can only be read pair by pair.
    return held if isinstance(held, dict) else dict(held.items())


def global_step_hooks() -> tuple[Any, Any] | None:
    """Return torch's registries of hooks around every optimizer's step; None if they are gone."""
    before = getattr(optimizer_module, "_global_optimizer_pre_hooks", None)
    after = getattr(optimizer_module, "_global_optimizer_post_hooks", None)
    return None if before is None or after is None else (before, after)


def remove_global_step_hook(which: Literal["pre", "post"], handle: RemovableHandle) -> None:
    """Remove a hook around every optimizer's step while other threads may be calling it.

    A thread that iterates over the registry raises if it changes. Where the hook is the only one,
    the registry is replaced by an empty one, and whoever iterates over the old one goes on.
    """
    name = f"_global_optimizer_{which}_hooks"
    registry = getattr(optimizer_module, name, None)
    if registry is not None and list(registry) == [handle.id]:
        setattr(optimizer_module, name, type(registry)())
    else:
        handle.remove()


StepHooks = tuple[OrderedDict[int, Callable[..., Any]], OrderedDict[int, Callable[..., Any]]]


def own_step_hooks(optimizer: torch.optim.Optimizer) -> StepHooks:
    """Return one optimizer's own hooks before and after its steps; empty ones where it has none."""
    before = getattr(optimizer, "_optimizer_step_pre_hooks", None)
    after = getattr(optimizer, "_optimizer_step_post_hooks", None)
    return (
        OrderedDict() if before is None else before,
        OrderedDict() if after is None else after,
    )


def _code_around_steps() -> CodeType | None:
    """Return the code of what torch calls around every optimizer's step; None if it is gone."""
    around = getattr(torch.optim.Optimizer, "profile_hook_step", None)
    return getattr(around(lambda: None), "__code__", None) if callable(around) else None


_AROUND_STEPS = _code_around_steps()


def steps_under_way(thread: int) -> Counter[int] | None:
    """Return how many ``step`` calls are under way on a thread, by their optimizers' identities.

    None where that cannot be seen. A step that raised is not announced as ended, so this is what
    tells one that goes on from one that is over.
    """
    if _AROUND_STEPS is None:
        return None
    own = thread == threading.get_ident()
    return _stepping_in(sys._getframe(1) if own else sys._current_frames().get(thread))


def steps_under_way_anywhere() -> set[int]:
    """Return the identities of the optimizers whose ``step`` is under way on any thread."""
    return set().union(*map(_stepping_in, sys._current_frames().values()))


def _stepping_in(frame: FrameType | None) -> Counter[int]:
    found: Counter[int] = Counter()
    while frame is not None:
        if frame.f_code is _AROUND_STEPS:
            found[id((frame.f_locals.get("args") or (None,))[0])] += 1
        frame = frame.f_back
    return found


def has_forward(module: torch.nn.Module) -> bool:
    """Return whether a module can be called: containers have no forward pass of their own."""
    # The class of a ScriptModule has a descriptor there that raises.
    return getattr(type(module), "forward", None) is not torch.nn.Module.forward


def call_interceptor(module: torch.nn.Module) -> Callable[..., Any] | None:
    """Return what is called in place of a module's forward pass, None if nothing is."""
    return module.__dict__.get("_compiled_call_impl")


def intercept_calls(module: torch.nn.Module, interceptor: Callable[..., Any]) -> None:
    """Have an object called in place of a module's forward pass.

    The attribute is the one that `Module.compile` sets: torch leaves it out of copies and pickles,
    and neither the class nor `forward` changes.
    """
    interceptor.labkit_interceptor = True  # type: ignore[attr-defined]
    # Past `__setattr__`, as a ScriptModule would set it on another module.
    vars(module)["_compiled_call_impl"] = interceptor


def stop_interception(module: torch.nn.Module, interceptor: Callable[..., Any]) -> None:
    """Take an interceptor off, unless another has taken its place."""
    if module.__dict__.get("_compiled_call_impl") is interceptor:
        vars(module).pop("_compiled_call_impl", None)


def call_forward(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a module as torch does where nothing intercepts the call: hooks and forward."""
    return module._call_impl(*args, **kwargs)


def without_compilation(function: Callable[..., Any]) -> None:
    """Have torch.compile run a function's frames, and all below them, as they are."""
    dynamo: Any = getattr(torch._C._dynamo, "eval_frame", None)
    strategy = getattr(dynamo, "_FrameExecStrategy", None)
    action = getattr(dynamo, "_FrameAction", None)
    if strategy is None or action is None:
        return
    dynamo.set_code_exec_strategy(function.__code__, strategy(action.SKIP, action.SKIP))


def has_storage(parameter: torch.Tensor) -> bool:
    """Return whether a parameter has a size yet; a lazy module's gets it at its first call."""
    return not is_lazy(parameter)


def is_compiled(module: torch.nn.Module) -> bool:
    """Return whether a module is what `torch.compile` made of another, or was compiled in place."""
    own = vars(module)  # attributes of the user's may raise
    interceptor = own.get("_compiled_call_impl")
    in_place = interceptor is not None and not hasattr(interceptor, "labkit_interceptor")
    return in_place or "_orig_mod" in own.get("_modules", ())


def has_compiled() -> bool:
    """Return whether torch.compile has compiled anything in this process."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    counters = getattr(dynamo, "counters", None)
    return counters is not None and counters["stats"]["unique_graphs"] > 0


def is_transformed() -> bool:
    """Return whether torch is tracing, compiling or transforming: then tensors hold no values."""
    if torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None:
        return True
    # To ask functorch's own stack would create it, and from then on every node of autograd, of
    # every model, would copy it.
    active = getattr(torch._C, "_are_functorch_transforms_active", None)
    return active is not None and bool(active())


without_functions: Callable[[], AbstractContextManager[None]] = torch._C.DisableTorchFunction
"""Within it no `__torch_function__` is called, neither a tensor's nor a mode's."""


def holds_values(tensor: torch.Tensor) -> bool:
    """Return whether a tensor's class leaves it to torch where and how its values are stored."""
    ordinary = torch.Tensor.__torch_dispatch__
    return getattr(type(tensor), "__torch_dispatch__", ordinary) == ordinary


def sees_every_operation() -> bool:
    """Return whether some mode is told of every operation: then none may be added to the loop's."""
    depth = getattr(torch._C, "_len_torch_dispatch_stack", None)
    return depth is not None and bool(depth())


def is_within_backward() -> bool:
    """Return whether this thread is within a backward pass, as where a checkpoint runs again."""
    task = getattr(torch._C, "_current_graph_task_id", None)
    return task is not None and task() >= 0
