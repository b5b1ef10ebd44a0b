"""`runs`: a table of the runs in a folder, to sort, filter, mark and compare."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.comparing import compare
from labkit.run.folder.listed_run import ListedRun, labels_of
from labkit.run.folder.run_folder import RunFolder
from labkit.run.folder.runs_text import text_of

if TYPE_CHECKING:
    from labkit.views import Comparison, RunsView

_EXAMPLE = 'Example: lk.runs("runs/")'


class Runs(RunFolder):
    """The runs in a folder; `labkit.runs` returns it.

    In a notebook it displays a table that follows the folder.
    """

    def compare(
        self, *which: int | str | os.PathLike[str], names: Sequence[str] | None = None
    ) -> Comparison:
        """Return a view that compares two to eight of the runs; see `labkit.compare`.

        Parameters
        ----------
        *which : int, str or path
            As for ``runs[...]``: numbers, names or paths of files in the folder.
        names : sequence of str, optional
            Their names in the view; by default those of the runs, or of their files if names are
            the same.

        Examples
        --------
        >>> import tempfile
        >>> from labkit.run import Run
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("narrow", "wide"):
        ...         path = Run(name).save(f"{folder}/{name}.lab")
        ...     comparison = runs(folder).compare("narrow", "wide")
        >>> comparison.names
        ['narrow', 'wide']
        >>> comparison.close()
        """
        return self._compare_listed([self.find(each) for each in which], names)

    def view(self) -> RunsView:
        """Return the table as a widget, to be placed in a layout.

        Raises
        ------
        ImportError
            If ipywidgets or anywidget is not installed.
        """
        try:
            from labkit.views import RunsView
        except ImportError as error:
            raise ImportError(
                f"a view needs packages that cannot be imported here ({error}). "
                "runs.to_frame() gives the runs as a table."
            ) from error
        return RunsView(self, self._compare_listed)

    def __repr__(self) -> str:
        return text_of(str(self.folder), self.listed)

    def _compare_listed(
        self, chosen: Sequence[ListedRun], names: Sequence[str] | None = None
    ) -> Comparison:
        return compare(*map(self.load, chosen), names=labels_of(chosen) if names is None else names)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        self.refresh()
        try:
            view = self.view()
        except ImportError:
            return {"text/plain": repr(self)}
        return view._repr_mimebundle_(**options)

    def _ipython_display_(self) -> None:
        self.refresh()
        try:
            view = self.view()
        except ImportError:
            raise NotImplementedError from None  # IPython displays the text then
        view._ipython_display_()

    def _display_(self) -> Any:
        """Return what marimo displays."""
        return self.view()


def runs(folder: str | os.PathLike[str]) -> Runs:
    """Return a table of the runs whose files are in a folder, which may still be growing.

    Parameters
    ----------
    folder : path
        Also the folders in it are searched, for files that ``lk.watch(model, save=...)`` or
        `Run.save` has written. Files of other kinds are ignored; those that are damaged are listed
        with the reason.

    Returns
    -------
    Runs
        Displays a table that follows the folder. ``runs.to_frame()`` is a data frame,
        ``runs["mlp"]`` and ``runs[-1]`` are loaded runs, and ``runs.compare("a", "b")`` a
        comparison.

    Raises
    ------
    TypeError
        If it is no path.
    FileNotFoundError, NotADirectoryError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from labkit.run import Run
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = run.save(f"{folder}/demo.lab")
    ...     found = runs(folder)
    ...     found.to_frame()["accuracy, last"].tolist(), found["demo"].steps
    ([0.5], 0)
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise TypeError(
            f"lk.runs takes the path of a folder, not {type(folder).__name__}. {_EXAMPLE}"
        )
    place = Path(folder).expanduser().absolute()
    if not place.exists():
        raise FileNotFoundError(f"lk.runs: there is no folder {place}. {_EXAMPLE}")
    if not place.is_dir():
        raise NotADirectoryError(
            f"lk.runs takes a folder, and {place} is a file. lk.load opens one run. {_EXAMPLE}"
        )
    return Runs(place)
