"""One watched training: its series, its graphs, and the switches that steer it."""

from __future__ import annotations

import math
import threading
import time
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from labkit.run.activations import ActivationLog
from labkit.run.audience import Audience
from labkit.run.control import Control, Stopped
from labkit.run.finding import Finding
from labkit.run.graph import ComputationGraph, GraphSpan
from labkit.run.histograms import HistogramLog
from labkit.run.incident import Incident
from labkit.run.inspection import Inspection, Samples, final_values, inspect
from labkit.run.kinds import is_reserved
from labkit.run.live import LiveModel
from labkit.run.notices import NoticeLog
from labkit.run.observations import Observations
from labkit.run.recorder import Recorder
from labkit.run.scalars import number
from labkit.run.series import Block, Floats, Steps
from labkit.run.state import FINAL_STATUSES, Notice, RunState, Status

if TYPE_CHECKING:
    import pandas

_MOST_GRAPHS = 32
_MOST_SPANS = 200
_SPANS_SENT = 40
_RATE_WINDOW_SECONDS = 3.0


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
        self.device = "unknown"
        self.parameters = 0
        self.trainable = 0
        self._notices = NoticeLog()
        self.recorder = Recorder(self._notices)
        """The only writer of the run's rows."""
        self.epoch: int | None = None
        self.steps_per_epoch: int | None = None
        self.total_steps: int | None = None
        """Set it to the number of steps you plan, to see the time left."""
        self.cursor: int | None = None
        """The step that views show; None follows the live end."""
        self.control = Control()
        self.audience = Audience()
        self.histograms = HistogramLog()
        self.activations = ActivationLog()
        self.samples: Samples = {}
        """What was sampled of the tensors of a graph that was captured once."""
        self.final_values: dict[str, Inspection] = {}
        """What the parameters held as the run ended, by their names."""
        self.observations = Observations()
        """What was seen of the loop that is no series."""
        self.incident: Incident | None = None
        """What was kept of the first step that went wrong."""
        self.examine: Callable[[Run], tuple[Finding, ...]] = lambda run: ()
        """Reads the run and says what is wrong."""
        self.spent_ns = 0
        """Time the training thread gave to watching."""
        self.published_ns = 0
        """Processor time the views' publisher took."""
        self.loop_ns = 0
        """Time of the loop since its first step began."""
        self.getting_started = True
        """Whether the measured cost is still that of the first steps."""
        self._start_loop_ns = self._start_spent_ns = 0
        self._live: LiveModel | None = None
        self._steps = 0
        self._status: Status = "waiting"
        self._graphs: dict[str, ComputationGraph] = {}
        self._spans: deque[GraphSpan] = deque(maxlen=_MOST_SPANS)
        self._latest_graph: ComputationGraph | None = None
        self._closers: deque[tuple[Callable[[], None]]] = deque()
        self._right_to_end = [None]
        self._note_open()
        self._began = time.monotonic()
        self._ended: float | None = None
        self._rate_marks: deque[tuple[float, int]] = deque()

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def steps(self) -> int:
        """Completed optimizer steps: the live model's count, else the number that is stored."""
        live = self._live
        return self._steps if live is None else live.steps()

    @steps.setter
    def steps(self, steps: int) -> None:
        self._steps = steps

    @property
    def blocks(self) -> dict[str, Block]:
        """What was recorded, whole up to this moment, by the tables' ids."""
        self._write()
        return self.recorder.blocks

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
            block, column = self.recorder.find(name)
        except KeyError:
            known = ", ".join(self.recorder.names()[:12]) or "nothing yet"
            raise KeyError(
                f"no series named {name!r} was recorded; there is: {known}. "
                "run.names() lists them all."
            ) from None
        return block.points(column)

    def to_frame(self) -> pandas.DataFrame:
        """Return all series as a `pandas.DataFrame`, one row per step and one column per name."""
        import pandas

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
        return self._latest_graph

    @property
    def graphs(self) -> tuple[ComputationGraph, ...]:
        """One graph per structure seen, oldest first; at most 32 are kept."""
        return tuple(self._graphs.values())

    @property
    def graph_history(self) -> tuple[GraphSpan, ...]:
        """The steps over which each structure held, oldest first; the newest 200 are kept."""
        return tuple(self._spans)

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
        loop_ns, spent_ns = self.loop_ns, self.spent_ns + self.published_ns
        if loop_ns > self._start_loop_ns:
            loop_ns, spent_ns = loop_ns - self._start_loop_ns, spent_ns - self._start_spent_ns
        return spent_ns / loop_ns if loop_ns else 0.0

    def end_start(self) -> None:
        """Leave the time until now out of the measured cost: the run has got started."""
        self.getting_started = False
        self._start_loop_ns = self.loop_ns
        self._start_spent_ns = self.spent_ns + self.published_ns

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What goes wrong in the run, the gravest first; empty while all is well."""
        return self.examine(self)

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
            device=self.device,
            process_memory=process_memory,
            device_memory=None if live is None else live.device_memory(),
            cost=self.cost,
            getting_started=self.getting_started and not self.closed,
            budget=self.budget,
            parameters=self.parameters,
            trainable=self.trainable,
            notices=self.notices,
            structures=self.graph_history[-_SPANS_SENT:],
            findings=self.findings,
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
        step = self.steps
        for name, value in values.items():
            if name == "epoch" and math.isfinite(value):
                self.epoch = int(value)
            self.recorder.table(f"metric/{name}", "metric", (name,)).append(step, value)

    def add_block(self, id: str, kind: str, names: Sequence[str]) -> Block:
        """Return a table to record into; `Recorder.table` of the run's recorder."""
        return self.recorder.table(id, kind, names)

    # ── the model that lives ─────────────────────────────────────────────────

    def attach(self, live: LiveModel) -> None:
        """Have steps, waiting rows, memory and values asked of a live model from now on."""
        self._live = live

    def detach(self) -> None:
        """Write what waits, store the count of steps, and refer to the live model no more."""
        live = self._live
        if live is not None:
            live.write()
            self._steps = live.steps()
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
        """Keep a graph if its structure is new, make it the latest, and note that it was seen."""
        seen = self.steps if step is None else step
        if self._spans and self._spans[-1].signature == graph.signature:
            first = self._spans[-1].first
            self._spans[-1] = GraphSpan(graph.signature, first, seen)
        else:
            self._spans.append(GraphSpan(graph.signature, seen, seen))
        known = self._graphs.get(graph.signature)
        if known is None:
            self._graphs[graph.signature] = known = graph
            if len(self._graphs) > _MOST_GRAPHS:
                del self._graphs[next(iter(self._graphs))]
        self._latest_graph = known

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

    def on_close(self, closer: Callable[[], None]) -> Callable[[], None]:
        """Have something called when the run ends, in the order of adding.

        It is called once, at once if the run has ended already. What it raises becomes a notice,
        and those after it are called all the same.

        Returns
        -------
        callable
            Takes the closer back; harmless when it was called.
        """
        entry = (closer,)
        self._closers.append(entry)
        if self.closed:
            self._call_closers()

        remove = weakref.WeakMethod(self._remove_closer)

        def take_back() -> None:
            alive = remove()
            if alive is not None:
                alive(entry)

        return take_back

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
            self._end("failed", f"the loop raised {_described(error)}")
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
            self.add_notice("closing", f"The last values were not read: {_described(error)}.")
        finally:
            self._finish(status, message)

    def _finish(self, status: Status, message: str | None) -> None:
        if status == "finished" and self.control.stopping:
            status = "stopped"
        self._message, self._ended = message, time.monotonic()
        self._status = status
        self._open.pop(self.id, None)
        self.control.close()
        self._call_closers()

    def _call_closers(self) -> None:
        """Call each closer once; deliver an interrupt when all have been called."""
        interrupt: BaseException | None = None
        while self._closers:
            try:
                self._call_next_closer()
            except BaseException as error:  # noqa: BLE001 - raised below
                interrupt = interrupt or error
        if interrupt is not None:
            raise interrupt

    def _remove_closer(self, entry: tuple[Callable[[], None]]) -> None:
        with suppress(ValueError):
            self._closers.remove(entry)

    def _call_next_closer(self) -> None:
        try:
            (closer,) = self._closers.popleft()
        except IndexError:  # another thread took it
            return
        try:
            closer()
        except Exception as error:  # noqa: BLE001 - the others have to be called, too
            self.add_notice("closing", f"A part did not close in order: {_described(error)}.")

    def _steps_per_second(self) -> float | None:
        now, marks = self._ended or time.monotonic(), self._rate_marks
        if not marks or now - marks[-1][0] > 0.05:  # noqa: PLR2004 - seconds between marks
            marks.append((now, self.steps))
        while len(marks) > 2 and now - marks[0][0] > _RATE_WINDOW_SECONDS:  # noqa: PLR2004
            marks.popleft()
        (then, before), (_, after) = marks[0], marks[-1]
        if self.closed or marks[-1][0] == then:
            seconds = self.loop_ns / 1e9
            return self.steps / seconds if seconds else None
        return (after - before) / (marks[-1][0] - then)


def _described(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the error is the user's, and so may be its text
        return type(error).__name__
