"""Private names of modules: their contents, calls and compilation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle


def direct_parameter(module: torch.nn.Module, name: str) -> torch.Tensor | None:
    """Return a module's direct parameter of a name; None if it has none."""
    own = module._parameters
    # The parameters of a ScriptModule are looked up in C++, by an object without `get`.
    return own[name] if name in own else None  # noqa: SIM401


def direct_parameters(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a module's direct parameters by name; none of a module without ``__init__``."""
    held = _held(module, "_parameters") or {}
    return {name: parameter for name, parameter in held.items() if parameter is not None}


def direct_modules(module: torch.nn.Module) -> Mapping[str, torch.nn.Module | None]:
    """Return a module's direct submodules by name; none of a module without ``__init__``."""
    held = _held(module, "_modules") or {}
    # In a ScriptModule this is not a dict, and only its items can be read.
    return held if isinstance(held, dict) else dict(held.items())


def _held(module: torch.nn.Module, attribute: str) -> Any:
    if isinstance(module, torch.jit.ScriptModule):
        return getattr(module, attribute)  # some pass it on to a module within
    return vars(module).get(attribute)


def named_modules(module: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module]]:
    """Yield a module and its submodules with their paths, several times if they have several.

    Unlike the method of this name, it does not enter a module within itself, as where a module
    holds its parent, and an attribute of the same name does not matter.
    """
    yield from _named_modules(module, "", ())


def _named_modules(
    module: torch.nn.Module, path: str, around: tuple[torch.nn.Module, ...]
) -> Iterator[tuple[str, torch.nn.Module]]:
    if any(module is each for each in around):
        return
    yield path, module
    for name, child in list(direct_modules(module).items()):
        if child is not None:
            below = f"{path}.{name}" if path else name
            yield from _named_modules(child, below, (*around, module))


def all_parameters(module: torch.nn.Module) -> list[torch.Tensor]:
    """Return the parameters of a module and its submodules, each once."""
    found: dict[int, torch.Tensor] = {}
    for each in all_modules(module):
        found |= {id(parameter): parameter for parameter in direct_parameters(each).values()}
    return list(found.values())


def all_modules(module: torch.nn.Module) -> list[torch.nn.Module]:
    """Return a module and its submodules, each once."""
    found = {id(module): module}
    waiting = [module]
    while waiting:
        for child in direct_modules(waiting.pop()).values():
            if child is not None and id(child) not in found:
                found[id(child)] = child
                waiting.append(child)
    return list(found.values())


def has_forward(module: torch.nn.Module) -> bool:
    """Return whether a module can be called: containers have no `forward`."""
    # In the class of a ScriptModule, `forward` is a descriptor that raises.
    return getattr(type(module), "forward", None) is not torch.nn.Module.forward


def call_interceptor(module: torch.nn.Module) -> Callable[..., Any] | None:
    """Return the object that replaces calls of a module's forward pass; None if there is none."""
    return module.__dict__.get("_compiled_call_impl")


def intercept_calls(module: torch.nn.Module, interceptor: Callable[..., Any]) -> None:
    """Set an object that is called instead of a module's forward pass.

    The attribute is the one that `Module.compile` sets: torch excludes it from copies and pickles,
    and neither the class nor `forward` changes.
    """
    interceptor.labkit_interceptor = True  # type: ignore[attr-defined]
    # Not by `__setattr__`, as a ScriptModule would set it on another module.
    vars(module)["_compiled_call_impl"] = interceptor


def stop_interception(module: torch.nn.Module, interceptor: Callable[..., Any]) -> None:
    """Remove an interceptor, unless another has replaced it."""
    if module.__dict__.get("_compiled_call_impl") is interceptor:
        vars(module).pop("_compiled_call_impl", None)


def call_forward(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a module as torch does without an interceptor: with hooks and `forward`."""
    return module._call_impl(*args, **kwargs)


def script_attributes(module: torch.nn.Module) -> dict[str, Any]:
    """Return the attributes of a ScriptModule, with its buffers; they are held in C++.

    Of a list or dict, this is a copy.
    """
    held: Any = vars(module).get("_c") if isinstance(module, torch.jit.ScriptModule) else None
    if held is None:
        return {}
    names: Any = getattr(vars(module).get("_concrete_type"), "get_attributes", dict)()
    return {name: held.getattr(name) for name in names if held.hasattr(name)}


def restore_script_attributes(module: Any, attributes: Mapping[str, Any]) -> None:
    """Set the attributes of a ScriptModule that have changed."""
    for name, value in attributes.items():
        present = module._c.getattr(name)
        if isinstance(value, torch.Tensor) or isinstance(present, torch.Tensor):
            is_changed = present is not value
        else:
            is_changed = present != value
        if is_changed:
            module._c.setattr(name, value)


def calls_forward(code: CodeType) -> bool:
    """Return whether code is torch's own that calls the `forward` of a module."""
    own = getattr(getattr(torch.nn.Module, "_call_impl", None), "__code__", None)
    if own is None or code.co_filename != own.co_filename:
        return False
    return code is own or code in own.co_consts  # a function within it, if there are hooks


def is_compiled(module: torch.nn.Module) -> bool:
    """Return whether `torch.compile` has wrapped a module, or compiled it in place."""
    own = vars(module)  # reading attributes could run code of the user
    interceptor = own.get("_compiled_call_impl")
    in_place = interceptor is not None and not hasattr(interceptor, "labkit_interceptor")
    return in_place or "_orig_mod" in own.get("_modules", ())


def has_compiled() -> bool:
    """Return whether torch.compile has compiled anything in this process."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    counters = getattr(dynamo, "counters", None)
    return counters is not None and counters["stats"]["unique_graphs"] > 0


def without_compilation(function: Callable[..., Any]) -> None:
    """Exclude a function, and everything it calls, from compilation by torch.compile."""
    dynamo: Any = getattr(torch._C._dynamo, "eval_frame", None)
    strategy = getattr(dynamo, "_FrameExecStrategy", None)
    action = getattr(dynamo, "_FrameAction", None)
    if strategy is None or action is None:
        return
    dynamo.set_code_exec_strategy(function.__code__, strategy(action.SKIP, action.SKIP))


def remove_global_hook(handle: RemovableHandle) -> None:
    """Remove a forward hook on all modules, and the note that it takes keyword arguments.

    torch leaves this note, and would warn in ``torch.compile`` that there are hooks on all modules.
    """
    handle.remove()
    notes = getattr(torch.nn.modules.module, "_global_forward_hooks_with_kwargs", None)
    if isinstance(notes, dict):
        notes.pop(handle.id, None)
