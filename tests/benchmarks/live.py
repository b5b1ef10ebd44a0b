"""Measures in a real kernel of a real JupyterLab, while a page in Chromium draws.

The bare loop runs in the same kernel with the same page open. What the page draws is counted, so
that a dashboard that stands still is not taken for a cheap one.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.measure import Size
from tests.benchmarks.turns import KEEP_MEMORY

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_CELL_ENDED = (
    ".jp-OutputArea-output:has-text('The bench is done.'), "
    "[data-mime-type='application/vnd.jupyter.error']"
)
_COUNT_DRAWN_STEPS = """() => {
  window.drawnSteps = 0;
  const observer = new MutationObserver((changes) => { window.drawnSteps += changes.length; });
  observer.observe(document.body,
    {subtree: true, attributes: true, attributeFilter: ["data-labkit-step"]});
}"""


def measure_live(kind: str, name: str, size: Size, folder: Path) -> Path:
    """Measure a contender in a notebook and return the file that holds the pairs.

    Parameters
    ----------
    kind, name : str
        The task and the contender.
    size : Size
        How much to measure.
    folder : Path
        An empty folder for the notebook and the result.
    """
    result = folder / "pairs.json"
    _write_notebook(folder / "bench.ipynb", kind, name, size, result)
    with _jupyterlab(folder) as address, _page() as page:
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content", timeout=120_000)
        page.get_by_text("| Idle").wait_for(timeout=120_000)
        page.evaluate(_COUNT_DRAWN_STEPS)
        page.click(".jp-Notebook .jp-Cell .cm-content")
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector(_CELL_ENDED, timeout=300_000)
        drawn = page.evaluate("window.drawnSteps")
        if not result.is_file():
            raise RuntimeError(f"The cell failed: {page.inner_text('.jp-Notebook')}")
    if not drawn:
        raise RuntimeError("The page drew no step: this is no measurement of a live dashboard.")
    return result


def _write_notebook(path: Path, kind: str, name: str, size: Size, result: Path) -> None:
    arguments = [kind, name, json.dumps(asdict(size)), str(result)]
    source = (
        "from tests.benchmarks.measure import measure_into\n"
        f"measure_into(*{arguments!r})\n"
        "print('The bench is done.')"
    )
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "bench",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": [cell],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")


@contextmanager
def _jupyterlab(folder: Path) -> Iterator[str]:
    """Serve a folder and yield the address of its notebook."""
    port, token = _free_port(), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
               f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]  # fmt: skip
    environment = {
        **os.environ,
        **KEEP_MEMORY,
        "PYTHONPATH": str(ROOT),
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
def _page() -> Iterator[Page]:
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
