"""Calls the hooks of readings: measures their time, and disables a reading that raises."""

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
    """Calls hooks so that no error reaches the loop, and delivers the results.

    Parameters
    ----------
    readings : iterable of Reading
    budget : Budget
        The budget that the readings are charged to.

    Attributes
    ----------
    transfer : DeviceTransfer
        Copies the results of all readings to the host.
    spent_ns : int
        Time spent on readings since this was last set to 0, in nanoseconds.
    free_ns : int
        The part of it that is not charged to a reading, as the loop waits for its pace.
    """

    def __init__(self, readings: Iterable[Reading], budget: Budget) -> None:
        self.transfer = DeviceTransfer()
        self.spent_ns = self.free_ns = 0
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

        If the hook has read something, its time is charged to the reading together with `calls_ns`,
        the time that was spent on recording module calls, in nanoseconds.
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
            reading.step_ns += cost_ns + calls_ns
            if reading.is_free:
                self.free_ns += cost_ns + calls_ns
            else:
                self._budget.spend(reading.budget, cost_ns + calls_ns, ended_ns, seen=seen)

    def deliver(self, run: Run) -> None:
        """Deliver results that have arrived from an accelerator, without blocking."""
        self._disable_failed(run, self.transfer.poll())

    def deliver_all(self, run: Run | None) -> None:
        """Deliver all results, blocking until they arrive; `run` is None if it no longer exists."""
        failures = self.transfer.flush()
        if run is not None:
            self._disable_failed(run, failures)

    def disable(self, run: Run, name: str, error: Exception) -> None:
        """Disable a reading that has failed, with a notice.

        The name ``""`` stands for results of no reading; nothing is disabled then.
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

    def _disable_failed(self, run: Run, failures: Sequence[Failure]) -> None:
        for name, error in failures:
            self.disable(run, name, error)
