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

from labkit.run import Run
from labkit.views import assets, jupyter_compat
from labkit.views import message_builders as wire
from labkit.views.fragments import Fragmenter
from labkit.views.frame_rate import PageReport
from labkit.views.lifetimes import (
    DroppableWidget,
    ShownViews,
    close_dropped_comms,
    is_open_widget,
    weak_call,
)
from labkit.views.message_handlers import handler_of_message
from labkit.views.messages.page import AssetName
from labkit.views.page_records import PageRecord, page_of_message
from labkit.views.page_requests import PageRequests
from labkit.views.publisher import Publisher
from labkit.views.pushed_replies import PushedReplies
from labkit.views.run_updates import RunUpdates
from labkit.views.text_buffers import request_text, with_text_buffers
from labkit.views.waiting_messages import WaitingMessageWatch

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
        self._updates_pictures = False
        """Whether a page shows views that stay open when their outputs are updated."""
        self._requested: set[Future[None]] = set()
        """Pending pushes; each is done when a page has sent a message."""
        self.on_msg(self._on_message)
        jupyter_compat.handle_on_subshell(self.comm)
        self._publisher = None if run.closed else Publisher(run, self.publish, self._updates.flow)
        self._requests = PageRequests(
            run, self._publisher, weak_call(self._post), weak_call(self.publish)
        )
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
        if self._updates_pictures and not self._watched.closed:
            ShownViews.update_pictures_if_due(self._views)

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
        content = self._fragmenter.request(content)
        self._requests.refuse_on_error(content, partial(self._dispatch, content, page))

    def _cancel_pushes(self) -> None:
        """Cancel the pending pushes; several threads may do so at once."""
        with suppress(KeyError):  # none is left
            while True:
                self._requested.pop().set_result(None)

    def _dispatch(self, content: Any, page: PageRecord) -> None:
        match content:
            case {"type": "hello", "protocol": wire.PROTOCOL_VERSION, "again": bool(again)}:
                if page.needs(f"snapshot of {self.model_id}", again=again):
                    self._schedule_snapshot(content)
            case {"type": "hello", "protocol": version}:
                self._requests.refuse(content, wire.other_version(version))
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
                "in_place": bool(in_place),
            }:
                self._updates_pictures = in_place
                self._acknowledge(page, seq, PageReport(drawing / 1000, is_local, is_in_sight))
            case _:
                self._requests.execute(content)

    def _acknowledge(self, page: PageRecord, seq: int, report: PageReport) -> None:
        self._updates.acknowledge(seq)
        if self._publisher is None:
            return
        arrives = page.is_heard_in_cells is True
        came_in_sight = self._publisher.acknowledge(report, arrives_in_cells=arrives)
        if self._updates.pending or came_in_sight:
            self._publisher.publish_soon()

    def _schedule_snapshot(self, content: Any) -> None:
        """Send a snapshot soon; one for all pages that request it, as all pages receive it."""
        if not self._snapshot_due:
            self._snapshot_due = True
            self._requests.reply_on_publisher(content, self._send_due_snapshot)

    def _schedule_asset(
        self, content: Any, page: PageRecord, name: AssetName, *, again: bool
    ) -> None:
        """Send a script soon, after a snapshot that was requested before.

        The page can show much of the snapshot without the script, which takes five seconds at
        1 Mbit/s.
        """
        send = partial(self._send_asset, page, name, again=again)
        self._requests.reply_on_publisher(content, send)

    def _send_due_snapshot(self) -> None:
        self._snapshot_due = False
        self._send_snapshot()

    def _send_snapshot(self) -> None:
        with self._lock:
            self._pushed_replies.restart()
            self._post_update(self._updates.snapshot())
            self._post_rest_of_ended_run()
