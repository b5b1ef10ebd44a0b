"""Changes the training of a watched model, for its run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from torch import nn

from labkit.capture.steps import StepMachine
from labkit.capture.tuning.adjustments import Adjustments
from labkit.capture.tuning.freezing import Freezing
from labkit.capture.tuning.group_table import LiveGroup, live_groups
from labkit.capture.tuning.schedulers import scheduler_setups
from labkit.run import Run
from labkit.run.hyperparameters import Adjustment, ParameterGroup, TunableModule
from labkit.run.run_event import MAX_EVENTS, RunEvent

_INTERVAL_NS = 500_000_000
"""Shortest time between two readings of the hyperparameters for display, in ns."""
_MAX_READ = 64
"""Number of groups up to which they are read again for display."""


class Tuner:
    """The live model's `labkit.run.live_tuner.LiveTuner`.

    Parameters
    ----------
    loop : StepMachine
    models : mapping of str to Module
        Held weakly.
    set_budget : callable
        Applies a new budget to all that spends it.
    """

    def __init__(
        self,
        loop: StepMachine,
        models: Mapping[str, nn.Module],
        set_budget: Callable[[float], None],
    ) -> None:
        self._loop = loop
        self._adjustments = Adjustments(loop)
        self._freezing = Freezing(loop, models)
        self._apply_budget = set_budget
        self._budgets: dict[int, float] = {}
        """The changed budgets in force, by the ids of their events."""
        self._initial_budget = 0.0
        self._groups: tuple[ParameterGroup, ...] = ()
        self._modules = self._freezing.modules()
        self._layout: object = None
        self._due_ns = 0
        self._recorders: object = None
        """Those of the optimizers when the groups were last read."""
        self._described: frozenset[str] = frozenset()
        """The names of the groups whose first hyperparameters the run has."""

    # ── reading ──────────────────────────────────────────────────────────────

    def groups(self) -> tuple[ParameterGroup, ...]:
        """Return the parameter groups, as they were last read; as they are on their own thread."""
        if threading.get_ident() == self._loop.thread:
            self._read_groups()
        return self._groups

    def modules(self) -> tuple[TunableModule, ...]:
        """Return the modules with parameters, as they were last read."""
        return self._modules

    def is_in_step(self) -> bool:
        """Return whether a backward pass waits for its optimizer step, or one is under way."""
        loop = self._loop
        hooked = [each for each in loop.recorders.required if not each.is_without_hook]
        return loop.is_in_pass or any(each.depth or each.passes for each in hooked)

    def read_if_due(self) -> None:
        """Read groups and modules at most twice a second, on the training thread.

        They are read as well if other optimizers train: the optimizer of a function that trains for
        less than half a second is gone with it.
        """
        now_ns = time.perf_counter_ns()
        if now_ns < self._due_ns and self._recorders is self._loop.recorders.required:
            return
        self._due_ns = now_ns + _INTERVAL_NS
        self._freezing.check()
        if not self._groups or len(self._groups) <= _MAX_READ:
            self._read_groups()
        if self._layout is not self._loop.table.layout:
            self._read_modules()

    def _read_groups(self) -> None:
        self._recorders = self._loop.recorders.required
        live = live_groups(self._loop)
        self._adjustments.check(live)
        self._describe(live)
        read = [group.facts() for group in live]
        before = {group.name: group for group in self._groups}
        self._groups = tuple(_with_varying(group, before.get(group.name)) for group in read)
        for group in self._groups:
            if group.reason is not None and group.values != group.own:
                self._loop.add_notice(
                    f"The changes of parameter group {group.name!r} have no effect: {group.reason}"
                )

    def _describe(self, live: Sequence[LiveGroup]) -> None:
        """Record the hyperparameters of groups that are read for the first time."""
        new = [group for group in live if group.name not in self._described]
        run = self._loop.run_reference() if new else None
        if run is None:
            return
        run.add_group_setups([group.setup() for group in new])
        run.add_scheduler_setups(scheduler_setups([group.optimizer for group in new]))
        self._described |= {group.name for group in new}

    def _read_modules(self) -> None:
        self._layout = self._loop.table.layout
        self._modules = self._freezing.modules()

    # ── changes ──────────────────────────────────────────────────────────────

    def adjust(self, adjustment: Adjustment) -> tuple[RunEvent, ...]:
        """Change hyperparameters; return an event for each group and hyperparameter."""
        try:
            return self._adjustments.apply(self._run(), adjustment)
        finally:
            self._read_groups()

    def freeze(self, path: str) -> RunEvent:
        """Freeze the parameters of a module that require a gradient."""
        event = self._freezing.freeze(self._run(), path)
        self._due_ns = 0  # the end of the next step shows whether it remains frozen
        self._read_modules()
        return event

    def thaw(self, path: str) -> RunEvent:
        """Thaw the parameters of a module that were frozen by `freeze`."""
        event = self._freezing.thaw(self._run(), path)
        self._read_modules()
        return event

    def set_budget(self, budget: float) -> RunEvent:
        """Change the part of the loop's time that watching may take."""
        run = self._run()
        before = run.budget
        if not self._budgets:
            self._initial_budget = before
        event = run.event_log.add(
            run.steps, "budget", "", before, budget, text=f"budget: {before:.3g} → {budget:.3g}"
        )
        self._budgets[event.id] = budget
        if len(self._budgets) > MAX_EVENTS:
            del self._budgets[next(iter(self._budgets))]
        self._spend(run, budget)
        return event

    def undo(self, event: RunEvent) -> RunEvent:
        """Take a change back, and return the changed event."""
        run = self._run()
        if event.kind in ("freeze", "thaw"):
            self._freezing.take_back(run, event)
            self._read_modules()
        elif event.kind == "budget":
            self._take_budget_back(run, event)
        else:
            self._adjustments.take_back(event)
            self._read_groups()
        return run.event_log.take_back(event.id, run.steps)

    def close(self) -> None:
        """End all changes: the optimizers have their own hyperparameters, modules are thawed."""
        self._adjustments.close()
        self._freezing.close()

    def _take_budget_back(self, run: Run, event: RunEvent) -> None:
        self._budgets.pop(event.id, None)
        left = list(self._budgets.values())
        self._spend(run, left[-1] if left else self._initial_budget)

    def _spend(self, run: Run, budget: float) -> None:
        self._apply_budget(budget)
        run.record_budget(budget)

    def _run(self) -> Run:
        run = self._loop.run_reference()
        if run is None:
            raise RuntimeError("The run no longer exists, so nothing can be changed.")
        return run


def _with_varying(group: ParameterGroup, before: ParameterGroup | None) -> ParameterGroup:
    """Return a group with the hyperparameters whose own values have changed so far."""
    if before is None:
        return group
    changed = {name for name, own in group.own.items() if before.own.get(name) != own}
    return replace(group, varying=before.varying | changed)
