"""A run as one HTML file: the interactive views, without a kernel and without a network.

`contents` chooses what is recorded of a run, in the messages that a kernel would send;
`encoding` packs them within a size; `document` builds the page and its content security policy;
`writing` writes it. The page's script is `frontend/src/exported`. What a page cannot do without a
kernel, such as pausing the loop, it does not offer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labkit.run import Run
from labkit.run.printable import printable, shortened
from labkit.views.html_page.document import PageRun, Theme, html_page
from labkit.views.html_page.embedded import EmbeddedPage
from labkit.views.html_page.writing import checked_path, write_page

__all__ = ["EmbeddedPage", "embedded_run", "export_comparison", "export_run", "run_page"]

_MAX_NAME = 200


def export_run(run: Run, path: object, max_megabytes: float, theme: Theme) -> Path:
    """Write the dashboard of a run to a file; see `Run.export_html`."""
    target = checked_path(path, run.name)
    write_page(target, run_page(run, max_megabytes, theme))
    return target


def export_comparison(
    runs: Sequence[Run], names: Sequence[str], path: object, max_megabytes: float, theme: Theme
) -> Path:
    """Write a comparison to a file; see `Comparison.export_html`."""
    target = checked_path(path, "comparison")
    compared = [PageRun(name, run) for name, run in zip(names, runs, strict=True)]
    write_page(target, html_page("comparison", compared, max_megabytes, theme))
    return target


def embedded_run(run: Run, height: int, max_megabytes: float, theme: Theme) -> EmbeddedPage:
    """Return the dashboard of a run as an output; see `Run.interactive`."""
    text = printable(f"{shortened(run.name, _MAX_NAME)}: {run.status}, {run.steps:,} steps")
    return EmbeddedPage(run_page(run, max_megabytes, theme), text, height)


def run_page(run: Run, max_megabytes: float, theme: Theme = "system") -> str:
    """Return the HTML of a page with the dashboard of a run."""
    return html_page("dashboard", [PageRun(run.name, run)], max_megabytes, theme)
