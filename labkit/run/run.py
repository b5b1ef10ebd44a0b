"""One watched training: its series, its graphs, and the switches that steer it."""

from __future__ import annotations

import math
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from labkit.run.activations import ActivationLog
from labkit.run.audience import Audience
from labkit.run.control import Control, Stopped
from labkit.run.finding import Finding
from labkit.run.graph import ComputationGraph, GraphSpan
from labkit.run.histograms import HistogramLog
from labkit.run.incident import Incident
from labkit.run.inspection import Inspect
from labkit.run.observations import Observations
from labkit.run.series import Block, Floats, Steps
from labkit.run.state import FINAL_STATUSES, Notice, RunState, Status
from labkit.run.tally import StepTally

if TYPE_CHECKING:
    import pandas

_BARE = {"loss", "metric"}
"""Kinds whose series are called by their names alone."""
_MOST_GRAPHS = 32
_MOST_SPANS = 200
_SPANS_SENT = 40
_MOST_NOTICES = 20
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

    def __init__(self, name: str = "run", *, budget: float = 0.03) -> None:
        self.id = uuid.uuid4().hex
        self.name = name
        self.budget = budget
        self.device = "unknown"
        self.parameters = 0
        self.trainable = 0
        self.tally = StepTally()
        """Where the capture side counts steps and leaves their scalars."""
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
        self.read_device_memory: Callable[[], int | None] = lambda: None
        self.inspect: Inspect = lambda name: None
        """Reads a parameter's values, by its name, while its model lives."""
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
        self._blocks: dict[str, Block] = {}
        self._status: Status = "waiting"
        self._message: str | None = None
        self._notices: dict[tuple[str, str], Notice] = {}
        self._columns: dict[str, tuple[Block, int]] = {}
        self._graphs: dict[str, ComputationGraph] = {}
        self._spans: deque[GraphSpan] = deque(maxlen=_MOST_SPANS)
        self._latest_graph: ComputationGraph | None = None
        self._closers: list[Callable[[], None]] = []
        self._began = time.monotonic()
        self._ended: float | None = None
        self._rate_marks: deque[tuple[float, int]] = deque()

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def steps(self) -> int:
        """Completed optimizer steps."""
        return self.tally.steps

    @steps.setter
    def steps(self, steps: int) -> None:
        self.tally.restart_at(steps)

    @property
    def blocks(self) -> dict[str, Block]:
        """What was recorded, whole up to this moment, by the blocks' ids."""
        self.tally.write()
        return self._blocks

    def names(self) -> list[str]:
        """Return the names of all series, in the order in which they appeared."""
        return list(self._columns)

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
            Counted from 1, rising.
        values : ndarray, shape (n_points,), dtype float32
            In a long run the older points are the extremes of their stretch of steps.

        Raises
        ------
        KeyError
            If nothing of that name was recorded.
        """
        try:
            block, column = self._columns[name]
        except KeyError:
            known = ", ".join(list(self._columns)[:12]) or "nothing yet"
            raise KeyError(
                f"no series named {name!r} was recorded; there is: {known}. "
                "run.names() lists them all."
            ) from None
        self.tally.write()
        return block.points(column)

    def to_frame(self) -> pandas.DataFrame:
        """Return all series as a `pandas.DataFrame`, one row per step and one column per name."""
        import pandas

        columns = {}
        for name in self.names():
            steps, values = self.series(name)
            column = pandas.Series(values, index=steps)
            columns[name] = column[~column.index.duplicated(keep="last")]
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
        """What the run is doing: waiting, running, paused, or how it ended."""
        if self._status == "running" and self.control.paused:
            return "paused"
        return self._status

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""
        return self._status in FINAL_STATUSES

    @property
    def cost(self) -> float:
        """Measured part of the loop's time that watching took, 0 to 1."""
        if not self.loop_ns:
            return 0.0
        return (self.spent_ns + self.published_ns) / self.loop_ns

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
        return tuple(self._notices.values())

    def state(self, process_memory: int | None = None) -> RunState:
        """Return the run's small facts at this moment."""
        rate = self._steps_per_second()
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
            device_memory=self.read_device_memory(),
            cost=self.cost,
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

    def log(self, **metrics: float) -> None:
        """Record metrics of your own at the present step.

        Parameters
        ----------
        **metrics : float
            Anything `float` takes, a one-element tensor too. ``epoch=`` also tells the
            progress line which epoch this is.

        Raises
        ------
        TypeError
            If a value is no number.
        ValueError
            If the name is taken by one of labkit's own series.
        """
        values = {name: _number(name, value) for name, value in metrics.items()}
        for name, value in values.items():
            if name == "epoch" and math.isfinite(value):
                self.epoch = int(value)
            block = self._blocks.get(f"metric/{name}")
            if block is None:
                if name in self._columns:
                    raise ValueError(
                        f"{name!r} is the name of a series that labkit records itself. "
                        f"Log yours under another name, for example my_{name}=..."
                    )
                block = self.add_block(f"metric/{name}", "metric", [name])
            block.append(self.steps, value)

    def add_block(self, id: str, kind: str, names: Sequence[str]) -> Block:
        """Add columns to record; the capture side calls this when it first has values."""
        block = Block(id, kind, names)
        for column, name in enumerate(block.names):
            self._columns[name if kind in _BARE else f"{kind}/{name}"] = (block, column)
        self._blocks = {**self._blocks, id: block}
        return block

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
        if len(self._notices) < _MOST_NOTICES:
            self._notices.setdefault((part, text), Notice(part, text))

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

    def on_close(self, closer: Callable[[], None]) -> None:
        """Have something called when the run ends, in the order of adding."""
        self._closers.append(closer)

    def close(self) -> None:
        """End the run: take every hook off, keep what was recorded. Harmless when repeated."""
        self._end("finished")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, Stopped):
            self._end("stopped")
            return True
        if isinstance(error, KeyboardInterrupt):
            self._end("interrupted", "the loop was interrupted")
        elif error is not None:
            self._end("failed", f"the loop raised {type(error).__name__}: {error}")
        else:
            self._end("finished")
        return False

    def _end(self, status: Status, message: str | None = None) -> None:
        if self.closed:
            return
        if status == "finished" and self.control.stopping:
            status = "stopped"
        self._status, self._message, self._ended = status, message, time.monotonic()
        self.control.release()
        closers, self._closers = self._closers, []
        for closer in closers:
            closer()

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


def _number(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"run.log({name}=...) takes a number or a one-element tensor, not "
            f"{type(value).__name__}. Example: run.log({name}=0.93)"
        ) from error
