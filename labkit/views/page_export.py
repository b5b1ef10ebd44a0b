"""Sends the HTML page of a run to a page of the notebook, which saves it as a file."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable

from labkit.run import Run
from labkit.run.error_text import described
from labkit.views import message_builders as wire
from labkit.views.html_page import run_page

MAX_MEGABYTES = 10.0
"""Maximum size of the page; `Run.export_html` writes larger ones."""
PART_BYTES = 400_000
"""Size of the parts in which it is sent."""
_BURST_PARTS = 4
_PART_SECONDS = 0.6
"""Time between two parts after the first four, in s.

Jupyter servers drop messages of a kernel beyond 1 MB/s, counted over three seconds.
"""


def send_page(
    run: Run,
    request: int,
    post: Callable[[wire.Message], object],
    refuse: Callable[[str], None],
) -> threading.Thread:
    """Make the page of a run and send it in parts, on a thread of its own.

    Parameters
    ----------
    run : Run
    request : int
        Number of the request.
    post : callable
        Sends a message to the pages.
    refuse : callable
        Sends the reason if that fails.

    Returns
    -------
    Thread
    """

    def work() -> None:
        try:
            compressed = gzip.compress(run_page(run, MAX_MEGABYTES).encode("utf-8"), 6)
            starts = range(0, len(compressed), PART_BYTES)
            for index, start in enumerate(starts):
                if index >= _BURST_PARTS:
                    time.sleep(_PART_SECONDS)
                part = compressed[start : start + PART_BYTES]
                post(wire.page_part(request, index, len(starts), part))
        except Exception as error:  # noqa: BLE001 - the page displays the error
            refuse(f"The page of the run could not be made: {described(error)}.")

    thread = threading.Thread(target=work, name="labkit-page", daemon=True)
    thread.start()
    return thread
