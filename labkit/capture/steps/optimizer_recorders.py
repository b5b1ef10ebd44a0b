"""Updates the recorders of a watch as optimizers are found, change and disappear."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from labkit.capture import hooks
from labkit.capture.hooks import discovery
from labkit.capture.parameters import ParameterTable, Watched
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.pass_transfer import copy_newest_pass, take_over_passes
from labkit.capture.steps.recorder_matching import overlap, parameter_count, records_optimizer
from labkit.capture.steps.recorder_set import RecorderSet, WatchedLoop
from labkit.run import Run


class OptimizerRecorders(RecorderSet):
    """Adds and updates recorders as optimizers are found, change and disappear.

    Parameters and attributes are those of `RecorderSet`.
    """

    def __init__(self, loop: WatchedLoop, table: ParameterTable, readings: ReadingSchedule) -> None:
        super().__init__(loop, table, readings)
        self._has_searched = False

    # ── finding recorders ────────────────────────────────────────────────────

    def recorder_for(
        self, optimizer: torch.optim.Optimizer, *, inside_pass: bool = False, found: bool = False
    ) -> OptimizerRecorder | None:
        """Return the recorder of an optimizer; None if it holds no watched parameter.

        Parameters
        ----------
        optimizer : Optimizer
        inside_pass : bool
            Whether the optimizer steps inside a backward pass.
        found : bool
            Whether the optimizer was found before its first step.
        """
        held = self._table.held_by(optimizer)
        if len(held) < parameter_count(optimizer) and self._table.refresh():
            self.parameters_changed()
            held = self._table.held_by(optimizer)
        if not held:
            return None
        names = {entry.names for entry in held}
        sharing = [
            each for each in self.with_optimizers if records_optimizer(each, optimizer, names)
        ]
        if not sharing and inside_pass and self.in_backward is not None:
            sharing = [self.in_backward]
        if sharing:
            sharing.sort(key=lambda each: each.name is None)  # continue the series that exist
            self._merge(sharing, optimizer)
            return sharing[0]
        return self._add(optimizer, held, inside_pass=inside_pass, found=found)

    def find_optimizers(self) -> bool:
        """Search once for optimizers of watched parameters; return whether there are any."""
        if not self._has_searched:
            self._has_searched = True
            for optimizer in discovery.find_optimizers(self._table):
                self.recorder_for(optimizer, found=True)
            if self.required and self._unassigned is not None:
                self._unassigned.drop_passes()
        return bool(self.required)

    # ── changes ──────────────────────────────────────────────────────────────

    def parameters_changed(self) -> None:
        """Update the parameters of every optimizer."""
        for recorder in self.with_optimizers:
            self._update_entries(recorder)
        self.update()
        hooks.parameters_changed()

    def check_names(self) -> bool:
        """Update the parameters if modules were added, removed or renamed; return whether.

        Call it before values are recorded under the present names.
        """
        if not self._table.is_renamed():
            return False
        self._table.refresh()
        self._readings.drop_calls()
        self.parameters_changed()
        return True

    def check_entries(self) -> None:
        """Update the parameters if an optimizer was given others, or lost some."""
        if not self.check_names() and self._table.is_stale():
            self._table.refresh()
            self.parameters_changed()
        for recorder in self.with_optimizers:
            alive = (reference() for reference in recorder.optimizers)
            held = sum(parameter_count(optimizer) for optimizer in alive if optimizer is not None)
            if held != recorder.held:
                recorder.held = held
                self._table.refresh()
                self.parameters_changed()

    def readmit(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Require an optimizer again that steps after it was excluded."""
        recorder.excluded, recorder.missed_steps = False, 0
        recorder.joins_previous_step = self._may_join_previous_step()
        self.update()
        if not recorder.has_stepped and not recorder.passes:
            copy_newest_pass(recorder, self.with_optimizers, self._loop.pass_number)

    def merge_in_backward(self, recorder: OptimizerRecorder) -> OptimizerRecorder:
        """Return the one recorder of all optimizers that step inside a pass."""
        if self.in_backward is None:
            self.in_backward = recorder
        elif recorder is not self.in_backward:
            self.in_backward.stepped_in_backward |= recorder.stepped_in_backward
            self._merge([self.in_backward, recorder], None)
            hooks.parameters_changed()
        return self.in_backward

    def find_passes(self, recorder: OptimizerRecorder) -> None:
        """Find the pending passes of an optimizer that steps without any.

        The optimizer may have been given parameters that no optimizer held, or a pass recorded
        elsewhere may have reached its parameters, but not the probe.
        """
        if self._unassigned is not None and self._unassigned.passes:
            self.check_entries()
        if not recorder.passes and recorder.probe.is_cleared():
            copy_newest_pass(recorder, self.with_optimizers, self._loop.pass_number)

    # ── implementation ───────────────────────────────────────────────────────

    def _add(
        self,
        optimizer: torch.optim.Optimizer,
        held: Sequence[Watched],
        *,
        inside_pass: bool,
        found: bool,
    ) -> OptimizerRecorder:
        label = held[0].label
        tables = self._names.tables_name(label)
        recorder = OptimizerRecorder(self._loop, tables, label, held, self._readings.limit)
        recorder.add_optimizer(optimizer)
        replaces = any(overlap(each, recorder) for each in self.with_optimizers)
        recorder.joins_previous_step = not found and not replaces and self._may_join_previous_step()
        if inside_pass:
            self.in_backward = recorder
        self._take_over_passes(recorder)
        if self._unassigned is not None and recorder.passes and not found:
            self._unassigned.drop_passes()  # several found at once may all step
        recorder.probe.choose(recorder.entries)
        recorder.probe.record_after_pass()
        self.all = (*self.all, recorder)
        self.update()
        return recorder

    def _may_join_previous_step(self) -> bool:
        """Return whether a late step belongs to the previous training step, as none began since."""
        return (
            bool(self.required)
            and self._loop.steps_done > 0
            and not any(each.stepped for each in self.required)
        )

    def _merge(
        self, sharing: Sequence[OptimizerRecorder], optimizer: torch.optim.Optimizer | None
    ) -> None:
        """Record an optimizer, and those of several recorders, in the first recorder."""
        first = sharing[0]
        for other in sharing[1:]:
            for reference in other.optimizers:
                alive = reference()
                if alive is not None:
                    first.add_optimizer(alive)
            other.optimizers = []
            if other.depth:  # the step of a wrapper, under way around the others
                first.depth, first.outermost = other.depth, other.outermost
            if not first.passes:
                first.copy_passes(other)
            hooks.parameters_changed()
        if optimizer is not None:
            first.add_optimizer(optimizer)
        first.missed_steps = 0
        self._update_entries(first)
        self.update()

    def _update_entries(self, recorder: OptimizerRecorder) -> None:
        """Update the parameters that a recorder's optimizers hold."""
        found: dict[tuple[str, ...], Watched] = {}
        for reference in recorder.optimizers:
            optimizer = reference()
            if optimizer is not None:
                found |= {entry.names: entry for entry in self._table.held_by(optimizer)}
        if found and tuple(found.values()) != recorder.entries:
            before = {entry.names for entry in recorder.entries}
            recorder.set_entries(tuple(found.values()))
            added = found.keys() - before
            unassigned = self._unassigned
            if unassigned is not None and any(e.names in added for e in unassigned.entries):
                self._take_over_passes(recorder)

    def _take_over_passes(self, recorder: OptimizerRecorder) -> None:
        take_over_passes(recorder, self._unassigned, self.with_optimizers, self._loop.pass_number)
