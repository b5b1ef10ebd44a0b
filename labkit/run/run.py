"""One watched training: its recorded data, control of its loop, and its lifecycle."""

from __future__ import annotations

import threading
import time
import uuid
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, ClassVar, Self

from labkit.run.close_callbacks import CloseCallback
from labkit.run.control.control import Stopped
from labkit.run.control.inspection_requests import final_values, inspect
from labkit.run.control.pace import check_pace
from labkit.run.control.pause_watch import PauseWatch
from labkit.run.control.viewers import Viewers
from labkit.run.error_text import described
from labkit.run.inspection import Inspection
from labkit.run.lifecycle import Lifecycle
from labkit.run.logged.metrics import checked_metrics
from labkit.run.printable import printable
from labkit.run.savable import SavableRun
from labkit.run.state import RunState, Status
from labkit.run.step_rate import StepRate

_MAX_SPANS_SENT = 40
_ONE_OF_SEVERAL = (
    "The training was not stopped: {count} processes train the model, and the others would wait "
    "for this one. Call run.stop() in the loop, in every process after the same step, or interrupt "
    "the program."
)


class Run(SavableRun):
    """The record of one watched training, readable while it is running.

    `labkit.watch` returns a run. As a context manager it ends when the block ends: an error in the
    block is recorded and propagates, and `Stopped` is suppressed.

    Parameters
    ----------
    name : str
        Displayed in the views; any text.
    budget : float
        Maximum share of the loop's time for watching, greater than 0 and at most 1.

    Attributes
    ----------
    id : str
        A unique identifier.
    started_at : float
        When the run was created, in s since 1970; NaN for an imported run.
    cursor : int or None
        The step that the views display; None for the newest step.
    control : Control
        The control state, and the queue of requests to the training thread.
    viewers : Viewers
        Whether a page displays the run.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> steps, values = run.series("accuracy")
    >>> steps.tolist(), values.tolist()
    ([0], [0.5])
    """

    _open: ClassVar[dict[str, weakref.ref[Run]]] = {}
    """The runs that have not ended, by id."""

    def __init__(self, name: str = "run", *, budget: float = 0.03) -> None:
        super().__init__(budget)
        self.id = uuid.uuid4().hex
        self.name = name
        self.started_at = time.time()
        self.cursor: int | None = None
        self.viewers = Viewers()
        self._pause_watch = PauseWatch(self.control, self.viewers, self._notices)
        self._lifecycle = Lifecycle(self.control, self._notices)
        self._entered_by: int | None = None
        """The thread that entered the ``with`` block."""
        self.is_abandoned = False
        """Whether the run was ended by a finalizer, in which no code of the user is executed."""
        self._rate = StepRate()
        self._register()

    @classmethod
    def open_runs(cls) -> list[Run]:
        """Return the runs that have not ended."""
        return [run for ref in list(cls._open.values()) if (run := ref()) is not None]

    # ── state ────────────────────────────────────────────────────────────────

    @property
    def status(self) -> Status:
        """The status: waiting, running, pausing, paused, idle, or a final status.

        The status is "pausing" after a pause was requested, until the loop reaches the end of a
        step. It is "paused" while the loop is blocked there. It is "idle" from the end of the cell
        that trained, if this did not end the run, until the next step. The final statuses are
        "finished", "stopped", "interrupted" and "failed".
        """
        is_idle = self._lifecycle.idle_message(self.steps) is not None
        return "idle" if is_idle else self._lifecycle.status

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""
        return self._lifecycle.closed

    @property
    def message(self) -> str | None:
        """Why the run is idle, was interrupted or failed; None otherwise."""
        return self._lifecycle.message or self._lifecycle.idle_message(self.steps)

    @property
    def elapsed(self) -> float:
        """Time since the creation of the run, in s; until the end once the run has ended."""
        return self._lifecycle.elapsed

    def record_time(self, step: int) -> None:
        """Record that a step has just ended; called on the training thread at some steps."""
        self.step_times.add(step, self.elapsed)

    def state(self, process_memory: int | None = None) -> RunState:
        """Return the state of the run at this moment.

        Parameters
        ----------
        process_memory : int, optional
            Resident memory of the process, in bytes; copied to the state.
        """
        live, rate = self._live, self._steps_per_second()
        length = self.planned_length()
        left = None if length is None else length.left_at(self.steps)
        return RunState(
            name=self.name,
            status=self.status,
            message=self.message,
            step=self.steps,
            epoch=self.epoch,
            steps_per_epoch=self.steps_per_epoch,
            total_steps=None if length is None else length.total,
            length_source=None if length is None else length.source,
            may_end_early=length is not None and length.may_end_early,
            epoch_start=self.epoch_start,
            steps_per_second=rate,
            elapsed=self.elapsed,
            remaining=left / rate if left is not None and rate else None,
            device=self.model.device,
            process_memory=process_memory,
            device_memory=None if live is None else live.device_memory(),
            cost=self.cost,
            getting_started=self.cost_totals.includes_start,
            budget=self.budget,
            parameters=self.model.parameters,
            trainable=self.model.trainable,
            notices=self.notices,
            structures=self.graph_history[-_MAX_SPANS_SENT:],
            pictures=self.activations.total,
            skipped=tuple(self.observations.skipped),
            pace=self.pace,
        )

    def inspect(self, name: str) -> Inspection | None:
        """Return statistics of a parameter and its gradient, or of the result of an operation.

        Safe on any thread: the training thread reads the model at the end of its step. If no step
        ends within 0.4 s, or the run has ended, recorded data is returned instead.

        Parameters
        ----------
        name : str
            Name of a parameter, or node id of an operation.

        Returns
        -------
        Inspection or None
            None if nothing is known.
        """
        return inspect(self, name)

    def _steps_per_second(self) -> float | None:
        rate = self._rate.at(self._lifecycle.now - self.control.paused_seconds, self.steps)
        if rate is not None and self.status != "idle" and not self.closed:
            return rate
        seconds = (self.cost_totals.loop_ns + self.control.pace.waited_ns) / 1e9
        return self.steps / seconds if seconds else None

    # ── logging and control ──────────────────────────────────────────────────

    def log(self, /, **metrics: Any) -> None:
        """Record metrics, images, texts or figures at the current step, the last completed one.

        A value that is logged again at the same step replaces the earlier one. ``epoch=`` also sets
        the displayed epoch and the curves' axis of epochs, also with fractions as in ``epoch=2.5``.
        `series` returns numbers, `logged_samples` all others.

        Parameters
        ----------
        **metrics : float, Tensor, ndarray, Image, str, Figure, or list of images or of str
            A number: anything that `float` accepts except text, and arrays and tensors with one
            element, of any shape and on any device. Stored as float32.

            An image: a tensor or array of shape (height, width), (height, width, n_channels),
            (n_channels, height, width), (n_images, n_channels, height, width) or (n_images, height,
            width, n_channels), with 1, 3 or 4 channels; an image of Pillow; or a list of these.
            Several images become a grid of at most 64. Unsigned bytes are colours. For other values
            the smallest and the largest one decide: if they are within 0 and 1, or exceed it by at
            most a tenth, 0 is black and 1 is white; else, likewise, -1 is black and 1 is white;
            else the smallest is black and the largest is white. Whole numbers from 0 to 255 are
            colours. NaN and infinite values are magenta. Pictures of more than 2**20 pixels are
            made smaller. The description of the sample says what was done.

            A text, or a list of texts, of at most 100,000 characters.

            A figure: of matplotlib, stored as an image, or of plotly, up to 2 MB.

        Raises
        ------
        TypeError
            If a value is none of these.
        ValueError
            If a name is reserved for series that labkit records, or was used for numbers before and
            now is for an image, a text or a figure, or the other way round.
        RuntimeError
            If the run has ended.

        Examples
        --------
        >>> import numpy as np
        >>> run = Run("demo")
        >>> run.log(samples=np.zeros((16, 1, 28, 28)), prompt="a cat", accuracy=0.5)
        >>> run.logged_samples("samples")[-1].description
        '16 images of 28 by 28 pixels · black is 0, white is 1'

        Notes
        -----
        All arguments are checked first: a call that raises records nothing. The call waits for the
        value of a tensor on an accelerator, like ``item()``.
        """
        if self.closed and not self.is_abandoned:
            raise RuntimeError(
                f"run.log({', '.join(f'{name}=...' for name in metrics)}) was called after the run "
                f"{self.name!r} had ended ({self.status}), and an ended run takes no more. Log "
                "before run.close(), inside of `with lk.watch(...)`, or watch anew."
            )
        logged = checked_metrics(metrics, self.recorder, self.sample_log)
        began_ns = time.perf_counter_ns()  # after any wait for the value of a tensor
        step = self.steps
        for sample in [value.sample(step) for value in logged.values]:
            self.sample_log.add(sample)
        for name, value in logged.numbers.items():
            if name == "epoch":
                self.epochs.log(step, value)
            self.recorder.table(f"metric/{name}", "metric", (name,)).append(step, value)
        self.cost_totals.add_logging(time.perf_counter_ns() - began_ns)

    def pause(self) -> None:
        """Block the loop at the end of its step; call on another thread or from a widget."""
        self.control.pause()

    def resume(self) -> None:
        """Continue a paused loop."""
        self.control.resume()

    @property
    def resumes_without_page(self) -> bool:
        """Whether a paused loop continues some 20 s after its page was closed; True by default.

        A page that is loaded again within this time finds the loop paused. Without this, a loop
        that was paused with the page's button could only be continued from Python.
        """
        return self._pause_watch.is_active

    @resumes_without_page.setter
    def resumes_without_page(self, resumes: bool) -> None:
        self._pause_watch.is_active = resumes

    def step(self) -> None:
        """Execute one step of a paused loop; pause a running loop."""
        self.control.step()

    @property
    def pace(self) -> float | None:
        """The pace of the loop in steps per second, 1 to 1,000; None for full speed.

        May be set on any thread, also while the loop is running. The loop waits at the end of each
        step, so that steps are spread evenly; what is recorded in this time costs it nothing.
        """
        return self.control.pace.rate

    @pace.setter
    def pace(self, pace: float | None) -> None:
        self.control.set_pace(check_pace(pace, "run.pace = 20"))

    def stop(self) -> None:
        """Raise `Stopped`, a `KeyboardInterrupt`, in the loop at the end of its step.

        Of several processes that train one model, each must end after the same step. Therefore only
        the loop itself can call it there; otherwise a notice says so, and the training goes on.
        """
        if self.ranks is not None and self.control.owner != threading.get_ident():
            self.add_notice("ranks", _ONE_OF_SEVERAL.format(count=self.ranks.world_size))
            return
        self.control.stop()

    # ── lifecycle ────────────────────────────────────────────────────────────

    def __repr__(self) -> str:
        place = "" if self.path is None else f", {printable(str(self.path))}"
        return f"<{type(self).__name__} {self.name!r}: {self.status}, {self.steps:,} steps{place}>"

    def begin(self) -> None:
        """Change the status from "waiting" or "idle" to "running", as code trains the model."""
        self._lifecycle.begin()

    def code_ended(self, text: str) -> None:
        """Record that the code that trains has ended, for example ``"the cell ended"``.

        The run continues if other code trains the model; has no effect before the first step. To
        be called on the training thread.
        """
        self._lifecycle.code_ended(self.steps, f"{text} at step {self.steps:,}")
        self.set_loop_length(None)
        self._rate = StepRate()
        self.record_time(self.steps)
        live = self._live
        if live is not None:
            live.code_ended()

    def on_close(self, callback: CloseCallback) -> Callable[[], None]:
        """Add a function without arguments to call once when the run ends.

        Callbacks are called in the order in which they were added; immediately if the run has
        already ended. An exception that one raises becomes a notice.

        Returns
        -------
        callable
            Removes the callback; has no effect after the callback was called.
        """
        return self._lifecycle.on_close(callback)

    def close(self) -> None:
        """End the run: remove all hooks; the recorded data remains readable.

        Safe on any thread. Later and concurrent calls have no effect. On the training thread the
        rules are evaluated first, and ``on_finding`` is called for new findings.
        """
        try:
            self._finish_loop()
        finally:
            self._end("finished")
            self._await_file()

    def abandon(self) -> None:
        """End the run in a finalizer: like `close`, but no code of the user is executed."""
        self.is_abandoned = True
        self._end("finished")

    def __enter__(self) -> Self:
        if self.closed and not self.is_abandoned:
            raise RuntimeError(
                f"The run {self.name!r} has ended ({self.status}) and would record nothing. Watch "
                "anew: with lk.watch(model) as run."
            )
        self._entered_by = threading.get_ident()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        try:
            self._finish_loop()
        finally:
            ended = self._end_with(error)
            self._await_file()
        return ended

    def _end_with(self, error: BaseException | None) -> bool:
        """End the run after an exception of the block, and return whether to suppress it."""
        # A trainer may handle an interrupt by an exit, as Lightning does.
        cause = error.__context__ if isinstance(error, SystemExit) else error
        if isinstance(cause, Stopped) and cause.control in (None, self.control):
            self._end("stopped")
            return cause is error
        if isinstance(cause, KeyboardInterrupt):
            self._end("interrupted", "the loop was interrupted")
        elif error is not None and not (isinstance(error, SystemExit) and not error.code):
            self._add_failed_graph(error)
            self._end("failed", f"the loop raised {described(error)}")
        else:
            self._end("finished")
        return False

    def _add_failed_graph(self, error: BaseException) -> None:
        live = self._live
        if live is None or self.closed or not isinstance(error, Exception):
            return
        try:
            graph = live.failed_graph(error, self.steps + 1)
            if graph is not None:
                self.add_graph(graph, graph.step)
        except Exception as second:  # noqa: BLE001 - the error of the loop is the one to be raised
            self.add_notice("graph", f"The failed pass was not drawn: {described(second)}.")

    def _register(self) -> None:
        runs, id = self._open, self.id
        runs[id] = weakref.ref(self, lambda _: runs.pop(id, None))

    def _finish_loop(self) -> None:
        """Let the live model end its work while the run is open, if this is its thread."""
        live = self._live
        if live is not None and not self.closed and self.control.owner == threading.get_ident():
            try:
                live.before_end()
            except Exception as error:  # noqa: BLE001 - the run must end in any case
                self.add_notice("closing", f"The last findings are missing: {described(error)}.")

    def _await_file(self) -> None:
        """Wait until the file is written if a finalizer, which does not wait, has ended the run."""
        if self.is_abandoned:
            self.end_file(wait=True)

    def _end(self, status: Status, message: str | None = None) -> None:
        if not self._lifecycle.claim_end():
            return
        try:
            if (self.control.owner or self._entered_by) == threading.get_ident():
                self.final_values = final_values(self)
        except Exception as error:  # noqa: BLE001 - the run must end in any case
            self.add_notice("closing", f"The last values were not read: {described(error)}.")
        finally:
            self._open.pop(self.id, None)
            self._lifecycle.finish(status, message)
            self.end_file(wait=not self.is_abandoned)  # at last, when all rows are in the tables
