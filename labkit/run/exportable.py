"""A run that can be given away as an HTML page."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from labkit.run.changeable import ChangeableRun


class ExportableRun(ChangeableRun):
    """Adds to a run its export as one HTML file; `labkit.views.html_page` makes it."""

    name: str

    def export_html(
        self,
        path: str | os.PathLike[str],
        *,
        max_megabytes: float = 25.0,
        theme: Literal["system", "light", "dark"] = "system",
    ) -> Path:
        """Write the dashboard of the run as it is now to one HTML file.

        The file opens in a browser without a kernel and without a network: curves with their
        cursor, gradients, activations, samples, the graph with folding and the values of
        parameters, findings. What needs the training loop is not offered. The run may be going on,
        have ended, or have been loaded from a file.

        Parameters
        ----------
        path : path
            A page of labkit that is there is replaced. A folder, or a text that ends with a slash,
            gets a file with the name of the run and the time.
        max_megabytes : float
            Maximum size of the file. Where the run has more, pictures, samples and histograms of
            some steps are left out, and the page says how many. Scripts (1.8 MB), curves and the
            newest graph are in the file in any case.
        theme : {"system", "light", "dark"}
            The colours; by default those that the reader's system prefers.

        Returns
        -------
        Path
            The absolute path of the file.

        Raises
        ------
        TypeError, ValueError
            If it is no path, there is a file of another kind, or another argument is invalid.
        OSError
            If the file cannot be written.
        ImportError
            If ipywidgets or anywidget is not installed.

        Examples
        --------
        >>> import tempfile
        >>> from labkit.run import Run
        >>> run = Run("demo")
        >>> run.log(accuracy=0.5)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = run.export_html(f"{folder}/demo.html")
        ...     size = path.stat().st_size
        >>> path.name, size < 3_000_000
        ('demo.html', True)
        """
        written: Path = _pages("run.export_html()").export_run(self, path, max_megabytes, theme)
        return written

    def interactive(
        self,
        *,
        height: int = 900,
        max_megabytes: float = 5.0,
        theme: Literal["system", "light", "dark"] = "system",
    ) -> Any:
        """Return the dashboard of the run as it is now as an output that needs no kernel.

        It is the page of `export_html` in the output of a cell, for a notebook that is given away:
        the output remains interactive in the saved notebook, and in HTML that nbconvert makes of
        it. It is larger than the views that follow the run: 2 MB and more.

        Parameters
        ----------
        height : int
            In px.
        max_megabytes, theme
            As for `export_html`.

        Returns
        -------
        EmbeddedPage
            To be the last value of a cell, or for ``display``.

        Raises
        ------
        ValueError
            If an argument is invalid.

        Examples
        --------
        >>> from labkit.run import Run
        >>> Run("demo").interactive()
        EmbeddedPage(text='demo: waiting, 0 steps', height=900)
        """
        return _pages("run.interactive()").embedded_run(self, height, max_megabytes, theme)


def _pages(needed_by: str) -> Any:
    """Return `labkit.views.html_page`, which imports this package and is therefore looked up.

    Raises
    ------
    ImportError
        If the packages of the views are not installed.
    """
    try:
        return import_module("labkit.views.html_page")
    except ImportError as error:
        raise ImportError(
            f"{needed_by} needs packages that cannot be imported here ({error}). "
            "pip install ipywidgets anywidget"
        ) from error
