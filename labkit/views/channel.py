"""One hidden widget per run that carries all messages between the kernel and the pages."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

import psutil
import traitlets

from labkit.run import ComputationGraph, Finding, Run, SeriesTable, inspection_requests
from labkit.run.control import MAX_REQUESTS
from labkit.run.error_text import described
from labkit.views import assets, jupyter_compat
from labkit.views import protocol as wire
from labkit.views.course import course_folder
from labkit.views.kernel import call_on_main_thread
from labkit.views.lifetimes import DroppableWidget
from labkit.views.publisher import Publisher

_MAX_HISTOGRAMS = 64
_MAX_TEXT = 200
_NARROW = 64
"""Tables of so few columns are in every frame: losses, rates, metrics, small models."""


class RunChannel(DroppableWidget):
    """Sends a run's snapshot and frames, and takes the pages' requests.

    Every message from a page may arrive on another thread than the training loop's, while a
    cell runs. So controls and questions about the model only go into the queue of the run's
    `Control`. The channel goes with the last view that draws from it.
    """

    _esm = "export default {}"
    protocol = traitlets.Int(wire.PROTOCOL_VERSION).tag(sync=True)
    run_id = traitlets.Unicode().tag(sync=True)

    _of_runs: ClassVar[weakref.WeakValueDictionary[str, RunChannel]] = weakref.WeakValueDictionary()

    def __init__(self, run: Run) -> None:
        super().__init__(run_id=run.id)
        self._watched = run
        self._users: set[str] = set()
        """The open views that draw from it."""
        self._lock = threading.Lock()
        self._seq = 0
        self._sent: dict[str, int] = {}
        """The count of each table's rows as of those that were sent last."""
        self._widths: dict[str, int] = {}
        """The number of columns of each table that the pages know the names of."""
        self._sent_in: dict[str, int] = {}
        """The frame in which each table's rows were sent last."""
        self._sent_graph: ComputationGraph | None = None
        self._sent_findings: tuple[Finding, ...] = ()
        self._snapshot_due = False
        self._process = psutil.Process()
        self.on_msg(self._on_message)
        jupyter_compat.reply_on_the_same_shell(self.comm)
        self._publisher = None if run.closed else Publisher(run, self.publish)

    @classmethod
    def of(cls, run: Run) -> RunChannel:
        """Return the run's channel, made where no view has it open."""
        channel = cls._of_runs.get(run.id)
        if channel is None or channel.comm is None:
            channel = cls._of_runs[run.id] = cls(run)
        return channel

    def join(self, view: str) -> None:
        """Note that a view draws from the channel, by its model's id."""
        self._users.add(view)

    def leave(self, view: str) -> None:
        """Note that a view was closed; the last one closes the channel and ends its thread."""
        self._users.discard(view)
        if not self._users:
            self.close()

    def close(self) -> None:
        """Send no more, and answer no more."""
        super().close()
        if self._publisher is not None:
            self._publisher.finish()

    def publish(self) -> None:
        """Send what is new as a frame, or a snapshot where rows are folded or columns are new."""
        run = self._watched
        with self._lock:
            rows: dict[str, wire.NewRows] = {}
            totals: dict[str, int] = {}
            room = wire.MOST_FRAME_BYTES
            for id, table in self._longest_unsent_first(run.tables):
                new = table.rows_since(self._sent.get(id, 0))
                if new is None or new.values.shape[1] != self._widths.get(id, new.values.shape[1]):
                    self._send_snapshot()
                    return
                if not len(new.steps):
                    continue
                least = 4 * new.values.shape[1] + 8
                if rows and least > room:
                    continue  # waits for the next frame, in which its rows are thinned
                room -= min(least * len(new.steps), max(least, wire.MOST_FRAME_BYTES // 4))
                rows[id] = wire.NewRows(table, new.steps, new.values, is_known=id in self._sent)
                totals[id] = new.total
            latest = run.graph
            graph = None if latest is self._sent_graph else latest
            found = run.findings
            findings = None if found == self._sent_findings else found
            message = wire.frame(self._seq + 1, self._facts(), rows, graph, findings)
            # Only now, so that what fails on the way is sent with the next frame.
            self._sent |= totals
            self._widths |= {id: new.values.shape[1] for id, new in rows.items()}
            self._sent_in |= dict.fromkeys(rows, self._seq)
            self._sent_graph, self._sent_findings = latest, found
            self._seq += 1
            self._post(message)

    def _longest_unsent_first(
        self, tables: Mapping[str, SeriesTable]
    ) -> list[tuple[str, SeriesTable]]:
        """Return the tables, narrow ones first, then those that have waited longest."""
        return sorted(
            tables.items(),
            key=lambda item: (len(item[1].names) > _NARROW, self._sent_in.get(item[0], -1)),
        )

    def _send_snapshot(self) -> None:
        run = self._watched
        whole = [(table, table.whole()) for table in run.tables.values()]
        graph, found = run.graph, run.findings
        message = wire.snapshot(self._seq + 1, self._facts(), whole, graph, found, course_folder())
        self._sent = {table.id: held.total for table, held in whole}
        self._widths = {table.id: len(held.names) for table, held in whole}
        self._sent_graph, self._sent_findings = graph, found
        self._seq += 1
        self._post(message)

    def _facts(self) -> Any:
        return self._watched.state(self._process.memory_info().rss)

    def _post(self, message: wire.Message) -> None:
        self.send(message.content, message.buffers)

    def _on_message(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        """Take a page's message; whatever happens, a question gets an answer or a refusal."""
        self._answering(content, partial(self._take, content))

    def _answering(self, content: Any, answer: Callable[[], None]) -> None:
        """Answer a message; where that fails, refuse it with what went wrong."""
        try:
            answer()
        except Exception as error:  # noqa: BLE001 - the page shows what went wrong
            with suppress(Exception):  # the comm itself has failed
                self._refuse(content, f"labkit could not answer: {described(error)}.")

    def _refuse(self, content: Any, reason: str) -> None:
        self._post(wire.refused(reason, content))

    def _take(self, content: Any) -> None:
        match content:
            case {"type": "hello", "protocol": wire.PROTOCOL_VERSION}:
                self._greet(content)
            case {"type": "hello", "protocol": version}:
                self._refuse(content, wire.other_version(version))
            case {"type": "asset", "name": str(name)} if name in assets.ASSETS:
                self._post(wire.asset(name, assets.compressed_asset(name)))
            case {"type": "received"}:
                if self._publisher is not None:
                    self._publisher.received()
            case {"type": "control", "action": str(action), "request": int(request)}:
                self._steer(content, action, request)
            case _:
                self._answer(content)

    def _answer(self, content: Any) -> None:
        """Answer what a page asks about the run."""
        run = self._watched
        match content:
            case {"type": "graph", "signature": str(signature)}:
                same = (graph for graph in run.graphs if graph.signature == signature)
                self._post(wire.older_graph(signature, next(same, None)))
            case {"type": "inspect", "name": str(name), "request": int(request)}:
                self._inspect(content, name, request)
            case {"type": "subjects", "request": int(request)}:
                self._post(wire.subjects(request, run.activations))
            case {"type": "histograms", "request": int(request), "names": [*names], "bins": bins}:
                named = [str(name) for name in names[:_MAX_HISTOGRAMS]]
                step = content.get("step")
                self._post(wire.histograms(request, run.histograms, named, str(bins), step))
            case {"type": "picture", "request": int(request), "module": str(path), "kind": kind}:
                step = content.get("step")
                found = run.activations.at(path, kind, step)
                self._post(wire.picture(request, found))
            case _:
                self._refuse(content, f"labkit does not know this message: {shortened(content)}")

    def _greet(self, content: Any) -> None:
        """Send a snapshot; one for all pages that ask meanwhile, as each gets every message."""
        if not self._snapshot_due:
            self._snapshot_due = True
            self._on_publisher(content, self._send_snapshot_alone)

    def _inspect(self, content: Any, name: str, request: int) -> None:
        """Have the training thread read values, and answer when it has, or has not in time."""
        run = self._watched
        if self._publisher is not None and self._publisher.questions >= MAX_REQUESTS:
            self._refuse(content, "Too many questions wait already. Ask again in a moment.")
            return
        asked = inspection_requests.request_inspection(run, name)

        def answer() -> None:
            found = inspection_requests.inspection_result(run, name, asked)
            self._post(wire.inspection(request, found))

        if asked.done() or self._publisher is None:
            answer()
            return
        call_on_main_thread(run.control.execute_requests)  # no cell may be running
        self._on_publisher(content, answer, asked, inspection_requests.REQUEST_TIMEOUT_SECONDS)

    def _on_publisher(
        self,
        content: Any,
        answer: Callable[[], None],
        asked: Future[Any] | None = None,
        within: float = 0.0,
    ) -> None:
        """Answer on the publisher's thread where there is one, so that none waits for another."""
        if self._publisher is None:
            answer()
        else:
            guarded = partial(self._answering, content, answer)
            self._publisher.answer_later(guarded, asked, within)

    def _send_snapshot_alone(self) -> None:
        self._snapshot_due = False
        with self._lock:
            self._send_snapshot()

    def _steer(self, content: Any, action: str, request: int) -> None:
        run = self._watched
        wishes = {
            "pause": run.pause,
            "resume": run.resume,
            "step": run.step,
            "stop": run.stop,
        }
        if action not in wishes:
            self._refuse(content, f"labkit does not know the control {shortened(action)}")
            return
        if not run.closed:
            wishes[action]()
        self._post(wire.acknowledged(request))
        if self._publisher is not None:
            self._publisher.hurry()


def shortened(value: object) -> str:
    """Return a bounded text of what a page sent."""
    text = repr(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
