"""Widgets whose outputs have a picture and a text, for saved notebooks without their kernel.

An output contains the widget, an SVG and a text; GitHub and nbconvert show the SVG. JupyterLab and
Notebook would show an error where the kernel has no such widget, so that labkit has an extension
for them (``frontend/src/labextension``), which then shows the SVG. It recognizes the output by a
MIME type of labkit.

A program that executes a notebook, as ``nbconvert --execute`` does, stores the states of widgets as
well, and HTML made of it has the widgets in place of the pictures, though they need a kernel. When
a cell of such a notebook ends, its outputs therefore have the pictures alone.

Picture and text are updated when a cell ends and when the run ends. During a run they are updated
at growing intervals if the page does not open its views anew for that, as the extension ensures.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from IPython.display import publish_display_data

from labkit.run.error_text import described
from labkit.views import kernel
from labkit.views.lifetimes import DroppableWidget

VIEW_MIME_TYPE = "application/vnd.labkit.view+json"
"""Content of an output: the model id of the widget, for labkit's extension of JupyterLab."""

_WIDGET_MIME_TYPE = "application/vnd.jupyter.widget-view+json"
_FIRST_INTERVAL_SECONDS = 5.0
_MAX_INTERVAL_SECONDS = 600.0
_GROWTH = 1.5
_TIMES_COST = 50
"""An interval is at least so many times as long as an update takes of the processor."""
_MAX_ATTEMPTS = 3


def view_data(model_id: str) -> dict[str, Any]:
    """Return the entry of an output by which the extension recognizes a widget of labkit.

    Examples
    --------
    >>> view_data("1f")
    {'application/vnd.labkit.view+json': {'model_id': '1f'}}
    """
    return {VIEW_MIME_TYPE: {"model_id": model_id}}


def with_still(
    data: Mapping[str, Any] | None, model_id: str, still: Mapping[str, str]
) -> dict[str, Any]:
    """Return an output with what is shown in place of a widget, and with the widget if of use.

    Parameters
    ----------
    data : mapping of str to object, or None
        The output of the widget.
    model_id : str
    still : mapping of str to str
        The picture or text, by MIME type.
    """
    found = {**(data or {}), **view_data(model_id), **still}
    if kernel.is_run_by_program():
        found.pop(_WIDGET_MIME_TYPE, None)
    return found


class PicturedWidget(DroppableWidget):
    """A widget whose output has a picture and a text that are up to date."""

    _published: object = None
    """The revision that the output shows; None if the widget is not displayed."""
    _is_picture_only = False
    """Whether the output has no widget, because no page will show it."""
    _interval = _FIRST_INTERVAL_SECONDS
    _next_update = 0.0

    def _picture(self) -> dict[str, str]:
        """Return the picture and the text, by MIME type."""
        raise NotImplementedError

    def _revision(self) -> object:
        """Return what the picture depends on; not None. Must be quick."""
        raise NotImplementedError

    def _is_complete(self) -> bool:
        """Return whether the picture will not change any more, as after the end of a run."""
        return False

    def _is_changing(self) -> bool:
        """Return whether the picture changes all the time, as during a run."""
        return False

    def _on_display(self) -> None:
        """Prepare for a page that displays the widget."""

    def _repr_mimebundle_(self, **options: Any) -> Any:
        self._on_display()
        return self._bundle(**options)

    def _ipython_display_(self) -> None:
        self._published = self._revision()
        self._next_update = time.monotonic() + self._interval
        data, metadata = self._repr_mimebundle_()
        self._publish(data, metadata, update=False)

    def cell_ended(self) -> None:
        """Update the picture; rarely if it shows a run that goes on in the background."""
        is_shown = self._published is not None and not self._is_picture_only
        if is_shown and kernel.is_run_by_program():
            self._is_picture_only = True
            self._published = object()  # the output is another one, of whatever revision
            self.update_picture()
        elif self._is_changing():
            self.update_picture_if_due()
        else:
            self.update_picture()

    def update_picture(self) -> None:
        """Update the picture and the text of the output if they have changed, on any thread."""
        for _ in range(_MAX_ATTEMPTS):
            revision = self._revision()
            if self._published is None or self._published == revision or self.comm is None:
                return
            if kernel.is_terminal():  # it would print the whole text again
                return
            data, metadata = self._bundle()
            self._publish(data, metadata, update=True)
            self._published = revision
            if not self._is_complete():
                return
            # Another thread may have published the last picture before this one.

    def update_picture_if_due(self) -> None:
        """Update the picture if the last update is long enough ago."""
        if self._published is None or time.monotonic() < self._next_update:
            return
        before = time.thread_time()
        self.update_picture()
        cost = time.thread_time() - before
        longer = max(self._interval * _GROWTH, cost * _TIMES_COST)
        self._interval = min(longer, _MAX_INTERVAL_SECONDS)
        self._next_update = time.monotonic() + self._interval

    def _publish(self, data: dict[str, Any], metadata: dict[str, Any], *, update: bool) -> None:
        transient = {"display_id": self.model_id}
        publish_display_data(data, metadata, transient=transient, update=update)  # type: ignore[no-untyped-call]

    def _bundle(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        try:
            picture = self._picture()
        except Exception as error:  # noqa: BLE001 - the view itself must be displayed
            picture = {"text/plain": f"labkit: no picture could be drawn: {described(error)}."}
        found = {**(data or {}), **view_data(self.model_id), **picture}
        if self._is_picture_only:
            found.pop(_WIDGET_MIME_TYPE, None)
        return found, metadata
