"""The line in a cell that describes what the cell has started in the background."""

from __future__ import annotations

import html
import time
import uuid
from typing import Any

import traitlets
from IPython.display import display, update_display

from labkit.run.background.task import BackgroundTask
from labkit.run.error_text import described
from labkit.run.printable import printable, shortened
from labkit.views.lifetimes import DroppableWidget, ShownViews
from labkit.views.notebook import show_traceback
from labkit.views.saved_output import with_still

_MAX_LETTERS = 1_000
"""Maximum length of the text of an error."""
_SCRIPT = """
export default {
  render({ model, el }) {
    const show = () => { el.textContent = model.get("text"); };
    el.style.cssText = "opacity: 0.7; font-size: 85%";
    el.dataset.labkitTask = "";
    model.on("change:text", show);
    show();
  },
};
"""


class StatusLine(DroppableWidget):
    """A line of small text, which is also up to date on a page that was reloaded.

    Attributes
    ----------
    text : str
    """

    text = traitlets.Unicode().tag(sync=True)

    def __init__(self, text: str) -> None:
        super().__init__(text=text, _esm=_SCRIPT)

    def close(self) -> None:
        """Close the line on every page."""
        if self.comm is not None:
            model_id = self.model_id
            super().close()
            ShownViews.remove(model_id)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        ShownViews.add(self)
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        shown = printable(self.text)
        still = f"<small>{html.escape(shown)}</small>"
        return with_still(data, self.model_id, {"text/plain": shown, "text/html": still}), metadata


class CellStatus:
    """Shows the status of a task in the running cell.

    Parameters
    ----------
    shows_error : bool
        Whether the error of a task that has failed is displayed; False if the cell raises it.
    """

    def __init__(self, *, shows_error: bool = True) -> None:
        self._shows_error = shows_error
        self._id = uuid.uuid4().hex
        self._line: StatusLine | None = None

    def show(self, task: BackgroundTask[Any]) -> None:
        """Display the line in the running cell."""
        self._line = StatusLine(status_text(task))
        display(self._line, display_id=self._id)  # type: ignore[no-untyped-call]

    def changed(self, task: BackgroundTask[Any]) -> None:
        """Update the line, on any thread; display the error of a task that has failed."""
        line = self._line
        if line is not None and line.comm is not None:
            line.text = status_text(task)
            if task.status != "stopping":  # what a saved notebook shows
                update_display(line, display_id=self._id)  # type: ignore[no-untyped-call]
        if self._shows_error and task.status == "failed" and task.error is not None:
            show_traceback(task.error)


def status_text(task: BackgroundTask[Any]) -> str:
    """Return what the line says about a task.

    Examples
    --------
    >>> status_text(BackgroundTask(lambda: None, "training"))[:32]
    'Training in the background since'
    """
    seconds = f"{task.seconds:,.1f} s"
    if task.status == "running":
        since = time.strftime("%H:%M:%S", time.localtime(task.started_at))
        return f"Training in the background since {since}. The kernel's interrupt stops it."
    if task.status == "stopping" and task.stops_at_step_end:
        return "Stopping at the end of the step."
    if task.status == "stopping":
        return "Stopping at the next line of Python, as the loop is not watched."
    if task.status == "failed" and task.error is not None:
        return f"Failed after {seconds}: {shortened(described(task.error), _MAX_LETTERS)}"
    return f"{task.status.capitalize()} after {seconds}."
