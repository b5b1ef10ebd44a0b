"""Calls the hooks of readings: times them, charges budgets, disables a reading that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from labkit.capture.readings.budget import Budget
from labkit.capture.readings.device_transfer import DeviceTransfer, Failure
from labkit.capture.readings.reading import Reading, StepContext
from labkit.run import Run
from labkit.run.error_text import described

_Context = TypeVar("_Context", bound=StepContext)


class ReadingCalls:
    """Calls hooks so that no fault reaches the loop, and delivers the results.

    Parameters
    ----------
    readings : iterable of Reading
    budget : Budget
        What the readings are charged to.

    Attributes
    ----------
    transfer : DeviceTransfer
        Takes the results of all readings.
    spent_ns : int
        Time spent on readings since this was last set to 0, in nanoseconds.
    """

    def __init__(self, readings: Iterable[Reading], budget: Budget) -> None:
        self.transfer = DeviceTransfer()
        self.spent_ns = 0
        self._budget = budget
        self._by_name = {reading.name: reading for reading in readings}

    def call(
        self,
        reading: Reading,
        hook: Callable[[_Context], bool],
        context: _Context,
        *,
        calls_ns: int = 0,
    ) -> None:
        """Call one hook of a reading, unless the reading is disabled.

        Its time is charged to the reading if the hook has read something, together with
        `calls_ns`: the time, in nanoseconds, that recording module calls took before.
        """
        if not reading.budget.enabled:
            return
        began_ns = time.perf_counter_ns()
        self.transfer.reading = reading.name
        try:
            has_read = hook(context)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the loop
            has_read = True
            reading.stop_module_calls()
            self.disable(context.run, reading.name, error)
        self.transfer.reading = ""
        self.spent_ns += calls_ns
        if has_read:
            ended_ns = time.perf_counter_ns()
            cost_ns, seen = ended_ns - began_ns, context.run.viewers.present
            self.spent_ns += cost_ns
            self._budget.spend(reading.budget, cost_ns + calls_ns, ended_ns, seen=seen)

    def deliver(self, run: Run) -> None:
        """Deliver results that have arrived from an accelerator, without blocking."""
        self._note_failures(run, self.transfer.poll())

    def deliver_all(self, run: Run | None) -> None:
        """Deliver all results, blocking until they have arrived; `run` is None if it is gone."""
        failures = self.transfer.flush()
        if run is not None:
            self._note_failures(run, failures)

    def disable(self, run: Run, name: str, error: Exception) -> None:
        """Disable the reading of a name, which has failed; a notice says so.

        ``""`` is the name of results that belong to no reading, and disables none.
        """
        reading = self._by_name.get(name)
        if reading is not None:
            reading.budget.enabled = False
        what = "some results" if reading is None else f"the {name}"
        after = "" if reading is None else " and has switched that off"
        run.add_notice(
            name or "watch",
            f"labkit could not read {what}{after}; training is not affected. ({described(error)})",
        )

    def _note_failures(self, run: Run, failures: Sequence[Failure]) -> None:
        for name, error in failures:
            self.disable(run, name, error)
