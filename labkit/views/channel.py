"""The hidden widget of a run that exchanges all messages between the kernel and the pages."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

import traitlets

from labkit.run import Run, change_requests, inspection_requests
from labkit.run.change_requests import Events
from labkit.run.control import MAX_REQUESTS
from labkit.run.error_text import described
from labkit.views import assets, jupyter_compat, queries
from labkit.views import message_builders as wire
from labkit.views.change_requests import (
    ACKNOWLEDGED_AFTER_SECONDS,
    WrongChangeError,
    requested_change,
)
from labkit.views.fragments import Fragmenter
from labkit.views.frame_rate import PageReport
from labkit.views.kernel import call_on_main_thread
from labkit.views.lifetimes import (
    DroppableWidget,
    close_dropped_comms,
    is_open_widget,
    weak_call,
)
from labkit.views.message_handlers import handler_of_message
from labkit.views.messages.page import AssetName
from labkit.views.page_records import PageRecord, page_of_message
from labkit.views.publisher import Publisher
from labkit.views.pushed_replies import PushedReplies
from labkit.views.run_updates import RunUpdates
from labkit.views.text_buffers import request_text, with_text_buffers
from labkit.views.waiting_messages import WaitingMessageWatch

_MAX_TEXT = 200
_CONTENT_BYTES = 2_000
"""Usual size of a message without its buffers."""
_GRACE_SECONDS = 0.4
"""Time in which the message of a page that displays a view must arrive, in s.

Over a subshell it takes 0.05 s to 0.4 s, the longest when the page has to open the subshell.
"""


class RunChannel(DroppableWidget):
    """Sends scripts, snapshots and frames of a run to the pages, and handles their requests.

    A page requests its scripts and a snapshot. If it displays a view and its request does not
    arrive, because the front end delivers it only when the cell has ended, it is sent them without;
    so are, with the frames, pictures and histograms that views draw.

    A message from a page may arrive on any thread while a cell is running. Control actions and
    requests that need the model are therefore only queued in the `Control` of the run. Use
    `RunChannel.of`; the channel is closed with the last view that uses it.

    Parameters
    ----------
    run : Run
    """

    protocol = traitlets.Int(wire.PROTOCOL_VERSION).tag(sync=True)
    run_id = traitlets.Unicode().tag(sync=True)

    _of_runs: ClassVar[weakref.WeakValueDictionary[str, RunChannel]] = weakref.WeakValueDictionary()

    def __init__(self, run: Run) -> None:
        super().__init__(run_id=run.id, _esm=assets.small_script("channel-recorder.js"))
        self._watched = run
        self._views: dict[str, str] = {}
        """The kinds of the open views that use the channel, by their model ids."""
        self._lock = threading.Lock()
        self._updates = RunUpdates(run)
        self._pushed_replies = PushedReplies(run)
        self._fragmenter = Fragmenter()
        self._snapshot_due = False
        self._requested: set[Future[None]] = set()
        """Pending pushes; each is done when a page has sent a message."""
        self.on_msg(self._on_message)
        jupyter_compat.handle_on_subshell(self.comm)
        self._publisher = None if run.closed else Publisher(run, self.publish, self._updates.flow)
        self._waiting_messages = WaitingMessageWatch(run, is_open_widget)

    @classmethod
    def of(cls, run: Run) -> RunChannel:
        """Return the open channel of a run; create it if there is none."""
        channel = cls._of_runs.get(run.id)
        if channel is None or channel.comm is None or jupyter_compat.is_closed(channel.comm):
            channel = cls._of_runs[run.id] = cls(run)
        return channel

    def add_view(self, model_id: str, kind: str) -> None:
        """Register an open view, by its model id."""
        self._views[model_id] = kind

    def remove_view(self, model_id: str) -> None:
        """Unregister a closed view; close the channel if it was the last one."""
        self._views.pop(model_id, None)
        if not self._views:
            self.close()

    def view_displayed(self, kind: str, push_more: Callable[[PageRecord], None]) -> None:
        """Send a page what a displayed view needs, unless its messages arrive.

        Parameters
        ----------
        kind : str
        push_more : callable
            Sends what the view needs besides the scripts and the snapshot.
        """
        page = page_of_message()
        arguments = page, kind, weak_call(push_more), time.monotonic()
        push = partial(weak_call(self._push), *arguments)
        if page.is_heard_in_cells:
            return
        if page.is_heard_in_cells is False:
            push()
            return
        requested: Future[None] = Future()
        self._requested.add(requested)
        if self._publisher is not None and self._publisher.alive:
            self._publisher.reply_later(push, requested, _GRACE_SECONDS)
        else:
            timer = threading.Timer(_GRACE_SECONDS, push)
            requested.add_done_callback(lambda _: timer.cancel())
            timer.daemon = True
            timer.start()

    def _push(
        self,
        page: PageRecord,
        kind: str,
        push_more: Callable[[PageRecord], None],
        displayed: float,
    ) -> None:
        """Send the scripts of a view, and a snapshot, if no message of the page has arrived."""
        if page.is_heard_since(displayed) or self.comm is None:
            return
        page.is_heard_in_cells = False
        if self._publisher is not None:
            self._publisher.is_one_way = True
        main, *others = assets.SCRIPTS_OF_VIEWS.get(kind, assets.ASSETS[:1])
        self._send_asset(page, main)
        if page.needs(f"snapshot of {self.model_id}"):
            self._send_snapshot()
        push_more(page)
        for name in others:
            self._send_asset(page, name)

    def _send_asset(self, page: PageRecord, name: AssetName, *, again: bool = False) -> None:
        if page.needs(name, again=again):
            self._post(wire.asset(name, assets.compressed_asset(name)))

    def close(self) -> None:
        """Close the channel on every page, and end the publisher thread."""
        super().close()
        self._waiting_messages.close()
        if self._publisher is not None:
            self._publisher.finish()

    def publish(self, draws_all: bool = True) -> None:  # noqa: FBT001, FBT002
        """Send what is new as a frame; after the end of the run, as many frames as are needed.

        Also closes the comms of widgets that were collected since: a page that was reloaded during
        a cell waits for the states of all open comms before it shows a view.

        Parameters
        ----------
        draws_all : bool
            Whether all views draw the frame, or only the status and the curves.
        """
        close_dropped_comms()
        with self._lock:
            size = 0
            try:
                if draws_all:
                    size = self._push_replies()
            finally:
                self._post_update(self._updates.frame(draws_all=draws_all), size)
                self._post_rest_of_ended_run()

    def _push_replies(self) -> int:
        """Send what pages request with a frame, if their requests wait for the end of the cell.

        It is sent before the frame, which lets the views draw it. Return how much was sent, in
        bytes.
        """
        if self._publisher is None or not self._publisher.is_one_way:
            return 0
        kinds = list(self._views.values())  # a view may be closed on another thread
        return sum(map(self._post, self._pushed_replies.due(kinds)))

    def _post_rest_of_ended_run(self) -> None:
        """Send what did not fit into the last message at once if no further frames are due."""
        while self._updates.has_more and self._watched.closed:
            self._post_update(self._updates.frame())

    def _post_update(self, message: wire.Message, size_before: int = 0) -> None:
        """Send a snapshot or a frame; `size_before` is the size of what was sent just before."""
        self._updates.posted(size_before + self._post(message))

    def _post(self, message: wire.Message) -> int:
        """Send a message; return how much was sent, in bytes."""
        size = 0
        if self.comm is None or jupyter_compat.is_closed(self.comm):
            return size
        for part in self._fragmenter.fragments(message):
            sent = with_text_buffers(part)
            self.send(sent.content, sent.buffers)
            size += _CONTENT_BYTES + sum(map(len, part.buffers))
        return size

    def _on_message(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        """Handle a message from a page; every request receives a reply or a refusal."""
        page = page_of_message()
        page.heard()
        if page.is_heard_in_cells and self._publisher is not None:
            self._publisher.is_one_way = False
        handler = handler_of_message(self._watched.control.owner)
        self._updates.handler = handler or self._updates.handler
        self._cancel_pushes()
        self._refuse_on_error(content, partial(self._dispatch, content, page))

    def _cancel_pushes(self) -> None:
        """Cancel the pending pushes; several threads may do so at once."""
        with suppress(KeyError):  # none is left
            while True:
                self._requested.pop().set_result(None)

    def _refuse_on_error(self, content: Any, reply: Callable[[], None]) -> None:
        """Reply to a message; refuse it with the text of the error if that fails."""
        try:
            reply()
        except WrongChangeError as error:
            self._refuse(content, str(error))
        except Exception as error:  # noqa: BLE001 - the page displays the error
            with suppress(Exception):  # the comm may be the cause
                self._refuse(content, f"labkit could not answer: {described(error)}.")

    def _refuse(self, content: Any, reason: str) -> None:
        self._post(wire.refused(reason, content))

    def _dispatch(self, content: Any, page: PageRecord) -> None:
        match content:
            case {"type": "hello", "protocol": wire.PROTOCOL_VERSION, "again": bool(again)}:
                if page.needs(f"snapshot of {self.model_id}", again=again):
                    self._schedule_snapshot(content)
            case {"type": "hello", "protocol": version}:
                self._refuse(content, wire.other_version(version))
            case {"type": "asset", "name": name, "again": bool(again)} if name in assets.ASSETS:
                self._schedule_asset(content, page, name, again=again)
            case {"type": "text"}:
                request_text()
                page.forget_sent()
                self._send_asset(page, assets.ASSETS[0])
            case {
                "type": "received",
                "seq": int(seq),
                "drawing": int() | float() as drawing,
                "local": bool(is_local),
                "in_sight": bool(is_in_sight),
            }:
                self._acknowledge(seq, PageReport(drawing / 1000, is_local, is_in_sight))
            case _:
                self._act(content)

    def _acknowledge(self, seq: int, report: PageReport) -> None:
        self._updates.acknowledge(seq)
        if self._publisher is None:
            return
        came_in_sight = self._publisher.acknowledge(report)
        if self._updates.pending or came_in_sight:
            self._publisher.publish_soon()

    def _act(self, content: Any) -> None:
        """Execute a click on a control or a finding."""
        match content:
            case {"type": "control", "action": str(action), "request": int(request)}:
                self._control(content, action, request)
            case {"type": "pace", "pace": float() | int() | None as pace, "request": int(request)}:
                self._watched.pace = pace
                self._acknowledge_control(request)
            case {
                "type": "ignore",
                "rule": str(rule),
                "ignored": bool(ignored),
                "request": int(request),
            }:
                self._ignore(rule, request, ignored=ignored)
            case {"request": int(request)} if change := requested_change(self._watched, content):
                self._change(content, change, request)
            case _:
                self._reply_to_query(content)

    def _reply_to_query(self, content: Any) -> None:
        """Reply to a query for data of the run."""
        match content:
            case {"type": "inspect", "name": str(name), "request": int(request)}:
                self._inspect(content, name, request)
                return
        message = queries.reply(self._watched, content)
        if message is None:
            self._refuse(content, f"labkit does not know this message: {shortened(content)}")
        else:
            self._post(message)

    def _change(self, content: Any, change: Future[Events], request: int) -> None:
        """Acknowledge a change when it was made, or after a timeout; refuse it with the reason."""

        def reply() -> None:
            if not change.done():
                change_requests.note_refusal(self._watched, change)
            elif change.exception() is not None:
                self._refuse(content, str(change.exception()))
                return
            self._post(wire.acknowledged(request))
            if self._publisher is not None:
                self._publisher.publish_soon()

        if change.done() or self._publisher is None:
            reply()
            return
        call_on_main_thread(self._watched.control.execute_requests)  # if no cell is running
        self._reply_on_publisher(content, reply, change, ACKNOWLEDGED_AFTER_SECONDS)

    def _schedule_snapshot(self, content: Any) -> None:
        """Send a snapshot soon; one for all pages that request it, as all pages receive it."""
        if not self._snapshot_due:
            self._snapshot_due = True
            self._reply_on_publisher(content, self._send_due_snapshot)

    def _schedule_asset(
        self, content: Any, page: PageRecord, name: AssetName, *, again: bool
    ) -> None:
        """Send a script soon, after a snapshot that was requested before.

        The page can show much of the snapshot without the script, which takes five seconds at
        1 Mbit/s.
        """
        self._reply_on_publisher(content, partial(self._send_asset, page, name, again=again))

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
        self._send_snapshot()

    def _send_snapshot(self) -> None:
        with self._lock:
            self._pushed_replies.restart()
            self._post_update(self._updates.snapshot())
            self._post_rest_of_ended_run()

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
        self._acknowledge_control(request)

    def _acknowledge_control(self, request: int) -> None:
        """Acknowledge a change of the run's control, and send its state.

        Only the status shows the state: if all views drew it, that would delay the loop's step.
        """
        self._post(wire.acknowledged(request))
        if self._publisher is not None:
            self._publisher.publish_soon(draws_all=False)

    def _ignore(self, rule: str, request: int, *, ignored: bool) -> None:
        """Silence a rule in the run, or report its findings again."""
        if ignored:
            self._watched.ignore(rule)
        else:
            self._watched.unignore(rule)
        self._post(wire.acknowledged(request))
        if self._publisher is not None and self._publisher.alive:
            self._publisher.publish_soon()
        else:
            self.publish()


def shortened(value: object) -> str:
    """Return the `repr` of a value, with at most 200 characters and an ellipsis."""
    text = repr(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
