"""Measures a live dashboard: in a kernel of a real JupyterLab, while a page in Chromium draws.

What the page draws is counted, so that a dashboard that stands still is not taken for a cheap one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.live_turns import LivePlan, LiveSet, measured_seconds, read_set
from tests.benchmarks.turns import KEEP_MEMORY
from tests.benchmarks.worker import Loop

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_CELL_ENDED = (
    ".jp-OutputArea-output:has-text('The bench is done.'), "
    "[data-mime-type='application/vnd.jupyter.error']"
)
_COUNT_DRAWN_STEPS = """() => {
  window.drawn = {};
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) {
      const view = target.dataset.labkitView;
      window.drawn[view] = (window.drawn[view] ?? 0) + 1;
    }
  });
  observer.observe(document.body,
    {subtree: true, attributes: true, attributeFilter: ["data-labkit-step"]});
}"""
_FAR_BELOW = (
    "from IPython.display import HTML\nHTML('<div style=\"height: 4000px\">far below</div>')"
)


def measure_live(loop: Loop, plan: LivePlan, folder: Path, *, in_sight: bool) -> LiveSet:
    """Measure a contender in a notebook.

    Parameters
    ----------
    loop : Loop
    plan : LivePlan
    folder : Path
        An empty folder for the notebook and the result.
    in_sight : bool
        Whether the dashboard is in sight, or scrolled away.
    """
    result = folder / "sets.json"
    arguments = [json.dumps(asdict(loop)), json.dumps(asdict(plan)), str(result)]
    source = (
        "from tests.benchmarks.live_turns import measure_into\n"
        f"measure_into(*{arguments!r})\n"
        "print('The bench is done.')"
    )
    with jupyterlab(folder, [_FAR_BELOW, source, _FAR_BELOW]) as address, new_page() as page:
        page.goto(address)
        await_idle(page)
        run_cell(page, 0)
        run_cell(page, 2)
        await_idle(page)
        run_cell(page, 1)
        page.wait_for_selector("[data-labkit-view='dashboard'][data-labkit-step]", timeout=120_000)
        place = page.locator("[data-labkit-view='dashboard']" if in_sight else "text=far below")
        place.last.evaluate("(element) => element.scrollIntoView({block: 'start'})")
        page.evaluate(_COUNT_DRAWN_STEPS)
        page.wait_for_selector(_CELL_ENDED, timeout=600_000, state="attached")
        drawn = page.evaluate("window.drawn")
        if not result.is_file():
            raise RuntimeError(f"The cell failed: {page.inner_text('.jp-Notebook')}")
    turns = read_set(result)
    if in_sight and not drawn.get("curves"):
        raise RuntimeError("The page drew no curve: this is no measurement of a live dashboard.")
    seconds = measured_seconds(turns) + plan.first
    return LiveSet(turns, {view: count / seconds for view, count in drawn.items()})


def run_cell(page: Page, number: int) -> None:
    """Execute a cell of the notebook."""
    page.locator(".jp-Notebook .jp-Cell .cm-content").nth(number).click()
    page.keyboard.press("Control+Enter")


def await_idle(page: Page) -> None:
    """Wait until the notebook is open and its kernel idle."""
    page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content", timeout=120_000)
    page.get_by_text("| Idle").wait_for(timeout=120_000)


def _write_notebook(path: Path, sources: Sequence[str]) -> None:
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"cell{number}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")


@contextmanager
def jupyterlab(folder: Path, cells: Sequence[str], *, subshells: bool = True) -> Iterator[str]:
    """Serve a notebook and yield its address.

    Parameters
    ----------
    folder : Path
    cells : sequence of str
        The sources of its cells.
    subshells : bool
        Whether pages send messages of widgets to subshells.
    """
    _write_notebook(folder / "bench.ipynb", cells)
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    value = "perCommTarget" if subshells else "disabled"
    (settings / "kernels-settings.jupyterlab-settings").write_text(
        json.dumps({"commsOverSubshells": value}), encoding="utf-8"
    )
    port, token = _free_port(), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
               f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]  # fmt: skip
    environment = {
        **os.environ,
        **KEEP_MEMORY,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    with (folder / "jupyterlab.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server)
            yield f"http://127.0.0.1:{port}/lab/tree/bench.ipynb?token={token}"
        finally:
            server.terminate()
            server.wait(timeout=30)


@contextmanager
def new_page() -> Iterator[Page]:
    """Open Chromium and yield a page as high as a dashboard."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-quic"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser.new_page(viewport={"width": 1400, "height": 1600})
        browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urlopen(address, timeout=5).close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("JupyterLab did not start.")
