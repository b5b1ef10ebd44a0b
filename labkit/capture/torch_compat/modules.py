"""Private names of modules: what they hold, how they are called, whether they are compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch


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


def without_compilation(function: Callable[..., Any]) -> None:
    """Have torch.compile run a function's frames, and all below them, as they are."""
    dynamo: Any = getattr(torch._C._dynamo, "eval_frame", None)
    strategy = getattr(dynamo, "_FrameExecStrategy", None)
    action = getattr(dynamo, "_FrameAction", None)
    if strategy is None or action is None:
        return
    dynamo.set_code_exec_strategy(function.__code__, strategy(action.SKIP, action.SKIP))
