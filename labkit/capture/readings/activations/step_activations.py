"""The activations that were read in the step under way."""

from __future__ import annotations

import functools
import math
import time
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils.hooks import unserializable_hook

from labkit.capture.readings.activations.excluded_modules import ExcludedModules
from labkit.capture.readings.activations.model_input import PassInput
from labkit.capture.readings.activations.picture_maker import Pictured, record
from labkit.capture.readings.activations.pictures import DevicePicture
from labkit.capture.readings.activations.recurrent_calls import RecurrentCalls
from labkit.capture.readings.activations.statistics import FOR_UNITS, first_samples
from labkit.capture.readings.activations.step_inputs import StepInputs
from labkit.capture.readings.activations.tables import write
from labkit.capture.readings.activations.token_texts import TokenTexts
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.run import Run
from labkit.run.activations import PictureKind


class StepActivations:
    """The statistics of all modules called in a step, their gradient norms, and pictures.

    Parameters
    ----------
    run : Run
        Held weakly.
    transfer : DeviceTransfer
    step : int
    with_pictures : bool
    excluded : ExcludedModules
        Counts failures of modules.
    """

    def __init__(
        self,
        run: Run,
        transfer: DeviceTransfer,
        step: int,
        *,
        with_pictures: bool,
        excluded: ExcludedModules,
    ) -> None:
        self.run: Callable[[], Run | None] = weakref.ref(run)
        self.transfer = transfer
        self.step = step
        self.with_pictures = with_pictures
        self.thread: int | None = None
        """Identity of the training thread; None until a module has been called."""
        self.newest: Callable[[], torch.Tensor | None] = lambda: None
        """The tensor that was read last; a container may return it from its last module."""
        self.models: set[int] = set()
        """The ids of the models whose predictions were read."""
        self.first_layer_called = False
        """Whether the first layer of the model that is called was called."""
        self.found: dict[str, torch.Tensor] = {}
        """Statistics by module path, each of shape (4,), dtype float32."""
        self.chosen_drawn = False
        """Whether pictures for the chosen input have been made."""
        self._pictures: dict[tuple[str, PictureKind], Pictured] = {}
        self.inputs = StepInputs()
        self.recurrent_calls = RecurrentCalls()
        self.spent_ns = 0
        """Time that hooks took, in nanoseconds."""
        self._gradients: dict[str, torch.Tensor] = {}
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []
        self._excluded = excluded

    def add_pictures(
        self, found: Iterable[tuple[str, DevicePicture]], given: PassInput | None
    ) -> None:
        """Add pictures by module path; they replace those of earlier calls in the step.

        `given` is the input of the pass from which they were made.
        """
        for path, picture in found:
            self._pictures[path, picture.kind] = Pictured(path, picture, given)

    def record_pictures(self, run: Run, texts: TokenTexts) -> None:
        """Copy the pictures to the host, and before them the inputs to which they refer."""
        for given in {id(each.given): each.given for each in self._pictures.values()}.values():
            if given is not None:
                given.record(self.transfer, texts)
        for pictured in self._pictures.values():
            record(run, self.transfer, self.step, pictured)

    def await_gradient(self, path: str, tensor: torch.Tensor) -> None:
        """Register a hook that reads the gradient of a tensor."""
        if tensor.requires_grad and not tensor.is_leaf:
            hook: Any = functools.partial(_add_gradient_of, weakref.ref(self), path)
            unserializable_hook(hook)  # type: ignore[no-untyped-call] # or torch.save would warn of it
            self._hooks.append(tensor.register_hook(hook))  # type: ignore[no-untyped-call]

    def add_gradient(self, path: str, gradient: torch.Tensor) -> None:
        """Add the norm of a gradient, estimated from the first samples if it is large."""
        began = time.perf_counter_ns()
        try:
            part = first_samples(gradient.detach(), FOR_UNITS)
            scale = math.sqrt(gradient.numel() / max(1, part.numel()))
            norm = torch.linalg.vector_norm(part.float()) * scale
            before = self._gradients.get(path)
            self._gradients[path] = norm if before is None else torch.hypot(before, norm)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the user's backward
            self._excluded.add(path, error)
        self.spent_ns += time.perf_counter_ns() - began

    def write(self, kinds: tuple[str, ...], gradient_kind: str) -> None:
        """Record one row for each kind of statistics, and one for the norms of the gradients."""
        run = self.run()
        if run is None or not self.found:
            return
        names = tuple(self.found)
        table = torch.stack(_on_one_device(list(self.found.values())))  # (module, statistic)
        for place, kind in enumerate(kinds):
            write(run, self.transfer, self.step, kind, names, table[:, place])
        if self._gradients:
            came = tuple(self._gradients)
            norms = torch.stack(_on_one_device(list(self._gradients.values())))
            write(run, self.transfer, self.step, gradient_kind, came, norms)

    def release(self) -> None:
        """Remove the hooks on tensors, and drop what was read."""
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._pictures = [], {}
        self.inputs = StepInputs()
        self.found, self._gradients = {}, {}
        self.recurrent_calls.clear()


def _add_gradient_of(
    reference: Callable[[], StepActivations | None], path: str, gradient: torch.Tensor
) -> None:
    found = reference()
    if found is not None and path in found.found:
        found.add_gradient(path, gradient)


def _on_one_device(values: list[torch.Tensor]) -> list[torch.Tensor]:
    return [value.to(values[0].device, non_blocking=True) for value in values]
