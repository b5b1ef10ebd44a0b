"""The stepper widget: sends a walk to the pages, and applies their edits of leaf values."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from labkit.run import Run
from labkit.run.background.holding import other_loops_held
from labkit.run.graph.walk import Flow, Formula, Leaf, StepEvent, ValueSummary, Walk
from labkit.run.printable import printable
from labkit.views import jupyter_compat
from labkit.views import message_builders as wire
from labkit.views.fragments import Fragmenter
from labkit.views.kernel import call_on_main_thread
from labkit.views.page_records import PageRecord, page_of_message
from labkit.views.page_requests import shortened
from labkit.views.still import run_picture
from labkit.views.text_buffers import request_text, with_text_buffers
from labkit.views.views import View


class StepperView(View):
    """A view that steps through a graph, forward and backward; `labkit.stepper` returns it.

    An edit on a page executes the user's code on the thread that created the view. While a cell is
    running on that thread, the edit is delayed until the cell ends.

    Parameters
    ----------
    walk : Walk
    name : str
        Title of the view.
    edit : callable
        Takes the node id of a leaf, an element index and a value; returns the walk with this value.
    reset : callable
        Takes no arguments; returns the walk without edits.

    Attributes
    ----------
    walk : Walk
        The displayed walk.

    Examples
    --------
    >>> from labkit.run import ComputationGraph
    >>> walk = Walk(ComputationGraph((), (), ()), reason="There is no graph.")
    >>> view = StepperView(walk, name="demo", edit=lambda *_: walk, reset=lambda: walk)
    >>> view.reset().outline()
    'There is no graph.'
    >>> view.close()
    """

    kind = "stepper"

    def __init__(
        self,
        walk: Walk,
        *,
        name: str,
        edit: Callable[[str, int, float], Walk],
        reset: Callable[[], Walk],
    ) -> None:
        self.walk = walk
        self._edit, self._reset = edit, reset
        self._thread = threading.current_thread()
        self._fragmenter = Fragmenter()
        run = Run(name)
        run.add_graph(walk.graph)
        run.close()
        super().__init__(run)
        self.on_msg(self._on_page)
        jupyter_compat.handle_on_subshell(self.comm)

    def edit(self, leaf: str, index: int, value: float) -> Walk:
        """Change one element of a leaf, execute the code again, and display the new walk.

        Parameters
        ----------
        leaf : str
            Node id of the leaf in the graph of the walk.
        index : int
            Index of the element, in C order.
        value : float
            The new value.

        Returns
        -------
        Walk

        Raises
        ------
        KeyError
            If there is no such leaf.
        IndexError
            If the leaf has no such element.
        ValueError
            If the code cannot be executed again.
        """
        return self._show(self._edit(leaf, index, value), None)

    def reset(self) -> Walk:
        """Undo all edits, display the original walk, and return it."""
        return self._show(self._reset(), None)

    def _picture(self) -> dict[str, str]:
        return {
            "text/plain": printable(self.walk.outline()),
            "image/svg+xml": run_picture.walk_svg(self.run, self.walk.outline()),
        }

    def _revision(self) -> object:
        return self.walk

    def _show(self, walk: Walk, request: int | None) -> Walk:
        self.walk = walk
        self._post(walk_message(walk, request))
        self.update_picture()
        return walk

    def _post(self, message: wire.Message) -> None:
        for part in map(with_text_buffers, self._fragmenter.fragments(message)):
            self.send(part.content, part.buffers)

    def _on_page(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        """Handle a message from a page; every request receives a reply or a refusal."""
        page = page_of_message()
        page.heard()
        content = self._fragmenter.request(content)
        self._refuse_on_error(content, partial(self._dispatch, content, page))

    def _refuse_on_error(self, content: Any, reply: Callable[[], object]) -> None:
        try:
            reply()
        except Exception as error:  # noqa: BLE001 - the page displays the error
            with suppress(Exception):  # the comm may be the cause
                self._refuse(content, _message_of(error))

    def _push_more(self, page: PageRecord) -> None:
        """Send a page the walk."""
        self._send_walk(page)

    def _send_walk(self, page: PageRecord, *, again: bool = False) -> None:
        if page.needs(f"walk of {self.model_id}", again=again):
            self._show(self.walk, None)

    def _dispatch(self, content: Any, page: PageRecord) -> None:
        match content:
            case {"type": "walk", "protocol": wire.PROTOCOL_VERSION, "again": bool(again)}:
                self._send_walk(page, again=again)
            case {"type": "text"}:
                request_text()
                self._send_walk(page, again=True)
            case {"type": "walk"}:
                self._refuse(content, wire.other_version(content.get("protocol")))
            case {
                "type": "edit",
                "leaf": str(leaf),
                "index": int(index),
                "value": float() | int() as value,
            }:
                edit = partial(self._edit, leaf, index, float(value))
                self._update_walk(content, edit)
            case {"type": "reset"}:
                self._update_walk(content, self._reset)
            case _:
                self._refuse(content, f"labkit does not know this message: {shortened(content)}")

    def _update_walk(self, content: Any, walk: Callable[[], Walk]) -> None:
        """Compute a walk on the thread that created the stepper, and display it.

        The computation executes the user's code. It is delayed while a cell is running on that
        thread. Training loops of other threads are blocked meanwhile, because the walk may use
        their models.
        """

        def show() -> None:
            with other_loops_held():
                made = walk()
            self._show(made, _request_of(content))

        main = threading.main_thread()
        if threading.current_thread() is self._thread:
            show()
        elif self._thread.is_alive() and self._thread is not main:
            self._refuse(content, _OF_ANOTHER_THREAD)
        elif not call_on_main_thread(partial(self._refuse_on_error, content, show)):
            self._refuse(content, _NO_KERNEL)

    def _refuse(self, content: Any, reason: str) -> None:
        refusal = {"type": "refused", "request": _request_of(content), "reason": reason}
        self._post(wire.Message(refusal))


_OF_ANOTHER_THREAD = (
    "This stepper was made on a thread that runs still, and its code must not run on two at once. "
    "Make it in a cell of its own to change its leaves."
)
_NO_KERNEL = (
    "The code runs only on the thread that made the stepper, which cannot be reached from here."
)


def _request_of(content: Any) -> int | None:
    request = content.get("request") if isinstance(content, dict) else None
    return request if isinstance(request, int) else None


def _message_of(error: Exception) -> str:
    """Return the first argument of an error as text, without the quotes that `KeyError` adds."""
    try:
        return str(error.args[0]) if error.args else type(error).__name__
    except Exception:  # noqa: BLE001 - a user's object may have a faulty __str__
        return type(error).__name__


def walk_message(walk: Walk, request: int | None) -> wire.Message:
    """Return the message that sends a walk to the pages.

    Parameters
    ----------
    walk : Walk
    request : int or None
        Number of the request to which it is the reply.
    """
    message = wire.Message({"type": "walk", "protocol": wire.PROTOCOL_VERSION, "request": request})
    message.content |= {
        "graph": wire.graph_data(walk.graph),
        "reason": walk.reason,
        "why_not_editable": walk.why_not_editable,
        "first_not_finite": walk.first_not_finite,
        "first_zero": walk.first_zero,
        "leaves": [_leaf(message, leaf) for leaf in walk.leaves],
        "events": [_event(message, event) for event in walk.events],
    }
    return message


def _leaf(message: wire.Message, leaf: Leaf) -> dict[str, Any]:
    return {
        "node": leaf.node,
        "name": leaf.name,
        "editable": leaf.editable,
        "value": _value(message, leaf.value),
    }


def _event(message: wire.Message, event: StepEvent) -> dict[str, Any]:
    return {
        "phase": event.phase,
        "node": event.node,
        "words": event.words,
        "inputs": [_flow(message, flow) for flow in event.inputs],
        "outputs": [_flow(message, flow) for flow in event.outputs],
        "formula": _formula(event.formula),
        "before": None if event.before is None else _value(message, event.before),
        "after": None if event.after is None else _value(message, event.after),
    }


def _flow(message: wire.Message, flow: Flow) -> dict[str, Any]:
    return {"node": flow.node, "value": _value(message, flow.value), "output": flow.output}


def _formula(formula: Formula | None) -> dict[str, Any] | None:
    if formula is None:
        return None
    formula = formula.as_called()
    return {
        "forward": formula.forward,
        "backward": [list(pair) for pair in formula.backward],
        "source": formula.source,
    }


def _value(message: wire.Message, value: ValueSummary) -> dict[str, Any]:
    numbers, stats = None, None
    rows, columns = (0, 0) if value.numbers is None else value.numbers.shape
    if value.numbers is not None:
        numbers = message.add(value.numbers, "<f8")
        stats = message.add(np.array([value.minimum, value.maximum, value.mean, value.norm]), "<f8")
    return {
        "shape": list(value.shape),
        "dtype": value.dtype,
        "whole": value.whole,
        "rows": rows,
        "columns": columns,
        "numbers": numbers,
        "stats": stats,
        "zeros": value.zeros,
        "not_finite": value.not_finite,
        "reason": value.reason,
    }
