"""Executes the requests of pages: clicks, changes of the training, and queries for data."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from labkit.run import Run
from labkit.run.control import change_requests, inspection_requests
from labkit.run.control.change_requests import Events
from labkit.run.control.request_queue import MAX_REQUESTS
from labkit.run.error_text import described
from labkit.views import message_builders as wire
from labkit.views import queries
from labkit.views.change_requests import (
    ACKNOWLEDGED_AFTER_SECONDS,
    WrongChangeError,
    requested_change,
)
from labkit.views.kernel import call_on_main_thread
from labkit.views.page_export import send_page
from labkit.views.publisher import Publisher

_MAX_TEXT = 200


class PageRequests:
    """Executes requests about a run; each receives a reply or a refusal with the reason.

    Requests that need the training thread are queued in the `Control` of the run, and the publisher
    sends the reply, so that no thread of the kernel waits.

    Parameters
    ----------
    run : Run
    publisher : Publisher or None
        None if the run has ended.
    post : callable
        Sends a message to the pages.
    publish : callable
        Sends a frame on this thread.
    """

    def __init__(
        self,
        run: Run,
        publisher: Publisher | None,
        post: Callable[[wire.Message], object],
        publish: Callable[[], object],
    ) -> None:
        self._run = run
        self._publisher = publisher
        self._post = post
        self._publish = publish

    def execute(self, content: Any) -> None:
        """Execute a request; refuse it if it is not known."""
        match content:
            case {"type": "control", "action": str(action), "request": int(request)}:
                self._control(content, action, request)
            case {"type": "pace", "pace": float() | int() | None as pace, "request": int(request)}:
                self._run.pace = pace
                self._acknowledge_control(request)
            case {
                "type": "ignore",
                "rule": str(rule),
                "ignored": bool(ignored),
                "request": int(request),
            }:
                self._ignore(rule, request, ignored=ignored)
            case {"type": "export", "request": int(request)}:
                self._post(wire.acknowledged(request))
                send_page(self._run, request, self._post, partial(self.refuse, content))
            case {"request": int(request)} if change := requested_change(self._run, content):
                self._change(content, change, request)
            case _:
                self._reply_to_query(content)

    def _reply_to_query(self, content: Any) -> None:
        """Reply to a query for data of the run."""
        match content:
            case {"type": "inspect", "name": str(name), "request": int(request)}:
                self._inspect(content, name, request)
                return
        message = queries.reply(self._run, content)
        if message is None:
            self.refuse(content, f"labkit does not know this message: {shortened(content)}")
        else:
            self._post(message)

    def _change(self, content: Any, change: Future[Events], request: int) -> None:
        """Acknowledge a change when it was made, or after a timeout; refuse it with the reason."""

        def reply() -> None:
            if not change.done():
                change_requests.note_refusal(self._run, change)
            elif change.exception() is not None:
                self.refuse(content, str(change.exception()))
                return
            self._post(wire.acknowledged(request))
            if self._publisher is not None:
                self._publisher.publish_soon()

        if change.done() or self._publisher is None:
            reply()
            return
        call_on_main_thread(self._run.control.execute_requests)  # if no cell is running
        self.reply_on_publisher(content, reply, change, ACKNOWLEDGED_AFTER_SECONDS)

    def _inspect(self, content: Any, name: str, request: int) -> None:
        """Request values from the training thread; reply when they are read, or after a timeout."""
        run = self._run
        if self._publisher is not None and self._publisher.pending_replies >= MAX_REQUESTS:
            self.refuse(content, "Too many questions wait already. Ask again in a moment.")
            return
        values = inspection_requests.request_inspection(run, name)

        def reply() -> None:
            found = inspection_requests.inspection_result(run, name, values)
            self._post(wire.inspection(request, found))

        if values.done() or self._publisher is None:
            reply()
            return
        call_on_main_thread(run.control.execute_requests)  # in case that no cell is running
        self.reply_on_publisher(content, reply, values, inspection_requests.REQUEST_TIMEOUT_SECONDS)

    def reply_on_publisher(
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
            guarded = partial(self.refuse_on_error, content, reply)
            self._publisher.reply_later(guarded, future, timeout)

    def _control(self, content: Any, action: str, request: int) -> None:
        run = self._run
        actions = {
            "pause": run.pause,
            "resume": run.resume,
            "step": run.step,
            "stop": run.stop,
        }
        if action not in actions:
            self.refuse(content, f"labkit does not know the control {shortened(action)}")
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
            self._run.ignore(rule)
        else:
            self._run.unignore(rule)
        self._post(wire.acknowledged(request))
        if self._publisher is not None and self._publisher.alive:
            self._publisher.publish_soon()
        else:
            self._publish()

    def refuse_on_error(self, content: Any, reply: Callable[[], None]) -> None:
        """Reply to a message; refuse it with the text of the error if that fails."""
        try:
            reply()
        except WrongChangeError as error:
            self.refuse(content, str(error))
        except Exception as error:  # noqa: BLE001 - the page displays the error
            with suppress(Exception):  # the comm may be the cause
                self.refuse(content, f"labkit could not answer: {described(error)}.")

    def refuse(self, content: Any, reason: str) -> None:
        """Send the reason why a request is not executed."""
        self._post(wire.refused(reason, content))


def shortened(value: object) -> str:
    """Return the `repr` of a value, with at most 200 characters and an ellipsis."""
    text = repr(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
