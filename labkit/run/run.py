"""One watched training: its series, its graphs, and the switches that steer it."""

from __future__ import annotations

import math
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from labkit.run.activations import ActivationLog
from labkit.run.closers import Closer, Closers
from labkit.run.control import Control, Stopped
from labkit.run.cost import Cost
from labkit.run.error_text import described
from labkit.run.finding import Finding
from labkit.run.graph import ComputationGraph
from labkit.run.graph_log import GraphLog
from labkit.run.graph_parts import GraphSpan
from labkit.run.histograms import HistogramLog
from labkit.run.incident import Incident
from labkit.run.inspection import Inspection, Samples
from labkit.run.kinds import is_reserved
from labkit.run.live import LiveModel
from labkit.run.notices import NoticeLog
from labkit.run.observations import Observations
from labkit.run.optional import import_optional
from labkit.run.questions import final_values, inspect
from labkit.run.recorder import Recorder
from labkit.run.scalars import number
from labkit.run.series_table import Floats, SeriesTable, Steps
from labkit.run.state import FINAL_STATUSES, ModelFacts, Notice, RunState, Status
from labkit.run.step_rate import StepRate
from labkit.run.viewers import Viewers

if TYPE_CHECKING:
    import pandas

_SPANS_SENT = 40


class Run:
    """What one watched training recorded, readable while it still runs.

    Made by `labkit.watch`. Usable as a context manager: leaving the block closes the run, an
    error in the loop passes through and is noted, and a stop ends the block quietly.

    Parameters
    ----------
    name : str
        Shown in the views; any text.
    budget : float
        Part of the loop's time that watching may take, 0 to 1.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> steps, values = run.series("accuracy")
    >>> steps.tolist(), values.tolist()
    ([0], [0.5])
    """

    _open: ClassVar[dict[str, weakref.ref[Run]]] = {}
    """The runs that have not ended, by their ids."""
    _entered_by: int | None = None
    """The thread that opened the ``with`` block: it trains, where no other was seen to."""
    _message: str | None = None

    def __init__(self, name: str = "run", *, budget: float = 0.03) -> None:
        self.id = uuid.uuid4().hex
        self.name = name
        self.budget = budget
        self.model = ModelFacts()
        self._notices = NoticeLog()
        self.recorder = Recorder(self._notices)
        """The only writer of the run's rows."""
        self.total_steps: int | None = None
        """Set it to the number of steps you plan, to see the time left."""
        self.cursor: int | None = None
        """The step that views show; None follows the live end."""
        self.control = Control()
        self.viewers = Viewers()
        self.histograms = HistogramLog()
        self.activations = ActivationLog()
        self.samples: Samples = {}
        """What was sampled of the tensors of a graph that was captured once."""
        self.final_values: dict[str, Inspection] = {}
        """What the parameters held as the run ended, by their names."""
        self.observations = Observations()
        """What was seen of the loop that is no series."""
        self.measured = Cost()
        """What watching costs, and the loop's time that it is a part of."""
        self._epoch: int | None = None
        self._steps_per_epoch: int | None = None
        self._incident: Incident | None = None
        self._findings: tuple[Finding, ...] = ()
        self._live: LiveModel | None = None
        self._steps = 0
        self._status: Status = "waiting"
        self._graphs = GraphLog()
        self._closers = Closers(self._notices)
        self._right_to_end = [None]
        self._note_open()
        self._began = time.monotonic()
        self._ended: float | None = None
        self._rate = StepRate()

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def steps(self) -> int:
        """Completed optimizer steps: the live model's count, else the number that is stored."""
        live = self._live
        return self._steps if live is None else live.steps()

    @property
    def epoch(self) -> int | None:
        """The epoch under way, counted from 1; None while none is known."""
        return self._epoch

    @property
    def steps_per_epoch(self) -> int | None:
        """Batches that the epoch's loader has; None where that is not known."""
        return self._steps_per_epoch

    @property
    def tables(self) -> dict[str, SeriesTable]:
        """What was recorded, whole up to this moment, by the tables' ids."""
        self._write()
        return self.recorder.tables

    def names(self) -> list[str]:
        """Return the names of all series that have points, in the order in which they appeared."""
        self._write()
        return self.recorder.names()

    def series(self, name: str) -> tuple[Steps, Floats]:
        """Return the recorded points of one series.

        Parameters
        ----------
        name : str
            ``"loss"``, a logged metric, ``"lr/<group>"``, a parameter's ``"grad_norm/<parameter>"``
            (or ``weight_norm``, ``update_ratio``) or a module's ``"act_mean/<module>"``;
            `names` lists them all.

        Returns
        -------
        steps : ndarray, shape (n_points,), dtype int64
            Counted from 1, rising; of a metric that was logged before the first step, from 0.
        values : ndarray, shape (n_points,), dtype float32
            In a long run the older points are the extremes of their stretch of steps. Norms,
            activations and the like have a point only where they were read; the loss, learning
            rates and metrics may be NaN.

        Raises
        ------
        KeyError
            If nothing of that name was recorded.
        """
        self._write()
        try:
            table, column = self.recorder.find(name)
        except KeyError:
            known = ", ".join(self.recorder.names()[:12]) or "nothing yet"
            raise KeyError(
                f"no series named {name!r} was recorded; there is: {known}. "
                "run.names() lists them all."
            ) from None
        return table.points(column)

    def to_frame(self) -> pandas.DataFrame:
        """Return all series as a `pandas.DataFrame`, one row per step and one column per name.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = import_optional("pandas", needed_by="run.to_frame()")
        columns = {}
        for name in self.names():
            steps, values = self.series(name)
            columns[name] = pandas.Series(values, index=steps)
        frame = pandas.DataFrame(columns)
        frame.index.name = "step"
        return frame.sort_index()

    @property
    def graph(self) -> ComputationGraph | None:
        """The latest computation graph, None before the first backward pass."""
        return self._graphs.latest

    @property
    def graphs(self) -> tuple[ComputationGraph, ...]:
        """One graph per structure seen, oldest first; at most 32 are kept."""
        return self._graphs.graphs

    @property
    def graph_history(self) -> tuple[GraphSpan, ...]:
        """The steps over which each structure held, oldest first; the newest 200 are kept."""
        return self._graphs.spans

    @property
    def status(self) -> Status:
        """What the run is doing: waiting, running, pausing, paused, or how it ended.

        It is "pausing" from the moment a pause is asked for until the loop reaches the end of a
        step, and "paused" while the loop is held there.
        """
        if self.closed:
            return self._status
        if self.control.paused:
            return "paused"
        return "pausing" if self.control.pausing else self._status

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""
        return self._status in FINAL_STATUSES

    @property
    def cost(self) -> float:
        """Measured part of the loop's time that watching took, 0 to 1.

        The first steps are left out once a run has got started: costly readings come early, so
        that a short run has some, and they say nothing of the steps to come.
        """
        return self.measured.share

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What goes wrong in the run, the gravest first; empty while all is well."""
        live = self._live
        return self._findings if live is None else live.findings()

    @property
    def incident(self) -> Incident | None:
        """What was recorded of the first step that went wrong; None while none has."""
        return self._incident

    @property
    def message(self) -> str | None:
        """Why the run ended before its time, None otherwise."""
        return self._message

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What labkit had to say about itself."""
        return self._notices.all()

    def state(self, process_memory: int | None = None) -> RunState:
        """Return the run's small facts at this moment."""
        live, rate = self._live, self._steps_per_second()
        remaining = None
        if self.total_steps and rate:
            remaining = max(0, self.total_steps - self.steps) / rate
        return RunState(
            name=self.name,
            status=self.status,
            message=self._message,
            step=self.steps,
            epoch=self.epoch,
            steps_per_epoch=self.steps_per_epoch,
            total_steps=self.total_steps,
            steps_per_second=rate,
            elapsed=(self._ended or time.monotonic()) - self._began,
            remaining=remaining,
            device=self.model.device,
            process_memory=process_memory,
            device_memory=None if live is None else live.device_memory(),
            cost=self.cost,
            getting_started=self.measured.getting_started and not self.closed,
            budget=self.budget,
            parameters=self.model.parameters,
            trainable=self.model.trainable,
            notices=self.notices,
            structures=self.graph_history[-_SPANS_SENT:],
            pictures=self.activations.taken,
            skipped=tuple(self.observations.skipped),
        )

    # ── writing ──────────────────────────────────────────────────────────────

    def log(self, /, **metrics: float) -> None:
        """Record metrics of your own at the present step, the one that was completed last.

        Parameters
        ----------
        **metrics : float
            Anything `float` takes but text: numbers of Python's and numpy's, decimals, fractions,
            and arrays and tensors of one element, of any shape and on any device. ``epoch=`` also
            tells the progress line which epoch this is. A metric that is logged again at the same
            step has the last value.

        Raises
        ------
        TypeError
            If a value is no number.
        ValueError
            If a name is one that labkit gives to its own series, in this run or another.
        RuntimeError
            If the run has ended.

        Notes
        -----
        All is checked first: a call that raises has recorded nothing. A tensor's value is waited
        for, as with ``item()``.
        """
        if self.closed:
            raise RuntimeError(
                f"run.log({', '.join(f'{name}=...' for name in metrics)}) was called after the run "
                f"{self.name!r} had ended ({self._status}), and an ended run takes no more. Log "
                "before run.close(), inside of `with lk.watch(...)`, or watch anew."
            )
        for name in metrics:
            if is_reserved(name):
                raise ValueError(
                    f"run.log({name}=...): {name!r} is the name of a series that labkit records "
                    "itself. Log yours under another name, for example "
                    f"my_{name.replace('/', '_')}=..."
                )
        values = {name: number(name, value) for name, value in metrics.items()}
        began_ns = time.perf_counter_ns()  # a tensor's value may have been waited for until now
        step = self.steps
        for name, value in values.items():
            if name == "epoch" and math.isfinite(value):
                self._epoch = int(value)
            self.recorder.table(f"metric/{name}", "metric", (name,)).append(step, value)
        self.measured.add_logging(time.perf_counter_ns() - began_ns)

    def add_table(self, id: str, kind: str, names: Sequence[str]) -> SeriesTable:
        """Return a table to record into; `Recorder.table` of the run's recorder."""
        return self.recorder.table(id, kind, names)

    # ── the model that lives ─────────────────────────────────────────────────

    def attach(self, live: LiveModel) -> None:
        """Have steps, waiting rows, memory, values and findings asked of a live model from now."""
        self._live = live

    def detach(self) -> None:
        """Store what the live model says last, and refer to it no more."""
        live = self._live
        if live is not None:
            live.write()
            self._steps = live.steps()
            self._findings = live.findings()
            self._live = None

    @property
    def live(self) -> LiveModel | None:
        """The model that trains, as far as the run refers to it; None once the run has ended."""
        return self._live

    def inspect(self, name: str) -> Inspection | None:
        """Return what is known of a parameter: its values and its gradient's, or what was recorded.

        Parameters
        ----------
        name : str
            A parameter's name, or the id of an operation's node.

        Returns
        -------
        Inspection or None
            Safe on any thread: the training thread reads the model at the end of its step, and
            where none comes within a moment, what was recorded is returned. None where nothing is
            known.
        """
        return inspect(self, name)

    def _write(self) -> None:
        """Have rows that wait in capture written, before something is read."""
        live = self._live
        if live is not None:
            live.write()

    def add_graph(self, graph: ComputationGraph, step: int | None = None) -> None:
        """Store a graph if its structure is new, make it the latest, and note that it was seen."""
        self._graphs.add(graph, self.steps if step is None else step)

    def describe_model(self, facts: ModelFacts) -> None:
        """Store what is known of the model that trains."""
        self.model = facts

    def advance_to(self, step: int) -> None:
        """Store how many steps are completed, where no live model counts them."""
        self._steps = step

    def begin_epoch(self, steps: int | None) -> None:
        """Count an epoch of so many steps, None where its loader does not know its length."""
        self._epoch = (self._epoch or 0) + 1
        self._steps_per_epoch = steps

    def add_incident(self, incident: Incident) -> None:
        """Store what was recorded of a step that went wrong, in place of an earlier one."""
        self._incident = incident

    def add_samples(self, samples: Samples) -> None:
        """Store what was sampled of the tensors of a graph that was captured once."""
        self.samples = samples

    def add_notice(self, part: str, text: str) -> None:
        """Say something about labkit itself, once."""
        self._notices.add(part, text)

    # ── steering and ending ──────────────────────────────────────────────────

    def pause(self) -> None:
        """Hold the loop at the end of its step; from another thread or a widget."""
        self.control.pause()

    def resume(self) -> None:
        """Let a held loop go on."""
        self.control.resume()

    def step(self) -> None:
        """Let a held loop do one more step."""
        self.control.step()

    def stop(self) -> None:
        """End the loop at the end of its step, as an interrupt would."""
        self.control.stop()

    def begin(self) -> None:
        """Mark the first step as begun."""
        if self._status == "waiting":
            self._status = "running"

    def _note_open(self) -> None:
        runs, id = self._open, self.id
        runs[id] = weakref.ref(self, lambda _: runs.pop(id, None))

    @classmethod
    def open_runs(cls) -> list[Run]:
        """Return the runs that have not ended."""
        return [run for ref in list(cls._open.values()) if (run := ref()) is not None]

    def on_close(self, closer: Closer) -> Callable[[], None]:
        """Have something called when the run ends, in the order of adding.

        It is called once, at once if the run has ended already. What it raises becomes a notice,
        and those after it are called all the same.

        Returns
        -------
        callable
            Takes the closer back; harmless when it was called.
        """
        remove = self._closers.add(closer)
        if self.closed:
            self._closers.call()
        return remove

    def close(self) -> None:
        """End the run: take every hook off, keep what was recorded.

        Harmless when repeated, on any thread, while another thread closes it, and in a finalizer.
        """
        self._end("finished")

    def __enter__(self) -> Self:
        self._entered_by = threading.get_ident()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, Stopped) and error.control in (None, self.control):
            self._end("stopped")
            return True
        if isinstance(error, KeyboardInterrupt):
            self._end("interrupted", "the loop was interrupted")
        elif error is not None:
            self._end("failed", f"the loop raised {described(error)}")
        else:
            self._end("finished")
        return False

    def _end(self, status: Status, message: str | None = None) -> None:
        try:
            self._right_to_end.pop()  # one thread gets it, once
        except IndexError:
            return
        try:
            if (self.control.owner or self._entered_by) == threading.get_ident():
                self.final_values = final_values(self)
        except Exception as error:  # noqa: BLE001 - the run has to end all the same
            self.add_notice("closing", f"The last values were not read: {described(error)}.")
        finally:
            self._finish(status, message)

    def _finish(self, status: Status, message: str | None) -> None:
        if status == "finished" and self.control.stopping:
            status = "stopped"
        self._message, self._ended = message, time.monotonic()
        self._status = status
        self._open.pop(self.id, None)
        self.control.close()
        self._closers.call()

    def _steps_per_second(self) -> float | None:
        rate = self._rate.at(self._ended or time.monotonic(), self.steps)
        if rate is not None and not self.closed:
            return rate
        seconds = self.measured.loop_ns / 1e9
        return self.steps / seconds if seconds else None
