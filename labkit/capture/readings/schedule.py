"""Plans the readings of each step, calls their hooks and charges their cost to the budget."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Sequence

import torch

from labkit.capture import torch_compat
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.parameters import ParameterTable, Watched
from labkit.capture.readings.activation_reading import ActivationReading
from labkit.capture.readings.activations import ActivationReader
from labkit.capture.readings.budget import Budget
from labkit.capture.readings.frozen_parameters import FrozenParameters
from labkit.capture.readings.graph_reading import GraphReading
from labkit.capture.readings.loss_inputs import LossInputReading
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.module_call_recording import ModuleCallRecording
from labkit.capture.readings.parameter_reader import ParameterReader
from labkit.capture.readings.parameter_readings import (
    DirectionReading,
    HistogramReading,
    NoiseReading,
    NormReading,
    WeightReading,
)
from labkit.capture.readings.reading import PassContext, Reading, StepContext, UpdateContext
from labkit.capture.readings.reading_calls import ReadingCalls
from labkit.capture.readings.setup_checks import SetupReading
from labkit.capture.readings.spare_time import SpareTime
from labkit.capture.readings.training_modes import TrainingModes
from labkit.run import Run


class ReadingSchedule:
    """Plans the readings of each step and calls their hooks.

    Parameters
    ----------
    table : ParameterTable
    modes : TrainingModes
        The modes of the watched models.
    scopes : ScopeRecorder
        Records which module call creates which node of the graph.
    activations : ActivationReader or None
        None to read no activations.
    budget : float
        Fraction of the loop's time that watching may take, 0 to 1.
    graph, histograms : bool
        Whether to read the graph, and histograms of gradients.
    is_compiled, intercepts_models : bool
        See `ModuleCallRecording`.

    Attributes
    ----------
    planned : frozenset of Reading
        The readings of the step under way.
    next_required_step : float
        The first step that must have a reading other than norms; infinite if there is none.
    transfer : DeviceTransfer
        Copies the results of all readings to the host.
    spare_time : SpareTime
        Chooses the readings of steps after which the loop waits for its pace.
    readers : list of ParameterReader
        The readers of all optimizers that hold watched parameters.
    """

    def __init__(
        self,
        table: ParameterTable,
        modes: TrainingModes,
        scopes: ScopeRecorder,
        activations: ActivationReader | None,
        *,
        budget: float,
        graph: bool,
        histograms: bool,
        is_compiled: bool,
        intercepts_models: bool,
    ) -> None:
        self.budget = Budget(budget)
        self.limit = MemoryLimit.of(_parameters(table))
        self.norms = NormReading(modes, FrozenParameters(table))
        self.graph = GraphReading(table, scopes, enabled=graph)
        self._noise = NoiseReading()
        self._activations = ActivationReading(activations)
        self._weights = WeightReading()
        self._histograms = HistogramReading(enabled=histograms)
        self._readings: tuple[Reading, ...] = (
            self.graph,
            self._activations,
            self._weights,
            DirectionReading(enabled=histograms),
            self._noise,
            LossInputReading(table),
            SetupReading(table),
            self.norms,
            self._histograms,
        )
        """All readings, in the order in which their hooks are called."""
        self.spare_time = SpareTime(self._readings, budget)
        self._costly = tuple(each for each in self._readings if each is not self.norms)
        self._calls = ReadingCalls(self._readings, self.budget)
        self.transfer = self._calls.transfer
        for reading in self._readings:
            reading.budget.scale(budget)
        self.module_calls = ModuleCallRecording(
            [reading for reading in self._readings if reading.needs_module_calls],
            self.transfer,
            is_compiled=is_compiled,
            intercepts_models=intercepts_models,
        )
        self.planned: frozenset[Reading] = frozenset()
        self._has_several_processes = False
        self.next_required_step = 1.0
        self.readers: list[ParameterReader] = []

    def set_budget(self, fraction: float) -> None:
        """Change the fraction of the loop's time that watching may take."""
        self.budget.fraction = self.spare_time.fraction = fraction
        for reading in self._readings:
            reading.budget.scale(fraction)

    def set_rank(self, rank: int) -> None:
        """Read what several processes that train one model need to read.

        Only rank 0 reads all. In each, gradients between the passes of a step may be those of one
        process, so that they have no noise scale.
        """
        self._noise.budget.enabled = False
        self._has_several_processes = True
        if rank:
            self.norms.shards_only = True
            for reading in self._costly:
                reading.budget.enabled = False

    @property
    def spent_ns(self) -> int:
        """Time spent on readings since steps were last accounted for, in nanoseconds."""
        return self._calls.spent_ns

    # ── planning ─────────────────────────────────────────────────────────────

    @property
    def plans_norms(self) -> bool:
        """Whether the step under way reads the norms of the gradients."""
        return self.norms in self.planned

    @property
    def records_calls(self) -> bool:
        """Whether the step under way records module calls for all readings that need them."""
        return (
            not self.module_calls.is_pending and self.module_calls.enabled_readings <= self.planned
        )

    def choose_readings(
        self,
        run: Run,
        now_ns: int,
        step: int,
        *,
        with_forward: bool = True,
        spare_ns: int = 0,
    ) -> None:
        """Choose the readings of a step, and record its module calls if one needs them.

        The last step of a run whose length is known has all readings, so that views end with it.

        Parameters
        ----------
        run : Run
        now_ns : int
            Value of `time.perf_counter_ns` now.
        step : int
            The step, counted from 1.
        with_forward : bool
            Whether the forward pass of the step is yet to come.
        spare_ns : int
            Time that the loop would wait for its pace after the step, in nanoseconds.
        """
        possible = [
            reading for reading in self._readings if with_forward or not reading.needs_forward_pass
        ]
        free = self.spare_time.choose(possible, spare_ns)
        due = free | {reading for reading in possible if self._is_due(reading, now_ns, step)}
        for reading in self._costly:
            if reading in due:
                reading.budget.note_planned(step)
        self.planned = due
        if step == run.total_steps:
            # If the run goes on after all, later readings are as they were planned.
            self.planned |= {reading for reading in possible if reading.budget.enabled}
        budgets = (reading.budget for reading in self._costly)
        self.next_required_step = min(
            (b.due_at_step for b in budgets if b.enabled), default=math.inf
        )
        if with_forward:
            self.module_calls.plan(self.planned, run, now_ns, step)

    def plan_norms(self) -> None:
        """Plan the norms of gradients, and nothing else, for the next step."""
        self.planned = frozenset({self.norms})

    def plan_calls(self, run: Run, step: int) -> None:
        """Add the readings that need module calls, graph and activations, to the next step."""
        self.planned |= self.module_calls.enabled_readings
        self.module_calls.plan(self.planned, run, time.perf_counter_ns(), step)

    def add_to_plan(self, readings: Collection[Reading]) -> None:
        """Add readings to the step under way."""
        self.planned |= frozenset(readings)

    def drop_calls(self) -> None:
        """Drop the module calls of the step under way after modules were renamed.

        This applies if recording started at the end of the previous step, under the former names.
        """
        if self.module_calls.drop_early():
            self.planned -= {reading for reading in self.planned if reading.needs_module_calls}

    def expect_several_passes(self) -> None:
        """Enable the readings of loops with several backward passes in each step."""
        self._noise.budget.enabled = not self._has_several_processes

    def exclude_time(self, ns: int) -> None:
        """Exclude a pause of the loop, in nanoseconds, from the intervals of readings."""
        for reading in self._readings:
            reading.exclude_time(ns)

    def account(self, run: Run, loop_ns: int, fixed_ns: int, waited_ns: int = 0) -> None:
        """Account for some completed steps.

        Parameters
        ----------
        run : Run
            The run whose measured cost is updated.
        loop_ns : int
            Time that the loop took for the steps, in nanoseconds.
        fixed_ns : int
            Cost of watching them, without readings, in nanoseconds.
        waited_ns : int
            The part of all cost that cost nothing, as the loop would have waited for its pace.
        """
        published_ns, calls = run.cost_totals.publishing_ns, self._calls
        run.cost_totals.add_steps(loop_ns, fixed_ns + calls.spent_ns - waited_ns)
        unpaid_ns = max(0, calls.free_ns - waited_ns)
        fixed_ns -= max(0, min(fixed_ns, waited_ns - calls.spent_ns))
        self.budget.earn(loop_ns, fixed_ns + unpaid_ns + published_ns - self.budget.published_ns)
        self.budget.published_ns, calls.spent_ns, calls.free_ns = published_ns, 0, 0

    def _is_due(self, reading: Reading, now_ns: int, step: int) -> bool:
        budget = reading.budget
        return self.budget.is_due(budget, now_ns, step) or (
            budget.enabled and reading.needs_next_step(self.readers)
        )

    # ── the hooks of a step, in their order ──────────────────────────────────

    def before_pass(self, run: Run, step: int, roots: Sequence[torch.Tensor]) -> None:
        """Call the `before_pass` hooks, before a backward pass from some tensors."""
        awaits_calls = self.module_calls.is_pending
        context = PassContext(run, self.transfer, step, roots, awaits_calls)
        for reading in self._in_order():
            self._calls.call(reading, reading.before_pass, context)

    def before_steps_inside(self, run: Run, reader: ParameterReader, step: int) -> None:
        """Call the hooks before a backward pass in which optimizers step."""
        context = UpdateContext(run, self.transfer, step, reader, self.readers)
        for reading in self._in_order():
            self._calls.call(reading, reading.before_steps_inside, context)

    def after_pass(
        self, run: Run, reader: ParameterReader, step: int, scale: torch.Tensor | None
    ) -> None:
        """Call the hooks after a backward pass; `scale` is the factor of a gradient scaler."""
        context = UpdateContext(run, self.transfer, step, reader, self.readers, scale=scale)
        for reading in self._in_order():
            self._calls.call(reading, reading.after_pass, context)

    def before_update(
        self,
        run: Run,
        reader: ParameterReader,
        step: int,
        optimizer: torch.optim.Optimizer | None,
        *,
        rescaled: bool,
    ) -> None:
        """Call the hooks after accumulation, unscaling and clipping, before weights change.

        `rescaled` is whether gradients have changed since the last backward pass.
        """
        reader.record_rescaled(rescaled=rescaled)
        context = UpdateContext(run, self.transfer, step, reader, self.readers, optimizer)
        for reading in self._in_order():
            self._calls.call(reading, reading.before_update, context)

    def read_norms(
        self,
        run: Run,
        reader: ParameterReader,
        step: int,
        optimizer: torch.optim.Optimizer | None,
        entries: Sequence[Watched] | None = None,
    ) -> None:
        """Read only the norms of the present gradients, of all entries or of the given ones."""
        context = UpdateContext(
            run, self.transfer, step, reader, self.readers, optimizer, entries=entries
        )
        self._calls.call(self.norms, self.norms.before_update, context)

    def read_last_gradients(self, run: Run, reader: ParameterReader, step: int) -> None:
        """Read norms and histograms of the gradients of the last update, when the run ends."""
        context = UpdateContext(run, self.transfer, step, reader, self.readers)
        for kind, reading in (("norms", self.norms), ("histograms", self._histograms)):
            if reader.newest[kind] < step:
                self._calls.call(reading, reading.before_update, context)

    def read_last_weights(self, run: Run, reader: ParameterReader, step: int) -> None:
        """Read the norms of the weights after the last update, when the run ends."""
        context = UpdateContext(run, self.transfer, step, reader, self.readers)
        self._calls.call(self._weights, self._weights.at_end, context)

    def draw_chosen_input(self, run: Run, step: int) -> None:
        """Make the pictures of the chosen input, if there is one, when the run ends."""
        context = StepContext(run, self.transfer, step)
        self._calls.call(self._activations, self._activations.at_end, context)

    def after_update(self, run: Run, reader: ParameterReader, step: int) -> None:
        """Call the hooks after weights have changed."""
        context = UpdateContext(run, self.transfer, step, reader, self.readers)
        for reading in self._in_order():
            self._calls.call(reading, reading.after_update, context)

    def end_step(self, run: Run, step: int) -> None:
        """Call the hooks at the end of a step, for all passes and optimizers; clear the plan."""
        self.module_calls.end_step()
        context = StepContext(run, self.transfer, step)
        for reading in self._in_order():
            self._calls.call(reading, reading.end_step, context, calls_ns=reading.calls_ns)
        self.spare_time.end_step(self.planned)
        self.planned = frozenset()

    def _in_order(self) -> list[Reading]:
        return [reading for reading in self._readings if reading in self.planned]

    # ── results ──────────────────────────────────────────────────────────────

    def write(self, run: Run, reader: ParameterReader, done: int) -> None:
        """Write the pending norms of steps up to `done`; on any thread."""
        try:
            reader.write(run, done)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach who reads the run
            self._calls.disable(run, self.norms.name, error)

    def deliver(self, run: Run) -> None:
        """Deliver results that have arrived from an accelerator, without blocking."""
        self._calls.deliver(run)

    def close(self, run: Run | None) -> None:
        """Remove all hooks and deliver all results; `run` is None if it no longer exists."""
        self.module_calls.stop()
        self._calls.deliver_all(run)


def _parameters(table: ParameterTable) -> list[torch.Tensor]:
    found = (entry.parameter() for entry in table.watched)
    return [p for p in found if p is not None and torch_compat.has_storage(p)]
