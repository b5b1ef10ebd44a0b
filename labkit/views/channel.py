"""One hidden widget per run that carries all messages between the kernel and the pages."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

import traitlets

from labkit.run import Run, questions
from labkit.run.control import MOST_REQUESTS
from labkit.run.error_text import described
from labkit.views import assets, jupyter_compat
from labkit.views import protocol as wire
from labkit.views.fragments import Fragmenter
from labkit.views.kernel import call_on_main_thread
from labkit.views.lifetimes import DroppableWidget
from labkit.views.publisher import Publisher
from labkit.views.run_updates import RunUpdates

_MOST_HISTOGRAMS = 64
_MOST_TEXT = 200


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
        self._updates = RunUpdates(run)
        self._fragmenter = Fragmenter()
        self._snapshot_due = False
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
        """Send what is new as a frame; after the end of the run, as many frames as are needed."""
        with self._lock:
            self._post(self._updates.frame())
            self._post_rest_of_ended_run()

    def _post_rest_of_ended_run(self) -> None:
        """Send the pending tables at once if no further frames are due."""
        while self._updates.pending and self._watched.closed:
            self._post(self._updates.frame())

    def _post(self, message: wire.Message) -> None:
        for part in self._fragmenter.fragments(message):
            self.send(part.content, part.buffers)

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
                    if self._updates.pending:
                        self._publisher.hurry()
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
                named = [str(name) for name in names[:_MOST_HISTOGRAMS]]
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
        if self._publisher is not None and self._publisher.questions >= MOST_REQUESTS:
            self._refuse(content, "Too many questions wait already. Ask again in a moment.")
            return
        asked = questions.ask(run, name)

        def answer() -> None:
            self._post(wire.inspection(request, questions.answer(run, name, asked)))

        if asked.done() or self._publisher is None:
            answer()
            return
        call_on_main_thread(run.control.take_requests)  # no cell may be running
        self._on_publisher(content, answer, asked, questions.TAKEN_WITHIN_SECONDS)

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
            self._post(self._updates.snapshot())
            self._post_rest_of_ended_run()

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
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}..."
