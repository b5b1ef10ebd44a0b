"""The hidden widget of a run that exchanges all messages between the kernel and the pages."""

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
_NARROW_COLUMNS = 64
"""Tables with at most so many columns (losses, rates, metrics, small models) have priority."""


class RunChannel(DroppableWidget):
    """Sends snapshots and frames of a run to the pages, and handles their requests.

    A message from a page may arrive on any thread while a cell is running. Control actions and
    requests that need the model are therefore only queued in the `Control` of the run. Use
    `RunChannel.of`; the channel is closed with the last view that uses it.

    Parameters
    ----------
    run : Run
    """

    _esm = "export default {}"
    protocol = traitlets.Int(wire.PROTOCOL_VERSION).tag(sync=True)
    run_id = traitlets.Unicode().tag(sync=True)

    _of_runs: ClassVar[weakref.WeakValueDictionary[str, RunChannel]] = weakref.WeakValueDictionary()

    def __init__(self, run: Run) -> None:
        super().__init__(run_id=run.id)
        self._watched = run
        self._views: set[str] = set()
        """The model ids of the open views that use the channel."""
        self._lock = threading.Lock()
        self._seq = 0
        self._sent_totals: dict[str, int] = {}
        """The total number of rows of each table at the time of its last message."""
        self._sent_widths: dict[str, int] = {}
        """The number of columns of each table whose names have been sent."""
        self._sent_at: dict[str, int] = {}
        """The sequence number of the last frame with rows of each table."""
        self._sent_graph: ComputationGraph | None = None
        self._sent_findings: tuple[Finding, ...] = ()
        self._snapshot_due = False
        self._process = psutil.Process()
        self.on_msg(self._on_message)
        jupyter_compat.reply_on_the_same_shell(self.comm)
        self._publisher = None if run.closed else Publisher(run, self.publish)

    @classmethod
    def of(cls, run: Run) -> RunChannel:
        """Return the open channel of a run; create it if there is none."""
        channel = cls._of_runs.get(run.id)
        if channel is None or channel.comm is None:
            channel = cls._of_runs[run.id] = cls(run)
        return channel

    def add_view(self, model_id: str) -> None:
        """Register an open view, by its model id."""
        self._views.add(model_id)

    def remove_view(self, model_id: str) -> None:
        """Unregister a closed view; close the channel if it was the last one."""
        self._views.discard(model_id)
        if not self._views:
            self.close()

    def close(self) -> None:
        """Close the channel on every page, and end the publisher thread."""
        super().close()
        if self._publisher is not None:
            self._publisher.finish()

    def publish(self) -> None:
        """Send the new rows, graph and findings as a frame.

        A snapshot is sent instead if unsent rows are already in buckets, or a table has new
        columns.
        """
        run = self._watched
        with self._lock:
            rows: dict[str, wire.NewRows] = {}
            totals: dict[str, int] = {}
            room = wire.MOST_FRAME_BYTES
            for id, table in self._longest_unsent_first(run.tables):
                new = table.rows_since(self._sent_totals.get(id, 0))
                width = 0 if new is None else new.values.shape[1]
                if new is None or width != self._sent_widths.get(id, width):
                    self._send_snapshot()
                    return
                if not len(new.steps):
                    continue
                row_bytes = 4 * width + 8
                if rows and row_bytes > room:
                    continue  # sent with a later frame, which reduces the number of rows
                room -= min(row_bytes * len(new.steps), max(row_bytes, wire.MOST_FRAME_BYTES // 4))
                is_known = id in self._sent_totals
                rows[id] = wire.NewRows(table, new.steps, new.values, is_known=is_known)
                totals[id] = new.total
            latest = run.graph
            graph = None if latest is self._sent_graph else latest
            found = run.findings
            findings = None if found == self._sent_findings else found
            message = wire.frame(self._seq + 1, self._facts(), rows, graph, findings)
            # Updated after the message was built: after an error the next frame has the same rows.
            self._sent_totals |= totals
            self._sent_widths |= {id: new.values.shape[1] for id, new in rows.items()}
            self._sent_at |= dict.fromkeys(rows, self._seq)
            self._sent_graph, self._sent_findings = latest, found
            self._seq += 1
            self._post(message)

    def _longest_unsent_first(
        self, tables: Mapping[str, SeriesTable]
    ) -> list[tuple[str, SeriesTable]]:
        """Return the tables: narrow ones first, then by the time since their last frame."""

        def priority(item: tuple[str, SeriesTable]) -> tuple[bool, int]:
            id, table = item
            return len(table.names) > _NARROW_COLUMNS, self._sent_at.get(id, -1)

        return sorted(tables.items(), key=priority)

    def _send_snapshot(self) -> None:
        run = self._watched
        whole = [(table, table.whole()) for table in run.tables.values()]
        graph, found = run.graph, run.findings
        message = wire.snapshot(self._seq + 1, self._facts(), whole, graph, found, course_folder())
        self._sent_totals = {table.id: contents.total for table, contents in whole}
        self._sent_widths = {table.id: len(contents.names) for table, contents in whole}
        self._sent_graph, self._sent_findings = graph, found
        self._seq += 1
        self._post(message)

    def _facts(self) -> Any:
        return self._watched.state(self._process.memory_info().rss)

    def _post(self, message: wire.Message) -> None:
        self.send(message.content, message.buffers)

    def _on_message(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        """Handle a message from a page; every request receives a reply or a refusal."""
        self._refuse_on_error(content, partial(self._dispatch, content))

    def _refuse_on_error(self, content: Any, reply: Callable[[], None]) -> None:
        """Reply to a message; refuse it with the text of the error if that fails."""
        try:
            reply()
        except Exception as error:  # noqa: BLE001 - the page displays the error
            with suppress(Exception):  # the comm may be the cause
                self._refuse(content, f"labkit could not answer: {described(error)}.")

    def _refuse(self, content: Any, reason: str) -> None:
        self._post(wire.refused(reason, content))

    def _dispatch(self, content: Any) -> None:
        match content:
            case {"type": "hello", "protocol": wire.PROTOCOL_VERSION}:
                self._schedule_snapshot(content)
            case {"type": "hello", "protocol": version}:
                self._refuse(content, wire.other_version(version))
            case {"type": "asset", "name": str(name)} if name in assets.ASSETS:
                self._post(wire.asset(name, assets.compressed_asset(name)))
            case {"type": "received"}:
                if self._publisher is not None:
                    self._publisher.acknowledge()
            case {"type": "control", "action": str(action), "request": int(request)}:
                self._control(content, action, request)
            case _:
                self._reply_to_query(content)

    def _reply_to_query(self, content: Any) -> None:
        """Reply to a query for data of the run."""
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

    def _schedule_snapshot(self, content: Any) -> None:
        """Send a snapshot soon; one for all pages that request it, as all pages receive it."""
        if not self._snapshot_due:
            self._snapshot_due = True
            self._reply_on_publisher(content, self._send_due_snapshot)

    def _inspect(self, content: Any, name: str, request: int) -> None:
        """Request values from the training thread; reply when they are read, or after a timeout."""
        run = self._watched
        if self._publisher is not None and self._publisher.pending_replies >= MAX_REQUESTS:
            self._refuse(content, "Too many questions wait already. Ask again in a moment.")
            return
        values = inspection_requests.request_inspection(run, name)

        def reply() -> None:
            found = inspection_requests.inspection_result(run, name, values)
            self._post(wire.inspection(request, found))

        if values.done() or self._publisher is None:
            reply()
            return
        call_on_main_thread(run.control.execute_requests)  # in case that no cell is running
        self._reply_on_publisher(
            content, reply, values, inspection_requests.REQUEST_TIMEOUT_SECONDS
        )

    def _reply_on_publisher(
        self,
        content: Any,
        reply: Callable[[], None],
        future: Future[Any] | None = None,
        timeout: float = 0.0,
    ) -> None:
        """Reply on the publisher thread if there is one, so that this thread does not block."""
        if self._publisher is None:
            reply()
        else:
            guarded = partial(self._refuse_on_error, content, reply)
            self._publisher.reply_later(guarded, future, timeout)

    def _send_due_snapshot(self) -> None:
        self._snapshot_due = False
        with self._lock:
            self._send_snapshot()

    def _control(self, content: Any, action: str, request: int) -> None:
        run = self._watched
        actions = {
            "pause": run.pause,
            "resume": run.resume,
            "step": run.step,
            "stop": run.stop,
        }
        if action not in actions:
            self._refuse(content, f"labkit does not know the control {shortened(action)}")
            return
        if not run.closed:
            actions[action]()
        self._post(wire.acknowledged(request))
        if self._publisher is not None:
            self._publisher.publish_soon()


def shortened(value: object) -> str:
    """Return the `repr` of a value, with at most 200 characters and an ellipsis."""
    text = repr(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
