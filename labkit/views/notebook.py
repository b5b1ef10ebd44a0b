"""Show a run's dashboard in the notebook that watches it."""

from __future__ import annotations

import threading

from IPython.core.getipython import get_ipython
from IPython.display import display

from labkit.run import Run
from labkit.views.views import Dashboard


def is_notebook() -> bool:
    """Return whether this is a kernel that a notebook talks to."""
    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def show_dashboard(run: Run) -> None:
    """Display the dashboard; when the run ends, the saved picture is made anew."""
    dashboard = Dashboard(run)
    handle = display(dashboard, display_id=True)  # type: ignore[no-untyped-call]

    def refresh_picture() -> None:
        if handle is not None and threading.current_thread() is threading.main_thread():
            handle.update(dashboard)

    run.on_close(refresh_picture)
