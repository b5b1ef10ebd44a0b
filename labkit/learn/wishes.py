"""Widgets whose page asks for something else than it shows: another start, another recipe.

The page sends a *wish* with a number; the widget handles it and sends that number back with what
came of it. An answer to an earlier wish is thus known as such, and the page goes on waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from labkit.views.jupyter_compat import handle_on_subshell
from labkit.views.message_builders import PROTOCOL_VERSION, other_version


class WishingWidget(anywidget.AnyWidget):
    """A widget that answers the wishes of its page.

    A subclass implements `grant`, and calls `answer_wishes` at the end of its initialisation.

    Examples
    --------
    >>> class Doubling(WishingWidget):
    ...     shown = 0
    ...     def grant(self, wish):
    ...         self.shown = 2 * wish["value"]
    ...         return f"{self.shown} is shown."
    >>> widget = Doubling()
    >>> widget.answer_wishes(value=0)
    >>> widget.wish = {"number": 1, "value": 4}
    >>> widget.shown, widget.answered, widget.said
    (8, 1, '8 is shown.')
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    page_protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    wish = traitlets.Dict().tag(sync=True)
    answered = traitlets.Int().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def grant(self, wish: Mapping[str, Any]) -> str:
        """Do what a page asks for, and return what is to be said about it.

        The wish comes from a page and may hold anything; what makes no sense changes nothing.
        """
        raise NotImplementedError

    def answer_wishes(self, **first: Any) -> None:
        """Answer the wishes of pages from now on; `first` is one that asks for what there is."""
        handle_on_subshell(self.comm)
        self.wish = {"number": 0, **first}
        self.observe(self._wished, "wish")

    def _wished(self, _: Any) -> None:
        with self.hold_sync():
            if self.page_protocol == PROTOCOL_VERSION:
                self.said = self.grant(self.wish)
            else:
                self.said = other_version(self.page_protocol)
            number = self.wish.get("number")
            self.answered = number if isinstance(number, int) else self.answered
