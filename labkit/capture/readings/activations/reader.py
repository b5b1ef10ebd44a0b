"""Reads the outputs of modules in a sampled step, with a hook that is registered for that step."""

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
from labkit.capture.readings.activations.chosen_input import ChosenInput
from labkit.capture.readings.activations.excluded_modules import ExcludedModules
from labkit.capture.readings.activations.frozen_norms import is_frozen_norm, read_frozen_norm
from labkit.capture.readings.activations.model_input import PassInput
from labkit.capture.readings.activations.picture_maker import PictureMaker
from labkit.capture.readings.activations.readable import first_readable
from labkit.capture.readings.activations.statistics import (
    STATISTICS,
    channel_dimension,
    statistics,
)
from labkit.capture.readings.activations.step_activations import StepActivations
from labkit.capture.readings.activations.token_texts import Tokens, TokenTexts
from labkit.capture.readings.activations.watched_modules import WatchedModules
from labkit.capture.readings.activations.whole_model import (
    depends_on_scale,
    is_first_layer,
    read_inputs,
    read_prediction,
)
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run


class ActivationReader:
    """Reads the outputs of the watched modules from the start of a step to its end.

    All calls with gradients are read, of any model, before or after a backward pass. If a module is
    called several times, the last call is recorded. A module that cannot be read is excluded; the
    other modules are still read.

    Parameters
    ----------
    models : mapping of str to Module
        By label, ``""`` for an only model. Held weakly.
    chosen : ChosenInput, optional
        The input for which pictures are made, in a separate forward pass. By default pictures are
        made of the loop's forward passes.
    tokens : callable, mapping or sequence, optional
        The texts of token ids in the input.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        chosen: ChosenInput | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self._chosen = chosen
        self._texts = TokenTexts(tokens)
        self._excluded = ExcludedModules()
        self._modules = WatchedModules(models, self._excluded.add)
        self._picture_maker = PictureMaker()
        self._hook: torch.utils.hooks.RemovableHandle | None = None
        self._current: StepActivations | None = None
        """What was read in the step under way; None if it is not sampled."""
        self._is_drawing = False
        """Whether the model is being called with the chosen input."""
        self._spent_ns = 0

    @property
    def reading(self) -> bool:
        """Whether a step is being read."""
        return self._current is not None

    @property
    def spent_ns(self) -> int:
        """Time that hooks took in the current or last sampled step, in nanoseconds."""
        return self._spent_ns if self._current is None else self._current.spent_ns

    def start(self, run: Run, transfer: DeviceTransfer, step: int, *, with_pictures: bool) -> None:
        """Begin to read a step, unless a model is compiled, as hooks would recompile it."""
        self.stop()
        self._spent_ns = 0
        self._modules.update()
        if not self._modules.can_have_hooks:
            return
        self._modules.update_from_graph(run.graph)
        self._current = StepActivations(
            run, transfer, step, with_pictures=with_pictures, excluded=self._excluded
        )
        self._hook = register_module_forward_hook(self._module_called, with_kwargs=True)

    def before_update(self) -> None:
        """Make the pictures that need the weights of the pass, before an optimizer changes them.

        Without this call, recurrent layers whose weights have changed have no pictures over time.
        """
        current = self._current
        if current is None or not current.with_pictures:
            return
        began = time.perf_counter_ns()
        self._picture_layers(current, with_gradients=True)
        self._picture_chosen(current)
        current.spent_ns += time.perf_counter_ns() - began

    def record(self, run: Run, transfer: DeviceTransfer, step: int) -> None:
        """Record what was read since the start, at the end of the step."""
        current = self._current
        if current is None:
            return
        self._remove_hook()
        current.step, current.transfer = step, transfer
        try:
            current.write(STATISTICS, "act_grad")
            if current.with_pictures:
                self._record_pictures(run, current)
            self._excluded.notify(run)
        finally:
            self.stop()

    def draw_chosen(self, run: Run, transfer: DeviceTransfer, step: int) -> bool:
        """Record pictures of the chosen input after the last step of a run; return whether it did.

        Nothing is done if these pictures exist, or if there is no chosen input.
        """
        self.stop()
        self._modules.update()
        is_known = any(step in run.activations.steps(*each) for each in run.activations.subjects())
        if self._chosen is None or is_known or not self._modules.can_have_hooks:
            return False
        current = StepActivations(run, transfer, step, with_pictures=True, excluded=self._excluded)
        try:
            self._picture_chosen(current)
            current.record_pictures(run, self._texts)
        finally:
            current.release()
        return True

    def stop(self) -> None:
        """Remove the hooks on modules and tensors, and drop what was read."""
        self._remove_hook()
        current, self._current = self._current, None
        if current is not None:
            self._spent_ns = current.spent_ns
            current.release()

    def _remove_hook(self) -> None:
        if self._hook is not None:
            torch_compat.remove_global_hook(self._hook)
            self._hook = None

    # ── called by torch ──────────────────────────────────────────────────────

    def _module_called(self, module: nn.Module, inputs: Any, *others: Any) -> None:
        """Read a module that was called; `others` are its keyword arguments and its output.

        Without the keyword arguments, another thread has removed the hook during the call.
        """
        if torch.compiler.is_compiling() or len(others) < 2:  # noqa: PLR2004
            return
        keywords, output = others
        current, path = self._current, self._modules.path_of(module)
        if current is None or path is None or self._is_drawing:
            return
        if path in self._excluded or not torch.is_grad_enabled() or not _may_read(current):
            return
        if path in current.found and torch_compat.is_within_backward():
            return  # a checkpointed region is recomputed
        began = time.perf_counter_ns()
        try:
            with torch.no_grad(), torch_compat.without_functions():
                self._read(current, module, path, inputs, output)
                if current.with_pictures:
                    self._read_pictures(current, module, path, (inputs, keywords), output)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the user's model
            self._excluded.add(path, error)
        current.spent_ns += time.perf_counter_ns() - began

    def _read(
        self, current: StepActivations, module: nn.Module, path: str, inputs: Any, output: Any
    ) -> None:
        run = current.run()
        if run is None:
            return
        current.thread = threading.get_ident()
        if not current.first_layer_called and is_first_layer(module):
            current.first_layer_called = True
            if depends_on_scale(module):
                read_inputs(run, current.transfer, current.step, inputs)
        if self._modules.is_model(module) and id(module) not in current.models:
            current.models.add(id(module))
            current.first_layer_called = False  # another model may be called next
            read_prediction(run, current.transfer, current.step, output)
        if is_frozen_norm(module):
            read_frozen_norm(run, current.transfer, current.step, path, module, inputs)
        activation = self._modules.activation_function(path)
        tensor = first_readable(output)
        if tensor is not None and current.newest() is not tensor:
            current.newest = weakref.ref(tensor)
            current.found[path] = statistics(tensor, activation, channel_dimension(module, tensor))
            current.await_gradient(path, tensor)

    # ── pictures ─────────────────────────────────────────────────────────────

    def _read_pictures(
        self,
        current: StepActivations,
        module: nn.Module,
        path: str,
        arguments: tuple[Any, Any],
        output: Any,
    ) -> None:
        """Make the pictures of a module's call; `arguments` are the positional ones and others."""
        inputs, _ = arguments
        is_model = self._modules.is_model(module)
        current.inputs.layer_called(module, path, inputs)
        if is_model:
            current.inputs.model_returned(*arguments)
        if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
            current.inputs.note_first_call(path)
            current.recurrent_calls.add(module, path, inputs, output)
        if self._chosen is None:
            activation = self._modules.activation_function(path)
            found = self._picture_maker.pictures_of(module, path, arguments, output, activation)
            current.add_pictures(found, current.inputs.current)
        if is_model:
            current.inputs.end_pass()

    def _record_pictures(self, run: Run, current: StepActivations) -> None:
        self._picture_layers(current, with_gradients=False)
        self._picture_chosen(current)
        for path in current.recurrent_calls.cells():
            try:
                pictures = current.recurrent_calls.cell_pictures(path)
                current.add_pictures(
                    [(path, picture) for picture in pictures], current.inputs.at_first_call(path)
                )
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._excluded.add(path, error)
        current.record_pictures(run, self._texts)
        self._texts.notify(run)

    def _picture_layers(self, current: StepActivations, *, with_gradients: bool) -> None:
        for path in current.recurrent_calls.layers(with_gradients=with_gradients):
            try:
                pictures = current.recurrent_calls.layer_pictures(path)
                current.add_pictures(
                    [(path, picture) for picture in pictures], current.inputs.at_first_call(path)
                )
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._excluded.add(path, error)

    def _picture_chosen(self, current: StepActivations) -> None:
        """Make pictures of the modules' outputs for the chosen input, once in a step."""
        model, run = self._modules.first_model(), current.run()
        if self._chosen is None or model is None or run is None or current.chosen_drawn:
            return
        current.chosen_drawn = True
        given = PassInput()

        def module_called(module: nn.Module, inputs: Any, *others: Any) -> None:
            path = self._modules.path_of(module)
            if path is None or path in self._excluded or len(others) < 2:  # noqa: PLR2004
                return
            keywords, output = others
            try:
                given.note_layer(module, inputs)
                activation = self._modules.activation_function(path)
                arguments = (inputs, keywords)
                found = self._picture_maker.pictures_of(module, path, arguments, output, activation)
                current.add_pictures(found, given)
            except Exception as error:  # noqa: BLE001 - one module that cannot be drawn
                self._excluded.add(path, error)

        handle = register_module_forward_hook(module_called, with_kwargs=True)
        self._is_drawing = True
        try:
            self._chosen.run(model)
            given.take(self._chosen.tensors)
        except Exception as error:  # noqa: BLE001 - the model may not take this input any more
            self._chosen = None
            run.add_notice(
                "activations",
                "The model cannot be called with the input that was given as activations=... any "
                f"more; pictures are of the loop's own passes now. ({type(error).__name__}: "
                f"{error})",
            )
        finally:
            self._is_drawing = False
            torch_compat.remove_global_hook(handle)


def _may_read(current: StepActivations) -> bool:
    """Return whether a call is made by the loop, with tensors whose values can be read."""
    return (
        current.thread in (None, threading.get_ident())
        and not torch_compat.is_transformed()
        and not torch_compat.has_dispatch_mode()
    )
