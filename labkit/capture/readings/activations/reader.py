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
from labkit.capture.readings.activations.excluded_modules import ExcludedModules
from labkit.capture.readings.activations.picture_maker import PictureMaker, record
from labkit.capture.readings.activations.readable import first_readable
from labkit.capture.readings.activations.statistics import (
    STATISTICS,
    ActivationFunction,
    activation_of,
    activations_after,
    channel_dimension,
    statistics,
)
from labkit.capture.readings.activations.step_activations import StepActivations
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
        self._kinds: dict[str, ActivationFunction] = {}
        self._after: dict[str, ActivationFunction] = {}
        self._after_of = ""
        self._usable = True
        self._excluded = ExcludedModules()
        self._picture_maker = PictureMaker()
        self._hook: torch.utils.hooks.RemovableHandle | None = None
        self._activations: StepActivations | None = None
        self._drawing = False
        """Whether the model is being called with the user's chosen input."""
        self._spent_ns = 0
        self._find_modules()

    @property
    def reading(self) -> bool:
        """Whether a step is being read."""
        return self._activations is not None

    @property
    def spent_ns(self) -> int:
        """Time that hooks took in the step that is or was read last, in nanoseconds."""
        return self._spent_ns if self._activations is None else self._activations.spent_ns

    def start(self, run: Run, transfer: DeviceTransfer, step: int, *, with_pictures: bool) -> None:
        """Begin to read a step, unless a model is compiled, as hooks would recompile it."""
        self.stop()
        self._spent_ns = 0
        self._find_modules()
        if not self._usable:
            return
        graph = run.graph
        if graph is not None and graph.signature != self._after_of:
            self._after, self._after_of = dict(activations_after(graph)), graph.signature
        self._activations = StepActivations(
            run, transfer, step, with_pictures=with_pictures, excluded=self._excluded
        )
        self._hook = register_module_forward_hook(self._called)

    def before_pass(self) -> None:
        """Count the modes of the models that were called since the backward pass before."""
        activations = self._activations
        run = None if activations is None else activations.run()
        if activations is None or run is None:
            return
        for training in activations.modes.values():
            run.observations.trained_in_eval.add(seen=not training)
        activations.modes = {}

    def before_update(self) -> None:
        """Make the pictures that need the weights of the pass, before an optimizer changes them.

        Without this call there are no pictures over time of recurrent layers whose weights have
        changed before `record`.
        """
        activations = self._activations
        if activations is None or not activations.with_pictures:
            return
        began = time.perf_counter_ns()
        self._picture_layers(activations, with_gradients=True)
        self._picture_chosen(activations)
        activations.spent_ns += time.perf_counter_ns() - began

    def record(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Record what was read since the start, at the end of the step."""
        activations = self._activations
        if activations is None:
            return
        self._unhook()
        activations.step, activations.transfer = step, transfer
        try:
            activations.write(STATISTICS, "act_grad")
            if activations.with_pictures:
                self._record_pictures(run, activations)
            self._excluded.notify(run)
        finally:
            self.stop()

    def stop(self) -> None:
        """Remove the hooks on modules and tensors, and drop what was read."""
        self._unhook()
        activations, self._activations = self._activations, None
        if activations is not None:
            self._spent_ns = activations.spent_ns
            activations.release()

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
                    activation = activation_of(module)
                except Exception as error:  # noqa: BLE001 - an attribute of the user's may raise
                    self._excluded.add(name, error)
                    continue
                if activation is not None:
                    self._kinds[name] = activation

    # ── called by torch ──────────────────────────────────────────────────────

    def _called(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        activations, known = self._activations, self._paths.get(id(module))
        if activations is None or known is None or known[1]() is not module or self._drawing:
            return
        path = known[0]
        if path in self._excluded or not _may_read(activations):
            return
        began = time.perf_counter_ns()
        try:
            with_gradients = torch.is_grad_enabled()
            with torch.no_grad(), torch_compat.without_functions():
                if with_gradients:
                    self._read(activations, module, path, inputs, output)
                elif id(module) in self._roots:
                    _count_evaluation(activations, module)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the user's model
            self._excluded.add(path, error)
        activations.spent_ns += time.perf_counter_ns() - began

    def _read(
        self, activations: StepActivations, module: nn.Module, path: str, inputs: Any, output: Any
    ) -> None:
        run = activations.run()
        if run is None or (path in activations.found and torch_compat.is_within_backward()):
            return  # a checkpoint runs again
        activations.thread = threading.get_ident()
        if id(module) in self._roots:
            activations.modes[id(module)] = module.training
            if id(module) not in activations.models:
                activations.models.add(id(module))
                read_inputs(run, activations.transfer, activations.step, inputs)
                read_prediction(run, activations.transfer, activations.step, output)
        tensor = first_readable(output)
        if tensor is not None and activations.newest() is not tensor:
            activations.newest = weakref.ref(tensor)
            units = channel_dimension(module, tensor)
            activations.found[path] = statistics(tensor, self._activation(path), units)
            activations.await_gradient(path, tensor)
        if activations.with_pictures:
            activations.recurrent_calls.take(module, path, inputs, output)
            if self._chosen is None:
                activations.drafts += self._picture_maker.drafts(
                    module, path, output, self._activation(path)
                )

    def _activation(self, path: str) -> ActivationFunction | None:
        """Return the activation function on a module's output, its own or one called on it."""
        return self._kinds.get(path) or self._after.get(path)

    # ── pictures ─────────────────────────────────────────────────────────────

    def _record_pictures(self, run: Run, activations: StepActivations) -> None:
        self._picture_layers(activations, with_gradients=False)
        self._picture_chosen(activations)
        for path in activations.recurrent_calls.cells():
            try:
                drafts = activations.recurrent_calls.draw_cell(path)
                activations.drafts += [(path, draft) for draft in drafts]
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._excluded.add(path, error)
        for path, draft in activations.drafts:
            record(run, activations.transfer, activations.step, path, draft)

    def _picture_layers(self, activations: StepActivations, *, with_gradients: bool) -> None:
        for path in activations.recurrent_calls.layers(with_gradients=with_gradients):
            try:
                drafts = activations.recurrent_calls.draw_layer(path)
                activations.drafts += [(path, draft) for draft in drafts]
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._excluded.add(path, error)

    def _picture_chosen(self, activations: StepActivations) -> None:
        """Make pictures of the modules' outputs for the user's chosen input, once a step."""
        model, run = next(iter(self._models.values()))(), activations.run()
        if self._chosen is None or model is None or run is None or activations.chosen_drawn:
            return
        activations.chosen_drawn = True

        def called(module: nn.Module, _: Any, output: Any) -> None:
            known = self._paths.get(id(module))
            if known is None or known[1]() is not module or known[0] in self._excluded:
                return
            path = known[0]
            try:
                drafts = self._picture_maker.drafts(module, path, output, self._activation(path))
                activations.drafts += drafts
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._excluded.add(path, error)

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


def _may_read(activations: StepActivations) -> bool:
    """Return whether a call is made by the loop, with tensors whose values can be read."""
    return (
        activations.thread in (None, threading.get_ident())
        and not torch_compat.is_transformed()
        and not torch_compat.sees_every_operation()
    )


def _count_evaluation(activations: StepActivations, module: nn.Module) -> None:
    run = activations.run()
    if run is not None:
        run.observations.evaluated_in_training.add(seen=module.training)
