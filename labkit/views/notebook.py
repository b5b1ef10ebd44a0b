"""Display of the dashboard of a run in the notebook."""

from __future__ import annotations

import threading
import weakref

from IPython.display import display

from labkit.run import Run
from labkit.views.kernel import is_notebook
from labkit.views.views import Dashboard, View

__all__ = ["is_notebook", "show", "show_dashboard"]


def show(view: View) -> None:
    """Display a view in the running cell."""
    display(view)  # type: ignore[no-untyped-call]


def show_dashboard(run: Run) -> None:
    """Display the dashboard of a run, and update its static picture when the run ends."""
    dashboard = Dashboard(run)
    handle = display(dashboard, display_id=True)  # type: ignore[no-untyped-call]
    dashboard_ref = weakref.ref(dashboard)

    def update_picture() -> None:
        displayed = dashboard_ref()
        if displayed is None or displayed.comm is None or handle is None:
            return
        if threading.current_thread() is threading.main_thread():
            handle.update(displayed)

    run.on_close(update_picture)
