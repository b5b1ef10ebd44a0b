"""Display of the dashboard of a run in the notebook."""

from __future__ import annotations

import sys

from IPython.core.getipython import get_ipython
from IPython.display import display

from labkit.run import Run
from labkit.views.kernel import is_notebook
from labkit.views.marimo_notebook import append_to_output, is_marimo
from labkit.views.messages.widgets import DashboardForm
from labkit.views.views import Dashboard, View

__all__ = ["has_page", "show", "show_dashboard", "show_traceback"]


def has_page() -> bool:
    """Return whether a page displays what a cell shows: in a Jupyter kernel, and in marimo."""
    return is_notebook() or is_marimo()


def show(view: View) -> None:
    """Display a view in the running cell."""
    if is_marimo():
        append_to_output(view)
    else:
        display(view)  # type: ignore[no-untyped-call]


def show_dashboard(run: Run, form: DashboardForm | None = None) -> None:
    """Display the dashboard of a run."""
    show(Dashboard(run, form=form))


def show_traceback(error: BaseException) -> None:
    """Display an exception in the running cell, as IPython displays those of a cell."""
    shell = get_ipython()
    traceback = error.__traceback__
    if shell is None:
        sys.excepthook(type(error), error, traceback)
        return
    exits = isinstance(error, SystemExit)
    try:
        raise error  # noqa: TRY301 - IPython takes a syntax error from the handled exception
    except BaseException:  # noqa: BLE001 - as above
        shell.showtraceback((type(error), error, traceback), tb_offset=0, exception_only=exits)
    finally:
        error.__traceback__ = traceback
