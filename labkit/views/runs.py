"""The view of a folder of runs: a table that follows the folder, and a comparison of some."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from labkit.run import Run
from labkit.run.error_text import described
from labkit.run.folder.listed_run import ListedRun
from labkit.run.folder.run_folder import RunFolder
from labkit.views import jupyter_compat, runs_messages
from labkit.views import message_builders as wire
from labkit.views.background_work import BackgroundWork
from labkit.views.comparison import Comparison
from labkit.views.fragments import Fragmenter
from labkit.views.kernel import is_notebook
from labkit.views.marimo_notebook import is_marimo
from labkit.views.page_records import PageRecord, page_of_message
from labkit.views.page_requests import shortened
from labkit.views.still import runs as still_runs
from labkit.views.text_buffers import request_text, with_text_buffers
from labkit.views.views import View

POLL_SECONDS = 2.0
"""Time between two looks at the folder while the view is displayed, in s."""


class RunsView(View):
    """A table of the runs in a folder; what `labkit.runs` returns displays it.

    While it is displayed, a thread looks for new and changed files every two seconds and sends the
    rows that have changed.

    Parameters
    ----------
    folder : RunFolder
    compare : callable
        Takes a sequence of `ListedRun`, and returns a view that compares them.

    Attributes
    ----------
    folder : RunFolder
    comparison : Comparison or None
        The comparison that the page shows below the table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as place:
    ...     view = RunsView(RunFolder(Path(place)), compare=lambda runs: None)
    >>> view.kind
    'runs'
    >>> view.close()
    """

    kind = "runs"

    def __init__(
        self, folder: RunFolder, compare: Callable[[Sequence[ListedRun]], Comparison]
    ) -> None:
        self.folder = folder
        self.comparison: Comparison | None = None
        self._compare = compare
        self._compared: tuple[str, ...] = ()
        self._sent: dict[str, ListedRun] | None = None
        """What the pages have; None before the first one has requested the runs."""
        self._problem: str | None = None
        self._sending = threading.Lock()
        """Held while rows are sent, so that those of an earlier moment do not arrive later."""
        self._fragmenter = Fragmenter()
        self._work = BackgroundWork(self.poll, POLL_SECONDS)
        # Scripts reach a page over the channel of a run.
        run = Run(folder.folder.name or "runs")
        run.close()
        super().__init__(run)
        self.on_msg(self._on_page)
        jupyter_compat.handle_on_subshell(self.comm)

    def poll(self) -> None:
        """Look at the folder, and send the rows that have changed."""
        if self.comm is None or self._sent is None:
            return
        self.folder.refresh()
        with self._sending:
            before = self._sent
            listed = {run.key: run for run in self.folder.listed}
            changed = [run for key, run in listed.items() if before.get(key) != run]
            removed = [key for key in before if key not in listed]
            problem = self.folder.problem
            if changed or removed or problem != self._problem:
                self._sent, self._problem = listed, problem
                self._post(runs_messages.rows_message(problem, changed, removed))

    def close(self) -> None:
        """Close the view and its comparison on every page, and end its thread."""
        self._work.end()
        self._close_comparison()
        super().close()

    def _on_display(self) -> None:
        if is_notebook() or is_marimo():
            self._work.start_polling()
        super()._on_display()

    def _picture(self) -> dict[str, str]:
        return {
            "text/plain": still_runs.text(self.folder),
            "image/svg+xml": still_runs.svg(self.folder),
        }

    def _revision(self) -> object:
        return self.folder.problem, self.folder.listed

    # ── messages ─────────────────────────────────────────────────────────────

    def _push_more(self, page: PageRecord) -> None:
        """Send a page all rows."""
        self._send_all(page)

    def _on_page(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        """Handle a message from a page; every request receives a reply or a refusal."""
        page = page_of_message()
        page.heard()
        match content:
            case {"type": "runs", "protocol": wire.PROTOCOL_VERSION, "again": bool(again)}:
                self._send_all(page, again=again)
            case {"type": "text"}:
                request_text()
                self._send_all(page, again=True)
            case {"type": "runs"}:
                self._refuse(None, wire.other_version(content.get("protocol")))
            case {"type": "compare", "request": int(request), "keys": [*keys]}:
                self._compare_soon(keys, request)
            case _:
                self._refuse(None, f"labkit does not know this message: {shortened(content)}")

    def _send_all(self, page: PageRecord, *, again: bool = False) -> None:
        if not page.needs(f"runs of {self.model_id}", again=again):
            return
        with self._sending:
            listed = self.folder.listed
            self._sent = {run.key: run for run in listed}
            self._problem = self.folder.problem
            self._post(runs_messages.runs_message(str(self.folder.folder), self._problem, listed))
        if self.comparison is not None:
            self._send_comparison(None)

    def _compare_soon(self, keys: Sequence[object], request: int) -> None:
        """Compare some runs on the thread, as reading their files may take long."""
        if is_marimo() and keys:
            named = ", ".join(repr(str(key)) for key in keys)
            self._refuse(request, f"marimo makes new views only in a cell: runs.compare({named})")
        else:
            self._work.request(partial(_show_comparison, keys, request))

    def show_comparison(self, keys: Sequence[object], request: int | None) -> None:
        """Compare some runs, by their keys, in place of those that were compared before.

        Parameters
        ----------
        keys : sequence of str
            None closes the comparison.
        request : int or None
            Number of the request of a page.
        """
        before, self.comparison, self._compared = self.comparison, None, ()
        try:
            by_key = {run.key: run for run in self.folder.listed}
            if keys:
                self.comparison = self._compare([by_key[str(key)] for key in keys])
                self._compared = tuple(map(str, keys))
            self._send_comparison(request)
        except KeyError as error:
            self._refuse(request, f"There is no file {error.args[0]!r} any more.")
        except Exception as error:  # noqa: BLE001 - the page displays the error
            text = str(error) if isinstance(error, (ValueError, OSError)) else described(error)
            self._refuse(request, text)
        finally:
            if before is not None:
                before.close()
            if self.comm is None:  # closed meanwhile
                self._close_comparison()

    def _send_comparison(self, request: int | None) -> None:
        shown = self.comparison
        names = [] if shown is None else shown.names
        channels = [] if shown is None else [each.model_id for each in shown.channels]
        self._post(runs_messages.compared_message(request, self._compared, names, channels))

    def _close_comparison(self) -> None:
        shown, self.comparison = self.comparison, None
        if shown is not None:
            shown.close()

    def _refuse(self, request: int | None, reason: str) -> None:
        refusal = {"type": "refused", "request": request, "reason": reason}
        self._post(wire.Message(refusal))

    def _post(self, message: wire.Message) -> None:
        for part in map(with_text_buffers, self._fragmenter.fragments(message)):
            self.send(part.content, part.buffers)


def _show_comparison(keys: Sequence[object], request: int, view: RunsView) -> None:
    view.show_comparison(keys, request)
