"""What pages request of a playground, whose types are in `labkit.views.messages.playground`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

from labkit.playing.session import Session
from labkit.run.error_text import described
from labkit.run.printable import printable
from labkit.views.message_builders import PROTOCOL_VERSION, Message, other_version
from labkit.views.text_buffers import request_text

_MAX_ECHO = 80
"""Number of characters of a request that its refusal repeats."""


def report_sight(session: Session, content: Any) -> None:
    """Record at once that a page shows the playground; to be called on any thread.

    A long call of `step` sends frames for as long as pages report, whose requests wait for its end.
    """
    with suppress(AttributeError, KeyError, TypeError, ValueError):  # is refused by `handle`
        if content.get("type") == "sight":
            visible, number = bool(content["visible"]), int(content["number"])
            now = time.monotonic()
            session.pages.report(content["page"], visible=visible, number=number, now=now)


def handle(session: Session, content: Any, post: Callable[[Message], None]) -> None:
    """Do what a page requests; what cannot be done is refused with the reason."""
    try:
        _HANDLERS.get(content["type"], _unknown)(session, content)
    except Exception as error:  # noqa: BLE001 - the page displays the error
        text = str(error) if isinstance(error, ValueError) else described(error)
        post(Message({"type": "refused", "reason": text}))


def _hello(session: Session, content: dict[str, Any]) -> None:
    if content["protocol"] != PROTOCOL_VERSION:
        raise ValueError(other_version(content["protocol"]))
    session.pages.report(content["page"], visible=True, number=0, now=time.monotonic())
    session.updates_output = bool(content["in_place"])
    session.send_setup()


def _sight(session: Session, content: dict[str, Any]) -> None:
    if not content["visible"]:
        session.rest()


def _step(session: Session, content: dict[str, Any]) -> None:
    if content["of"] == "epoch":
        session.run_epoch()
    else:
        session.run_steps(1, Event())


def _weight(session: Session, content: dict[str, Any]) -> None:
    place = content["layer"], content["unit"], content["source"]
    session.set_weight(*place, float(content["value"]))


def _text(session: Session, _: dict[str, Any]) -> None:
    request_text()
    session.send_setup()


def _unknown(_: Session, content: dict[str, Any]) -> None:
    raise ValueError(f"labkit's kernel does not know the request {_shown(content['type'])}.")


def _shown(value: object) -> str:
    return printable(repr(value)[:_MAX_ECHO])


_HANDLERS: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "hello": _hello,
    "sight": _sight,
    "play": lambda session, content: session.set_playing(bool(content["playing"])),
    "reset": lambda session, _: session.reset(),
    "step": _step,
    "speed": lambda session, content: session.set_speed(content["speed"]),
    "change": lambda session, content: session.change(content["settings"]),
    "weight": _weight,
    "code": lambda session, _: session.send_code(),
    "text": _text,
}
