"""The view of several runs: their curves laid over each other, their views side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import traitlets
from ipywidgets import widget_serialization

from labkit.run import Run
from labkit.views import assets, jupyter_compat
from labkit.views.channel import RunChannel
from labkit.views.html_page import export_comparison
from labkit.views.html_page.document import Theme
from labkit.views.kernel import is_notebook
from labkit.views.lifetimes import ShownViews, weak_call
from labkit.views.marimo_notebook import is_marimo
from labkit.views.page_records import PageRecord
from labkit.views.saved_output import PicturedWidget
from labkit.views.still import comparison as comparison_picture
from labkit.views.still import run_picture


class Comparison(PicturedWidget):
    """Several runs in one view; `labkit.compare` makes it.

    The tab *Overlaid* has a panel for each series, with a line per run; *Side by side* has the
    views of each run with one menu, one cursor and common scales; *Differences* is a table of the
    configuration and the results. The page composes them of what it is sent for each run.

    Parameters
    ----------
    runs : sequence of Run
        Running or ended; at least one.
    names : sequence of str
        A name for each.

    Attributes
    ----------
    runs : tuple of Run
    names : list of str

    Examples
    --------
    >>> from labkit.run import Run
    >>> view = Comparison([Run("a"), Run("b")], ["SGD", "Adam"])
    >>> [run.name for run in view.runs], view.names
    (['a', 'b'], ['SGD', 'Adam'])
    >>> view.close()
    """

    kind: ClassVar[str] = "comparison"

    view = traitlets.Unicode().tag(sync=True)
    channel = traitlets.Instance(RunChannel, allow_none=True).tag(sync=True, **widget_serialization)
    channels = traitlets.List(traitlets.Instance(RunChannel)).tag(sync=True, **widget_serialization)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, runs: Sequence[Run], names: Sequence[str]) -> None:
        self.runs = tuple(runs)
        channels = [RunChannel.of(run) for run in runs]
        super().__init__(
            view=self.kind,
            channel=channels[0],
            channels=channels,
            names=list(names),
            _esm=assets.loader_source(),
        )
        for channel in channels:
            channel.add_view(self.model_id, self.kind)

    def close(self) -> None:
        """Close the view on every page; the last view of a run also closes its channel."""
        if self.comm is None:
            return
        model_id, channels = self.model_id, list(self.channels)
        super().close()
        self.channel, self.channels = None, []
        ShownViews.remove(model_id)
        for channel in channels:
            channel.remove_view(model_id)

    def export_html(
        self,
        path: str | os.PathLike[str],
        *,
        max_megabytes: float = 25.0,
        theme: Theme = "system",
    ) -> Path:
        """Write the comparison as it is now to one HTML file; see `Run.export_html`.

        Parameters
        ----------
        path : path
        max_megabytes : float
            Maximum size of the file, of which each run has an equal part.
        theme : {"system", "light", "dark"}

        Returns
        -------
        Path
            The absolute path of the file.

        Raises
        ------
        TypeError, ValueError, OSError
            As `Run.export_html`.
        """
        return export_comparison(self.runs, self.names, path, max_megabytes, theme)

    def _push_more(self, page: PageRecord) -> None:
        """Send a page what the view needs besides scripts and snapshots: nothing."""

    def _on_display(self) -> None:
        if is_notebook():
            ShownViews.add(self)
            for run in self.runs:
                if not run.closed:
                    run.on_close(weak_call(self.update_picture))
        elif is_marimo():
            jupyter_compat.hold_by_comm(self)
        if is_notebook() or is_marimo():
            for channel in self.channels:
                channel.view_displayed(self.kind, self._push_more)

    def _picture(self) -> dict[str, str]:
        return {
            "text/plain": comparison_picture.text(self.runs, self.names),
            "image/svg+xml": comparison_picture.svg(self.runs, self.names),
        }

    def _revision(self) -> object:
        return [run_picture.revision(run) for run in self.runs]

    def _is_changing(self) -> bool:
        return any(run.status == "running" for run in self.runs)

    def _is_complete(self) -> bool:
        return all(run.closed for run in self.runs)
