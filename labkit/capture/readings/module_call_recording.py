"""Starts and stops the recording of module calls for the readings that need them."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Sequence

from labkit.capture import torch_compat
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.capture.readings.reading import Reading, StepContext
from labkit.run import Run


class ModuleCallRecording:
    """Records module calls in the steps of some readings, from the call of the model on.

    If calls of the models are not intercepted, recording starts at the end of the previous step.
    Module calls of compiled models are not recorded, as hooks would recompile them.

    Parameters
    ----------
    readings : sequence of Reading
        The readings that need module calls, in the order in which hooks are registered.
    transfer : DeviceTransfer
    is_compiled : bool
        Whether `torch.compile` has compiled one of the models.
    intercepts_models : bool
        Whether calls of the models are intercepted, so that `model_called` is called.
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        transfer: DeviceTransfer,
        *,
        is_compiled: bool,
        intercepts_models: bool,
    ) -> None:
        self.is_compiled = is_compiled
        self.intercepts_models = intercepts_models
        self._readings = tuple(readings)
        self._transfer = transfer
        self._planned: tuple[Reading, ...] = ()
        self._run: weakref.ref[Run] | None = None
        """The run, while recording is planned and has not started; else None."""
        self._now_ns = self._step = 0
        self._started_early = False
        """Whether recording started at the end of the previous step."""

    @property
    def enabled_readings(self) -> frozenset[Reading]:
        """The readings that need module calls and are enabled."""
        return frozenset(reading for reading in self._readings if reading.budget.enabled)

    @property
    def is_pending(self) -> bool:
        """Whether recording is planned and has not started."""
        return self._run is not None

    def plan(self, planned: Collection[Reading], run: Run, now_ns: int, step: int) -> None:
        """Plan to record the module calls of a step, if one of its readings needs them.

        Parameters
        ----------
        planned : collection of Reading
            All readings of the step.
        run : Run
        now_ns : int
            The present value of `time.perf_counter_ns`.
        step : int
            The step, counted from 1.
        """
        needing_calls = tuple(reading for reading in self._readings if reading in planned)
        if not needing_calls or self.is_compiled:
            return
        self._planned, self._run = needing_calls, weakref.ref(run)
        self._now_ns, self._step = now_ns, step
        self._started_early = not self.intercepts_models
        if self._started_early:
            self.model_called()

    def model_called(self) -> None:
        """Start recording if that is planned, as the forward pass of a model begins."""
        reference, self._run = self._run, None
        run = None if reference is None else reference()
        if run is None:
            return
        context = StepContext(run, self._transfer, self._step)
        for reading in self._planned:
            reading.start_module_calls(context, self._now_ns)

    def drop_early(self) -> bool:
        """Drop module calls recorded from the end of the previous step on, under former names.

        Returns
        -------
        bool
            Whether recording had started then, so that the step has no module calls.
        """
        if self._started_early:
            self.stop()
        return self._started_early

    def end_step(self) -> None:
        """Record whether the call of a model was intercepted; modules may be called one by one."""
        if self._run is not None:
            self._run, self.intercepts_models = None, False
            self.is_compiled = torch_compat.has_compiled()

    def stop(self) -> None:
        """Stop recording, and drop the calls of the step under way."""
        self._run = None
        for reading in self._readings:
            reading.stop_module_calls()
