"""One hidden widget per run that carries all messages between the kernel and the pages."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import Any, ClassVar

import anywidget
import psutil
import traitlets

from labkit.run import Block, ComputationGraph, Run
from labkit.run.inspection import inspect
from labkit.views import assets
from labkit.views import protocol as wire
from labkit.views.course import course_folder
from labkit.views.publisher import Publisher

_MOST_HISTOGRAMS = 64
_NARROW = 64
"""Blocks of so few columns are in every frame: losses, rates, metrics, small models."""


class RunChannel(anywidget.AnyWidget):
    """Sends a run's snapshot and frames, and takes the pages' wishes.

    Every message from a page may arrive on another thread than the training loop's, while a
    cell runs; so a wish only sets a flag of the run's `Control`.
    """

    _esm = "export default {}"
    protocol = traitlets.Int(wire.PROTOCOL_VERSION).tag(sync=True)
    run_id = traitlets.Unicode().tag(sync=True)

    _of_runs: ClassVar[weakref.WeakKeyDictionary[Run, RunChannel]] = weakref.WeakKeyDictionary()

    def __init__(self, run: Run) -> None:
        super().__init__(run_id=run.id)
        self._watched = run
        self._lock = threading.Lock()
        self._seq = 0
        self._sent: dict[str, int] = {}
        self._sent_in: dict[str, int] = {}
        """The frame in which each block's rows were sent last."""
        self._sent_graph: ComputationGraph | None = None
        self._process = psutil.Process()
        self.on_msg(self._on_message)
        answer_while_cells_run(self)
        self._publisher = None if run.closed else Publisher(run, self.publish)

    @classmethod
    def of(cls, run: Run) -> RunChannel:
        """Return the run's channel, made at the first call."""
        channel = cls._of_runs.get(run)
        if channel is None or channel.comm is None:
            channel = cls._of_runs[run] = cls(run)
        return channel

    def publish(self) -> None:
        """Send what is new as a frame, or a snapshot where rows have been folded already."""
        run = self._watched
        with self._lock:
            rows: dict[str, wire.NewRows] = {}
            room = wire.MOST_FRAME_BYTES
            for id, block in self._longest_unsent_first(run.blocks):
                new = block.rows_since(self._sent.get(id, 0))
                if new is None:
                    self._send_snapshot()
                    return
                if not len(new[0]):
                    continue
                least = 4 * len(block.names) + 8
                if rows and least > room:
                    continue  # waits for the next frame, in which its rows are thinned
                room -= min(least * len(new[0]), max(least, wire.MOST_FRAME_BYTES // 4))
                rows[id] = wire.NewRows(block, *new, is_known=id in self._sent)
                self._sent[id] = block.total
                self._sent_in[id] = self._seq
            graph = run.graph if run.graph is not self._sent_graph else None
            self._sent_graph = run.graph
            self._seq += 1
            self._post(wire.frame(self._seq, self._facts(), rows, graph))

    def _longest_unsent_first(self, blocks: Mapping[str, Block]) -> list[tuple[str, Block]]:
        """Return the blocks, narrow ones first, then those that have waited longest."""
        return sorted(
            blocks.items(),
            key=lambda item: (len(item[1].names) > _NARROW, self._sent_in.get(item[0], -1)),
        )

    def _send_snapshot(self) -> None:
        run = self._watched
        self._seq += 1
        blocks = dict(run.blocks)
        message = wire.snapshot(self._seq, self._facts(), blocks, run.graph, course_folder())
        self._sent = {id: block.total for id, block in blocks.items()}
        self._sent_graph = run.graph
        self._post(message)

    def _facts(self) -> Any:
        return self._watched.state(self._process.memory_info().rss)

    def _post(self, message: wire.Message) -> None:
        self.send(message.content, message.buffers)

    def _on_message(self, _: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        match content:
            case {"type": "hello", "protocol": wire.PROTOCOL_VERSION}:
                with self._lock:
                    self._send_snapshot()
            case {"type": "hello", "protocol": version}:
                self._post(
                    wire.refused(
                        f"This page speaks version {version} of labkit's protocol and the kernel "
                        f"version {wire.PROTOCOL_VERSION}. Restart the kernel and reload the "
                        "page."
                    )
                )
            case {"type": "asset", "name": str(name)} if name in assets.ASSETS:
                self._post(wire.asset(name, assets.compressed_asset(name)))
            case {"type": "received"}:
                if self._publisher is not None:
                    self._publisher.received()
            case {"type": "control", "action": str(action), "request": int(request)}:
                self._steer(action, request)
            case _:
                self._answer(content)

    def _answer(self, content: dict[str, Any]) -> None:
        """Answer what a page asks about the run."""
        run = self._watched
        match content:
            case {"type": "graph", "signature": str(signature)}:
                same = (graph for graph in run.graphs if graph.signature == signature)
                self._post(wire.older_graph(signature, next(same, None)))
            case {"type": "inspect", "name": str(name), "request": int(request)}:
                self._post(wire.inspection(request, inspect(run, name)))
            case {"type": "subjects", "request": int(request)}:
                self._post(wire.subjects(request, run.activations))
            case {"type": "histograms", "request": int(request), "names": [*names], "bins": bins}:
                named = [str(name) for name in names[:_MOST_HISTOGRAMS]]
                step = content.get("step")
                self._post(wire.histograms(request, run.histograms, named, str(bins), step))
            case {"type": "picture", "request": int(request), "module": str(path), "kind": kind}:
                step = content.get("step")
                found = run.activations.at(path, kind, step)
                self._post(wire.picture(request, found))
            case _:
                self._post(wire.refused(f"labkit does not know this message: {content!r}"))

    def _steer(self, action: str, request: int) -> None:
        run = self._watched
        wishes = {
            "pause": run.pause,
            "resume": run.resume,
            "step": run.step,
            "stop": run.stop,
        }
        if action not in wishes:
            self._post(wire.refused(f"labkit does not know the control {action!r}"))
            return
        if not run.closed:
            wishes[action]()
        self._post(wire.acknowledged(request))
        if self._publisher is not None:
            self._publisher.hurry()


def answer_while_cells_run(widget: anywidget.AnyWidget) -> None:
    """Have messages of this widget handled on the kernel's subshell, also while a cell runs.

    ipykernel 7.4 routes a page's message to the shell that last sent on the comm, which for a
    widget made in a cell is the busy main shell. The method does not exist in other versions.
    """
    comm = widget.comm
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default  # noqa: SLF001 - no public name
