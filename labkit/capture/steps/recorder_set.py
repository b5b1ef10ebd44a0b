"""The optimizer recorders of one watch, and which of them take part in a training step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import torch

from labkit.capture import hooks
from labkit.capture.hooks import LoopListener
from labkit.capture.parameters import ParameterTable, Watched
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.capture.steps.recorder_names import RecorderNames


class WatchedLoop(LoopListener, Protocol):
    """The part of a watched loop that its recorders use."""

    pass_number: int
    steps_done: int

    def leave_fast_path(self) -> None:
        """Handle all calls on the general path."""


class RecorderSet:
    """Contains one recorder for each optimizer, and one for parameters that no optimizer holds.

    Parameters
    ----------
    loop : WatchedLoop
    table : ParameterTable
    readings : ReadingSchedule

    Attributes
    ----------
    active : tuple of OptimizerRecorder
        Recorders of the parameters that a backward pass may reach.
    required : tuple of OptimizerRecorder
        Recorders whose optimizers must step before a training step is complete.
    all : tuple of OptimizerRecorder
        Every recorder that was made, as some may still have rows to write.
    in_backward : OptimizerRecorder or None
        The recorder of the optimizers that step inside a backward pass.
    outstanding : int
        Number of required recorders that have not stepped in the training step under way.
    """

    def __init__(self, loop: WatchedLoop, table: ParameterTable, readings: ReadingSchedule) -> None:
        self._loop = loop
        self._table = table
        self._readings = readings
        self._unassigned: OptimizerRecorder | None = None
        """The recorder of the parameters that no optimizer holds."""
        self._names = RecorderNames()
        self.active: tuple[OptimizerRecorder, ...] = ()
        self.required: tuple[OptimizerRecorder, ...] = ()
        self.all: tuple[OptimizerRecorder, ...] = ()
        self.in_backward: OptimizerRecorder | None = None
        self.outstanding = 0
        self.update()

    @property
    def with_optimizers(self) -> tuple[OptimizerRecorder, ...]:
        """The recorders of optimizers, without that of unassigned parameters."""
        return tuple(each for each in self.all if each.optimizers)

    @property
    def manual(self) -> OptimizerRecorder | None:
        """The recorder of updates without an optimizer; None if there are optimizers."""
        return None if self.required else self._unassigned

    @property
    def without_hook(self) -> tuple[OptimizerRecorder, ...]:
        """The recorders of steps for which no hook is called: manual or compiled updates."""
        if not self.required:
            return () if self._unassigned is None else (self._unassigned,)
        return tuple(each for each in self.required if each.is_without_hook)

    def reached_by(self, reached: Iterable[Watched]) -> list[OptimizerRecorder]:
        """Return the recorders of some parameters, including parameters that were frozen before."""
        names = {entry.names for entry in reached}
        unassigned = () if self._unassigned is None else (self._unassigned,)
        return [
            each
            for each in (*self.with_optimizers, *unassigned)
            if names & {entry.names for entry in each.entries}
        ]

    def optimizers_of(
        self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer | None
    ) -> list[torch.optim.Optimizer]:
        """Return the optimizers whose learning rates a step has.

        They are all that stepped inside a pass, or the one that stepped.
        """
        if recorder is self.in_backward:
            return [each for ref in recorder.optimizers if (each := ref()) is not None]
        inner = None if recorder.inner is None else recorder.inner()
        return [each for each in (inner or optimizer,) if each is not None]

    def restore_own_values(self) -> None:
        """Put back the own hyperparameters of the optimizers whose steps have ended."""
        ended = (each for each in self.with_optimizers if not each.depth)
        for reference in (each for recorder in ended for each in recorder.optimizers):
            optimizer = reference()
            if optimizer is not None:
                hooks.restore_own_values(optimizer)

    def is_updated_by_another(self, recorder: OptimizerRecorder) -> bool:
        """Return whether another optimizer that steps holds the recorder's probe parameter."""
        parameter = recorder.probe.parameter
        return any(
            parameter is entry.parameter()
            for each in self.with_optimizers
            if each is not recorder and not each.hook_never_called
            for entry in each.entries
        )

    def include(self, recorder: OptimizerRecorder) -> None:
        """Make a recorder active, as a pass has reached its parameters."""
        if recorder not in self.active:
            self.update()

    def unassign(self, recorder: OptimizerRecorder) -> OptimizerRecorder:
        """Treat a recorder's parameters as held by no optimizer; return their new recorder."""
        recorder.optimizers = []
        self.update()
        return self._unassigned or recorder

    def assign_name(self, recorder: OptimizerRecorder) -> None:
        """Name the series of an optimizer that takes its first step."""
        if recorder.name is None:
            self._names.assign(recorder)
            self._names.divide_readings(self.with_optimizers)

    def release(self) -> None:
        """Release every tensor."""
        for recorder in self.all:
            recorder.release()

    def update(self) -> None:
        """Derive which recorders are active and required, and which parameters are unassigned."""
        self._loop.leave_fast_path()
        with_optimizers = self.with_optimizers
        required = tuple(each for each in with_optimizers if not each.excluded)
        self.required = required
        self.outstanding = len(required) - sum(each.stepped for each in required)
        held = {entry.names for each in with_optimizers for entry in each.entries}
        self._update_unassigned([each for each in self._table.watched if each.names not in held])
        unassigned = self._unassigned
        others = () if unassigned is None or unassigned.probe.parameter is None else (unassigned,)
        # An excluded optimizer that never stepped is not in use yet, so it gets no passes.
        active = (each for each in with_optimizers if not each.excluded or each.has_stepped)
        self.active = (*active, *others)
        self._names.divide_readings(with_optimizers)
        self._readings.readers = [each.reader for each in with_optimizers or others]

    def _update_unassigned(self, entries: Sequence[Watched]) -> None:
        if not entries:
            self._unassigned = None
        elif self._unassigned is None:
            recorder = OptimizerRecorder(self._loop, "", "", entries, self._readings.limit)
            recorder.assign_name("")
            recorder.hook_never_called = False
            recorder.probe.choose(entries)
            self._unassigned = recorder
            self.all = (*self.all, recorder)
        else:
            self._unassigned.set_entries(entries)
