"""Reads the modules' outputs in a sampled step, through hooks that stand for that step only."""

from __future__ import annotations

import functools
import math
import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from labkit.capture import torch_compat
from labkit.capture.activations import pictures
from labkit.capture.activations.chosen_input import ChosenInput
from labkit.capture.activations.over_time import OverTime
from labkit.capture.activations.pictures import Draft
from labkit.capture.activations.statistics import (
    FOR_UNITS,
    STATISTICS,
    Bent,
    bend_of,
    bends_after,
    channel_dimension,
    first_samples,
    silent_units,
    statistics,
)
from labkit.capture.activations.whole_model import look_at_inputs, look_at_prediction
from labkit.capture.parameters import prefixed
from labkit.capture.readout import Readout
from labkit.run import Run
from labkit.run.activations import Picture

_MOST_PICTURED = 24
"""Modules of which pictures are made, so that a deep model does not fill the memory."""


class ActivationReader:
    """Reads what the watched modules give out while it is on.

    Parameters
    ----------
    models : mapping of str to Module
        The label ``""`` stands for an only model.
    chosen : ChosenInput, optional
        The input of which pictures are made, in a pass of its own; otherwise they are of the
        loop's own passes.
    """

    def __init__(self, models: Mapping[str, nn.Module], chosen: ChosenInput | None = None) -> None:
        self._chosen = chosen
        self._root = weakref.ref(next(iter(models.values())))
        self._looks_at_chosen = False
        self._paths: dict[int, tuple[str, weakref.ref[nn.Module]]] = {}
        self._roots: set[int] = set()
        self._kinds: dict[str, Bent] = {}
        self._after: Mapping[str, Bent] = {}
        self._after_of = ""
        self._handles: list[Any] = []
        self._home = 0
        self._usable = True
        self._pictures = False
        self._pictured: dict[str, None] = {}
        self._found: dict[str, torch.Tensor] = {}
        self._gradients: dict[str, torch.Tensor] = {}
        self._drafts: list[tuple[str, Draft]] = []
        self._over_time = OverTime()
        self._newest: weakref.ref[torch.Tensor] | None = None
        self._run: weakref.ref[Run] | None = None
        self._readout = Readout()
        self._step = 0
        self.spent_ns = 0
        """Time the hooks took since the last start."""
        for label, model in models.items():
            self._roots.add(id(model))
            for path, module in model.named_modules():
                name = prefixed(label, path)
                self._paths.setdefault(id(module), (name, weakref.ref(module)))
                self._usable = self._usable and not torch_compat.is_compiled(module)
                bent = bend_of(module)
                if bent is not None:
                    self._kinds[name] = bent

    def start(self, run: Run, readout: Readout, step: int, *, with_pictures: bool) -> None:
        """Begin to read; a compiled model is left alone, as hooks would recompile it."""
        if not self._usable or self._handles:
            return
        self.clear()
        self.spent_ns = 0
        self._home, self._pictures = threading.get_ident(), with_pictures
        self._run, self._readout, self._step = weakref.ref(run), readout, step
        if run.graph is not None and run.graph.signature != self._after_of:
            self._after, self._after_of = bends_after(run.graph), run.graph.signature
        self._handles = [register_module_forward_hook(self._called)]

    def stop(self) -> None:
        """Take the hooks off the modules; those on tensors go after the backward pass."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self._newest = None

    def record(self, run: Run, readout: Readout, step: int) -> None:
        """Write what was read, once the gradients have come back."""
        self.stop()
        if self._found:
            names = tuple(self._found)
            table = torch.stack([self._found[name] for name in names])  # (module, statistic)
            for place, kind in enumerate(STATISTICS):
                _write(run, readout, step, kind, names, table[:, place])
        if self._gradients:
            zero = torch.full((), float("nan"), device=next(iter(self._gradients.values())).device)
            names = tuple(self._found)
            norms = torch.stack([self._gradients.get(name, zero) for name in names])
            _write(run, readout, step, "act_grad", names, norms)
        if self._pictures:
            self._look_at_chosen()
            for path, draft in [*self._drafts, *self._over_time.drafts()]:
                _keep(run, readout, step, path, draft)
        self.clear()

    def _look_at_chosen(self) -> None:
        model = self._root()
        if self._chosen is None or model is None:
            return
        handle = register_module_forward_hook(self._called)
        self._looks_at_chosen = True
        try:
            self._chosen.run(model)
        finally:
            self._looks_at_chosen = False
            handle.remove()

    def clear(self) -> None:
        """Let go of every tensor."""
        self._found, self._gradients, self._drafts = {}, {}, []
        self._over_time.clear()

    # ── told by torch ────────────────────────────────────────────────────────

    def _called(self, module: nn.Module, inputs: Any, output: Any) -> None:
        known = self._paths.get(id(module))
        if known is None or known[1]() is not module or threading.get_ident() != self._home:
            return
        if torch_compat.is_transformed():
            return
        began = time.perf_counter_ns()
        try:
            self._read(module, known[0], inputs, output)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the user's model
            self._give_up(error)
        self.spent_ns += time.perf_counter_ns() - began

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        self.stop()
        self.clear()
        run = None if self._run is None else self._run()
        if run is not None:
            run.add_notice(
                "activations",
                "labkit could not read the activations and has switched that off; training is not "
                f"affected. ({type(error).__name__}: {error})",
            )

    def _read(self, module: nn.Module, path: str, inputs: Any, output: Any) -> None:
        run = None if self._run is None else self._run()
        if run is None:
            return
        if self._looks_at_chosen:
            self._picture(module, path, output)
            return
        is_root = id(module) in self._roots
        if not torch.is_grad_enabled():
            if is_root:
                run.observations.evaluated_in_training.add(seen=module.training)
            return
        with torch.no_grad():
            if is_root:
                run.observations.trained_in_eval.add(seen=not module.training)
                look_at_inputs(run, self._readout, self._step, inputs)
                look_at_prediction(run, self._readout, self._step, output)
            if self._pictures:
                self._over_time.take(module, path, inputs, output)
            tensor = _first_tensor(output)
            if tensor is not None:
                self._take(module, path, tensor)
            if self._pictures and self._chosen is None:
                self._picture(module, path, output)

    def _take(self, module: nn.Module, path: str, tensor: torch.Tensor) -> None:
        if self._newest is not None and self._newest() is tensor:
            return  # a container gives out what its last module gave out
        self._newest = weakref.ref(tensor)
        units = channel_dimension(module, tensor)
        self._found[path] = statistics(tensor, self._bent(path), units)
        if tensor.requires_grad and not tensor.is_leaf:
            told = functools.partial(self._gradient_came, path)
            tensor.register_hook(told)  # type: ignore[no-untyped-call]

    def _picture(self, module: nn.Module, path: str, output: Any) -> None:
        """Make pictures of what a module gave out."""
        if isinstance(module, nn.MultiheadAttention) and output[1] is not None:
            drawn = pictures.attention(output[1].detach())
            if drawn is not None:
                self._drafts.append((path, drawn))
        tensor = _first_tensor(output)
        if tensor is None or not self._is_pictured(module, path, tensor):
            return
        if isinstance(module, nn.Conv2d):
            self._drafts.append((path, pictures.kernels(module.weight.detach())))
        bent, units = self._bent(path), channel_dimension(module, tensor)
        silent = None
        if bent is not None and bent.bend == "relu":
            silent = silent_units(tensor.detach(), units)
        drawn = pictures.draft(tensor.detach(), silent)
        if drawn is not None:
            self._drafts.append((path, drawn))

    def _bent(self, path: str) -> Bent | None:
        """Return how a module's output is bent, by itself or by what is called on it."""
        return self._kinds.get(path) or self._after.get(path)

    def _is_pictured(self, module: nn.Module, path: str, tensor: torch.Tensor) -> bool:
        """Return whether a module is among the first so many, or gives out images."""
        if path in self._pictured:
            return True
        most = _MOST_PICTURED if tensor.dim() == 4 else _MOST_PICTURED // 2  # noqa: PLR2004
        if len(self._pictured) < most and not any(module.children()):
            self._pictured[path] = None
            return True
        return False

    def _gradient_came(self, path: str, gradient: torch.Tensor) -> None:
        """Take the norm of a gradient; a large one's is estimated from the first samples."""
        began = time.perf_counter_ns()
        if path in self._found:
            part = first_samples(gradient.detach(), FOR_UNITS)
            scale = math.sqrt(gradient.numel() / max(1, part.numel()))
            norm = torch.linalg.vector_norm(part.float()) * scale
            before = self._gradients.get(path)
            self._gradients[path] = norm if before is None else torch.hypot(before, norm)
        self.spent_ns += time.perf_counter_ns() - began


def _first_tensor(output: Any) -> torch.Tensor | None:
    """Return the first floating-point tensor of a module's output."""
    if isinstance(output, torch.Tensor):
        usable = output.is_floating_point() and output.numel() > 1 and not output.is_meta
        return output if usable and output.layout is torch.strided else None
    if isinstance(output, nn.utils.rnn.PackedSequence):
        return output.data
    parts = output.values() if isinstance(output, Mapping) else output
    if isinstance(parts, (tuple, list)) or isinstance(output, Mapping):
        return next((found for part in parts if (found := _first_tensor(part)) is not None), None)
    return None


def _write(
    run: Run, readout: Readout, step: int, kind: str, names: tuple[str, ...], values: torch.Tensor
) -> None:
    id = kind
    while (block := run.blocks.get(id)) is not None and block.names != names:
        id += "+"
    kept = block or run.add_block(id, kind, names)
    readout.submit(values.contiguous(), lambda row: kept.append(step, row.copy()))


def _keep(run: Run, readout: Readout, step: int, path: str, draft: Draft) -> None:
    """Have a draft copied to the host and kept as a picture."""
    shape = tuple(draft.values.shape)
    count = draft.values.numel()
    parts = [draft.values.reshape(-1).float()]
    if draft.silent is not None:
        parts.append(draft.silent.float())

    def deliver(row: Any) -> None:
        silent = tuple(int(n) for n, each in enumerate(row[count:]) if each)
        run.activations.add(
            Picture(
                module=path,
                kind=draft.kind,
                step=step,
                values=row[:count].reshape(shape).copy(),
                panels=draft.panels,
                rows=draft.rows,
                columns=draft.columns,
                silent=silent,
                whole=draft.whole,
            )
        )

    readout.submit(torch.cat(parts), deliver)
