"""The reading of activations: statistics of modules, and pictures at longer intervals."""

from __future__ import annotations

from labkit.capture.readings.activations import ActivationReader
from labkit.capture.readings.budget import SECOND_NS, ReadingBudget, next_early_reading
from labkit.capture.readings.reading import Reading, StepContext, UpdateContext

_PICTURES_INTERVAL_NS = SECOND_NS // 2
_EARLY = 250
"""Number of first steps in which every reading makes pictures, so that short runs have some."""


class ActivationReading(Reading):
    """Statistics of the modules' outputs and their gradients, and pictures of some outputs.

    Parameters
    ----------
    reader : ActivationReader or None
        None to read no activations.
    """

    name = "activations"
    needs_module_calls = True
    needs_forward_pass = True
    follows_pace = True

    def __init__(self, reader: ActivationReader | None) -> None:
        super().__init__(
            ReadingBudget(
                share=0.15,
                max_fraction=0.002,
                unseen_divisor=4.0,
                min_interval_ns=SECOND_NS // 2,
                latest_next=next_early_reading,
                enabled=reader is not None,
            )
        )
        self._reader = reader
        self._pictures_at_ns = 0
        """Value of `time.perf_counter_ns` at which pictures are due again."""

    @property
    def calls_ns(self) -> int:  # noqa: D102 - see `Reading`
        reader = self._reader
        return 0 if reader is None or not reader.reading else reader.spent_ns

    def exclude_time(self, ns: int) -> None:
        """Exclude a pause of the loop, in nanoseconds, from intervals, also between pictures."""
        super().exclude_time(ns)
        self._pictures_at_ns += ns

    def start_module_calls(self, context: StepContext, now_ns: int) -> None:
        """Begin to read the outputs of modules, with pictures if they are due."""
        if self._reader is None:
            return
        is_early = context.step < _EARLY
        is_last = context.step == context.run.total_steps
        is_due = is_early or is_last or now_ns >= self._pictures_at_ns
        with_pictures = self.is_free or is_due
        if with_pictures:
            self._pictures_at_ns = now_ns + _PICTURES_INTERVAL_NS
        self._reader.start(context.run, context.transfer, context.step, with_pictures=with_pictures)

    def before_update(self, context: UpdateContext) -> bool:
        """Make the pictures that need the weights of the pass; the time counts as module calls'."""
        if self._reader is not None:
            self._reader.before_update()
        return False

    def end_step(self, context: StepContext) -> bool:
        """Record what was read in all passes of the step."""
        if self._reader is None or not self._reader.reading:
            return False
        self._reader.record(context.run, context.transfer, context.step)
        return True

    def at_end(self, context: StepContext) -> bool:
        """Make the pictures of the chosen input with the last weights, when the run ends."""
        if self._reader is None:
            return False
        return self._reader.draw_chosen(context.run, context.transfer, context.step)

    def stop_module_calls(self) -> None:
        """Remove the hooks on modules and tensors, and drop what was read."""
        if self._reader is not None:
            self._reader.stop()
