"""Keeps what a forward pass needs to be run again, and runs it under close watch."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.graph.source_lines import source_of, users_line
from labkit.capture.incidents.call_history import Call
from labkit.capture.incidents.tensor_file import TensorFile
from labkit.run.incident import ModuleOutput, Replay

_MAX_BYTES = 256_000_000
_INPUT = object()
"""Stands for a tensor among a call's arguments."""


def keep(call: Call | None) -> Callable[[Callable[[Any], Any] | None], Replay] | None:
    """Write what a call needs to be run again to a temporary file, so that it takes no memory.

    None if that is too large, cannot be written, or nothing is known, and for compiled modules.
    """
    model = None if call is None else call.model()
    if call is None or model is None:
        return None
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return None  # they take no hooks
    state = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    given, form = torch_compat.tree_flatten((call.args, dict(call.kwargs)))
    inputs = [leaf for leaf in given if isinstance(leaf, torch.Tensor)]
    tensors = [*state.values(), *inputs]
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors) > _MAX_BYTES:
        return None
    try:
        file = TensorFile(tensors)
    except (OSError, RuntimeError, TypeError):
        return None
    return _Kept(
        model=call.model,
        names=tuple(state),
        file=file,
        others=[_INPUT if isinstance(leaf, torch.Tensor) else leaf for leaf in given],
        form=form,
        random_state=call.random_state,
        cuda_random_state=call.cuda_random_state,
        modes={path: module.training for path, module in model.named_modules()},
    ).again


@dataclass(eq=False)
class _Kept:
    """What one forward pass needs; state and inputs are in the file, in the order of the names."""

    model: weakref.ref[nn.Module]
    names: tuple[str, ...]
    file: TensorFile
    others: list[Any]
    """Leaves of the arguments, the tensors left out."""
    form: Any
    random_state: torch.Tensor | None
    cuda_random_state: torch.Tensor | None
    modes: dict[str, bool]

    def again(self, loss: Callable[[Any], Any] | None) -> Replay:
        model = self.model()
        if model is None:
            raise RuntimeError("The step cannot be run again: its model has been deleted.")
        watch = _FirstNotFinite(model)
        tensors = self.file.read()
        state = dict(zip(self.names, tensors, strict=False))
        inputs = iter(tensors[len(self.names) :])
        leaves = [next(inputs) if leaf is _INPUT else leaf for leaf in self.others]
        args, kwargs = torch_compat.tree_unflatten(leaves, self.form)
        devices = [0] if self.cuda_random_state is not None else []
        with torch.random.fork_rng(devices=devices), self._modes_of(model), watch.listening():
            if self.random_state is not None:
                torch.random.set_rng_state(self.random_state)
            if self.cuda_random_state is not None:
                torch.cuda.set_rng_state(self.cuda_random_state)
            output = torch.func.functional_call(model, state, args, kwargs)
            if loss is not None:
                watch.within.append("")
                output = loss(output)
        return Replay(tuple(watch.outputs), watch.operation, watch.module, watch.line, output)

    @contextmanager
    def _modes_of(self, model: nn.Module) -> Iterator[None]:
        before = {module: module.training for module in model.modules()}
        for path, module in model.named_modules():
            module.training = self.modes.get(path, module.training)
        try:
            yield
        finally:
            for module, training in before.items():
                module.training = training


class _FirstNotFinite(torch_compat.DispatchMode):  # type: ignore[no-untyped-call]
    """Looks at the result of every operation until one is not finite."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.outputs: list[ModuleOutput] = []
        self.within: list[str] = []
        self.operation: str | None = None
        self.module: str | None = None
        self.line: str | None = None
        self._looking = False
        self._paths = {module: path for path, module in model.named_modules()}

    @contextmanager
    def listening(self) -> Iterator[None]:
        handles = []
        for module in self._paths:
            handles += [
                module.register_forward_pre_hook(self._enter),
                module.register_forward_hook(self._leave),
            ]
        try:
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        makes_nothing = "empty" in func.__name__  # memory as it was left
        if self.operation is None and not self._looking and not makes_nothing:
            made = _floats(result)
            if made and not all(map(_finite, made)) and all(map(_finite, _floats((args, kwargs)))):
                self.operation = func.__name__.partition(".")[0]
                self.module = self.within[-1] if self.within else None
                source = source_of(users_line())
                self.line = None if source is None else f"{source.file}:{source.line}"
        return result

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self.within.append(self._paths[module])

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if self.within:
            self.within.pop()
        found = _floats(output)
        if not found:
            return
        self._looking = True
        with torch.no_grad():
            values = found[0].detach().float()
            good = values[torch.isfinite(values)]
            std, mean = (
                torch.std_mean(good, correction=0) if good.numel() else (values.new_zeros(()),) * 2
            )
            path = self._paths[module]
            kind, lost = type(module).__name__, values.numel() - good.numel()
            shape = tuple(values.shape)
            self.outputs.append(ModuleOutput(path, kind, shape, mean.item(), std.item(), lost))
        self._looking = False


def _floats(values: Any) -> list[torch.Tensor]:
    leaves = torch_compat.tree_leaves(values)
    return [v for v in leaves if isinstance(v, torch.Tensor) and v.is_floating_point()]


def _finite(tensor: torch.Tensor) -> bool:
    values = tensor.detach()
    return bool(torch.isfinite(values).all())
