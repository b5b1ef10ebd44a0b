"""Reads the modules' outputs in a sampled step, with a hook registered for that step only."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from labkit.capture import torch_compat
from labkit.capture.parameters import prefixed
from labkit.capture.readings.activations.chosen_input import ChosenInput
from labkit.capture.readings.activations.collected import Collected
from labkit.capture.readings.activations.left_out import LeftOut
from labkit.capture.readings.activations.picturing import Picturing, record
from labkit.capture.readings.activations.readable import first_readable
from labkit.capture.readings.activations.statistics import (
    STATISTICS,
    Bent,
    bend_of,
    bends_after,
    channel_dimension,
    statistics,
)
from labkit.capture.readings.activations.whole_model import read_inputs, read_prediction
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run


class ActivationReader:
    """Reads the outputs of the watched modules from the start of a step to its end.

    All calls with gradients count, of any of the models, before or after a backward pass; of a
    module that is called several times the last call is recorded. A module that cannot be read is
    excluded, the others are read all the same.

    Parameters
    ----------
    models : mapping of str to Module
        By label, ``""`` for an only model. Held weakly.
    chosen : ChosenInput, optional
        The input of which pictures are made, in a forward pass of its own; by default they are of
        the loop's own passes.
    """

    def __init__(self, models: Mapping[str, nn.Module], chosen: ChosenInput | None = None) -> None:
        self._models = {label: weakref.ref(model) for label, model in models.items()}
        self._chosen = chosen
        self._paths: dict[int, tuple[str, weakref.ref[nn.Module]]] = {}
        self._roots = {id(model) for model in models.values()}
        self._kinds: dict[str, Bent] = {}
        self._after: dict[str, Bent] = {}
        self._after_of = ""
        self._usable = True
        self._left_out = LeftOut()
        self._picturing = Picturing()
        self._hook: torch.utils.hooks.RemovableHandle | None = None
        self._collected: Collected | None = None
        self._drawing = False
        """Whether the model is being called with the user's chosen input."""
        self._spent_ns = 0
        self._find_modules()

    @property
    def reading(self) -> bool:
        """Whether a step is being read."""
        return self._collected is not None

    @property
    def spent_ns(self) -> int:
        """Time that hooks took in the step that is or was read last, in nanoseconds."""
        return self._spent_ns if self._collected is None else self._collected.spent_ns

    def start(self, run: Run, transfer: DeviceTransfer, step: int, *, with_pictures: bool) -> None:
        """Begin to read a step, unless a model is compiled, as hooks would recompile it."""
        self.stop()
        self._spent_ns = 0
        self._find_modules()
        if not self._usable:
            return
        graph = run.graph
        if graph is not None and graph.signature != self._after_of:
            self._after, self._after_of = dict(bends_after(graph)), graph.signature
        self._collected = Collected(
            run, transfer, step, with_pictures=with_pictures, left_out=self._left_out
        )
        self._hook = register_module_forward_hook(self._called)

    def before_pass(self) -> None:
        """Count the modes of the models that were called since the backward pass before."""
        collected = self._collected
        run = None if collected is None else collected.run()
        if collected is None or run is None:
            return
        for training in collected.modes.values():
            run.observations.trained_in_eval.add(seen=not training)
        collected.modes = {}

    def before_update(self) -> None:
        """Make the pictures that need the weights of the pass, before an optimizer changes them.

        Without this call there are no pictures over time of recurrent layers whose weights have
        changed before `record`.
        """
        collected = self._collected
        if collected is None or not collected.with_pictures:
            return
        began = time.perf_counter_ns()
        self._picture_layers(collected, with_gradients=True)
        self._picture_chosen(collected)
        collected.spent_ns += time.perf_counter_ns() - began

    def record(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Record what was read since the start, at the end of the step."""
        collected = self._collected
        if collected is None:
            return
        self._unhook()
        collected.step, collected.transfer = step, transfer
        try:
            collected.write(STATISTICS, "act_grad")
            if collected.with_pictures:
                self._record_pictures(run, collected)
            self._left_out.notify(run)
        finally:
            self.stop()

    def stop(self) -> None:
        """Remove the hooks on modules and tensors, and drop what was read."""
        self._unhook()
        collected, self._collected = self._collected, None
        if collected is not None:
            self._spent_ns = collected.spent_ns
            collected.release()

    def _unhook(self) -> None:
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def _find_modules(self) -> None:
        """Update the modules' paths, as modules may have been added, removed or renamed.

        Modules of a model that no longer exists keep their former paths.
        """
        models = {label: reference() for label, reference in self._models.items()}
        before = self._paths
        self._paths = {} if all(model is not None for model in models.values()) else dict(before)
        found: set[int] = set()
        for label, model in models.items():
            for path, module in () if model is None else model.named_modules():
                if id(module) in found:  # in two of the models
                    continue
                found.add(id(module))
                name, known = prefixed(label, path), before.get(id(module))
                if known is not None and known[0] == name and known[1]() is module:
                    self._paths[id(module)] = known
                    continue
                self._paths[id(module)] = (name, weakref.ref(module))
                self._kinds.pop(name, None)
                self._after.pop(name, None)
                try:
                    self._usable = self._usable and not torch_compat.is_compiled(module)
                    bent = bend_of(module)
                except Exception as error:  # noqa: BLE001 - an attribute of the user's may raise
                    self._left_out.add(name, error)
                    continue
                if bent is not None:
                    self._kinds[name] = bent

    # ── called by torch ──────────────────────────────────────────────────────

    def _called(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        collected, known = self._collected, self._paths.get(id(module))
        if collected is None or known is None or known[1]() is not module or self._drawing:
            return
        path = known[0]
        if path in self._left_out or not _may_read(collected):
            return
        began = time.perf_counter_ns()
        try:
            with_gradients = torch.is_grad_enabled()
            with torch.no_grad(), torch_compat.without_functions():
                if with_gradients:
                    self._read(collected, module, path, inputs, output)
                elif id(module) in self._roots:
                    _count_evaluation(collected, module)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the user's model
            self._left_out.add(path, error)
        collected.spent_ns += time.perf_counter_ns() - began

    def _read(
        self, collected: Collected, module: nn.Module, path: str, inputs: Any, output: Any
    ) -> None:
        run = collected.run()
        if run is None or (path in collected.found and torch_compat.is_within_backward()):
            return  # a checkpoint runs again
        collected.thread = threading.get_ident()
        if id(module) in self._roots:
            collected.modes[id(module)] = module.training
            if id(module) not in collected.models:
                collected.models.add(id(module))
                read_inputs(run, collected.transfer, collected.step, inputs)
                read_prediction(run, collected.transfer, collected.step, output)
        tensor = first_readable(output)
        if tensor is not None and collected.newest() is not tensor:
            collected.newest = weakref.ref(tensor)
            units = channel_dimension(module, tensor)
            collected.found[path] = statistics(tensor, self._bent(path), units)
            collected.await_gradient(path, tensor)
        if collected.with_pictures:
            collected.over_time.take(module, path, inputs, output)
            if self._chosen is None:
                collected.drafts += self._picturing.drafts(module, path, output, self._bent(path))

    def _bent(self, path: str) -> Bent | None:
        """Return the activation function on a module's output, its own or one called on it."""
        return self._kinds.get(path) or self._after.get(path)

    # ── pictures ─────────────────────────────────────────────────────────────

    def _record_pictures(self, run: Run, collected: Collected) -> None:
        self._picture_layers(collected, with_gradients=False)
        self._picture_chosen(collected)
        for path in collected.over_time.cells():
            try:
                drafts = collected.over_time.draw_cell(path)
                collected.drafts += [(path, draft) for draft in drafts]
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._left_out.add(path, error)
        for path, draft in collected.drafts:
            record(run, collected.transfer, collected.step, path, draft)

    def _picture_layers(self, collected: Collected, *, with_gradients: bool) -> None:
        for path in collected.over_time.layers(with_gradients=with_gradients):
            try:
                drafts = collected.over_time.draw_layer(path)
                collected.drafts += [(path, draft) for draft in drafts]
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._left_out.add(path, error)

    def _picture_chosen(self, collected: Collected) -> None:
        """Make pictures of the modules' outputs for the user's chosen input, once a step."""
        model, run = next(iter(self._models.values()))(), collected.run()
        if self._chosen is None or model is None or run is None or collected.chosen_drawn:
            return
        collected.chosen_drawn = True

        def called(module: nn.Module, _: Any, output: Any) -> None:
            known = self._paths.get(id(module))
            if known is None or known[1]() is not module or known[0] in self._left_out:
                return
            path = known[0]
            try:
                drafts = self._picturing.drafts(module, path, output, self._bent(path))
                collected.drafts += drafts
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._left_out.add(path, error)

        handle = register_module_forward_hook(called)
        self._drawing = True
        try:
            self._chosen.run(model)
        except Exception as error:  # noqa: BLE001 - the model may not take this input any more
            self._chosen = None
            run.add_notice(
                "activations",
                "The model cannot be called with the input that was given as activations=... any "
                f"more; pictures are of the loop's own passes now. ({type(error).__name__}: "
                f"{error})",
            )
        finally:
            self._drawing = False
            handle.remove()


def _may_read(collected: Collected) -> bool:
    """Return whether a call is made by the loop, with tensors whose values can be read."""
    return (
        collected.thread in (None, threading.get_ident())
        and not torch_compat.is_transformed()
        and not torch_compat.sees_every_operation()
    )


def _count_evaluation(collected: Collected, module: nn.Module) -> None:
    run = collected.run()
    if run is not None:
        run.observations.evaluated_in_training.add(seen=module.training)
