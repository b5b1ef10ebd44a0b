"""Saves what is needed to run a forward pass again, and detects its first non-finite value."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.graph.source_lines import source_of, user_line
from labkit.capture.incidents.call_history import Call
from labkit.capture.incidents.tensor_file import TensorFile
from labkit.run.incident import ModuleOutput, Replay

_MAX_BYTES = 256_000_000
_TENSOR = object()
"""Placeholder of a tensor in the arguments of a call."""


def save_call(call: Call | None) -> Callable[[Callable[[Any], Any] | None], Replay] | None:
    """Save the state and the arguments of a call in a temporary file, so that they take no memory.

    Returns
    -------
    callable or None
        Runs the call again. None if there is no call, if its data is too large or cannot be
        written, and for models with script modules.
    """
    model = None if call is None else call.model()
    if call is None or model is None:
        return None
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return None  # hooks cannot be registered on script modules
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
    return _SavedCall(
        model=call.model,
        names=tuple(state),
        file=file,
        others=[_TENSOR if isinstance(leaf, torch.Tensor) else leaf for leaf in given],
        form=form,
        random_state=call.random_state,
        cuda_random_state=call.cuda_random_state,
        modes={path: module.training for path, module in model.named_modules()},
    ).run_again


@dataclass(eq=False)
class _SavedCall:
    """The data of one forward pass; the file contains the state, in order of names, and inputs."""

    model: weakref.ref[nn.Module]
    names: tuple[str, ...]
    file: TensorFile
    others: list[Any]
    """The leaves of the arguments, with placeholders for tensors."""
    form: Any
    random_state: torch.Tensor | None
    cuda_random_state: torch.Tensor | None
    modes: dict[str, bool]

    def run_again(self, loss: Callable[[Any], Any] | None) -> Replay:
        model = self.model()
        if model is None:
            raise RuntimeError("The step cannot be run again: its model has been deleted.")
        detector = _NonFiniteDetector(model)
        tensors = self.file.read()
        state = dict(zip(self.names, tensors, strict=False))
        inputs = iter(tensors[len(self.names) :])
        leaves = [next(inputs) if leaf is _TENSOR else leaf for leaf in self.others]
        args, kwargs = torch_compat.tree_unflatten(leaves, self.form)
        devices = [0] if self.cuda_random_state is not None else []
        with torch.random.fork_rng(devices=devices), self._modes_of(model), detector.active():
            if self.random_state is not None:
                torch.random.set_rng_state(self.random_state)
            if self.cuda_random_state is not None:
                torch.cuda.set_rng_state(self.cuda_random_state)
            output = torch.func.functional_call(model, state, args, kwargs)
            if loss is not None:
                detector.within.append("")
                output = loss(output)
        return Replay(
            tuple(detector.outputs), detector.operation, detector.module, detector.line, output
        )

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


class _NonFiniteDetector(torch_compat.DispatchMode):  # type: ignore[no-untyped-call]
    """Checks the result of every operation until one is not finite."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.outputs: list[ModuleOutput] = []
        self.within: list[str] = []
        self.operation: str | None = None
        self.module: str | None = None
        self.line: str | None = None
        self._is_reading_output = False
        self._paths = {module: path for path, module in model.named_modules()}

    @contextmanager
    def active(self) -> Iterator[None]:
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
        is_uninitialized = "empty" in func.__name__  # uninitialized memory
        if self.operation is None and not self._is_reading_output and not is_uninitialized:
            made = _floats(result)
            if made and not all(map(_finite, made)) and all(map(_finite, _floats((args, kwargs)))):
                self.operation = func.__name__.partition(".")[0]
                self.module = self.within[-1] if self.within else None
                source = source_of(user_line())
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
        self._is_reading_output = True
        with torch.no_grad():
            values = found[0].detach().float()
            finite = values[torch.isfinite(values)]
            std, mean = (
                torch.std_mean(finite, correction=0)
                if finite.numel()
                else (values.new_zeros(()),) * 2
            )
            path = self._paths[module]
            kind, non_finite = type(module).__name__, values.numel() - finite.numel()
            shape = tuple(values.shape)
            self.outputs.append(
                ModuleOutput(path, kind, shape, mean.item(), std.item(), non_finite)
            )
        self._is_reading_output = False


def _floats(values: Any) -> list[torch.Tensor]:
    leaves = torch_compat.tree_leaves(values)
    return [v for v in leaves if isinstance(v, torch.Tensor) and v.is_floating_point()]


def _finite(tensor: torch.Tensor) -> bool:
    values = tensor.detach()
    return bool(torch.isfinite(values).all())
