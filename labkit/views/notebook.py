"""Show a run's dashboard in the notebook that watches it."""

from __future__ import annotations

import threading
import weakref

from IPython.display import display

from labkit.run import Run
from labkit.views.kernel import is_notebook
from labkit.views.views import Dashboard

__all__ = ["is_notebook", "show_dashboard"]


def show_dashboard(run: Run) -> None:
    """Display the dashboard; when the run ends, the saved picture is made anew."""
    dashboard = Dashboard(run)
    handle = display(dashboard, display_id=True)  # type: ignore[no-untyped-call]
    shown = weakref.ref(dashboard)

    def refresh_picture() -> None:
        alive = shown()
        on_main = threading.current_thread() is threading.main_thread()
        if alive is not None and alive.comm is not None and handle is not None and on_main:
            handle.update(alive)

    run.on_close(refresh_picture)
