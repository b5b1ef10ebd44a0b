"""Widgets whose page asks for something else than it shows: another start, another recipe.

The page sends a *query* with a number; the widget handles it and sends that number back with what
came of it. An answer to an earlier query is thus known as such, and the page goes on waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from labkit.views.jupyter_compat import handle_on_subshell
from labkit.views.message_builders import PROTOCOL_VERSION, other_version


class QueriedWidget(anywidget.AnyWidget):
    """A widget that answers the queries of its page.

    A subclass implements `answer_query`, and calls `answer_queries` when it is initialised.

    Examples
    --------
    >>> class Doubling(QueriedWidget):
    ...     shown = 0
    ...     def answer_query(self, query):
    ...         self.shown = 2 * query["value"]
    ...         return f"{self.shown} is shown."
    >>> widget = Doubling()
    >>> widget.answer_queries(value=0)
    >>> widget.query = {"number": 1, "value": 4}
    >>> widget.shown, widget.answered, widget.said
    (8, 1, '8 is shown.')
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    page_protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    query = traitlets.Dict().tag(sync=True)
    answered = traitlets.Int().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def answer_query(self, query: Mapping[str, Any]) -> str:
        """Do what a page asks for, and return what is to be said about it.

        The query comes from a page and may hold anything; what makes no sense changes nothing.
        """
        raise NotImplementedError

    def answer_queries(self, **first: Any) -> None:
        """Answer the queries of pages from now on; `first` is one that asks for what there is."""
        handle_on_subshell(self.comm)
        self.query = {"number": 0, **first}
        self.observe(self._queried, "query")

    def _queried(self, _: Any) -> None:
        with self.hold_sync():
            if self.page_protocol == PROTOCOL_VERSION:
                self.said = self.answer_query(self.query)
            else:
                self.said = other_version(self.page_protocol)
            number = self.query.get("number")
            self.answered = number if isinstance(number, int) else self.answered
