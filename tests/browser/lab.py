"""Controls a real JupyterLab with a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page, Playwright, Response, expect

BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
EXTENSIONS = Path(__file__).resolve().parents[2] / "labkit" / "static" / "labextensions"
"""The extension of this checkout; that of an environment may be an older one, or missing."""
CONTEXT = "window.jupyterapp.shell.currentWidget.context"
"""The open document and its kernel, of JupyterLab in the page."""

LOSE_BUFFERS = """
window.sentAsText = 0;
const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
kernel.anyMessage.connect((_, { msg }) => {
  if (msg.header.msg_type !== "comm_msg") return;
  msg.buffers = [];
  window.sentAsText += "text_buffers" in (msg.content.data.content ?? {});
});
"""
"""Removes the binary buffers of all messages of the kernel from the page."""

HOLD_MESSAGES = """
window.heldMessages = [];
const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
const sendNow = kernel.sendShellMessage.bind(kernel);
kernel.sendShellMessage = (msg, ...options) => {
  if (msg.header.msg_type !== "comm_msg") return sendNow(msg, ...options);
  window.heldMessages.push([msg, ...options]);
  return { msg };
};
kernel.anyMessage.connect((_, { msg }) => {
  if (msg.header.msg_type !== "execute_reply") return;
  for (const held of window.heldMessages.splice(0)) sendNow(...held);
});
"""
"""Lets the messages of the page's widgets wait until a cell has ended."""

SETTINGS: dict[str, dict[str, object]] = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


def launch_browser(playwright: Playwright) -> Browser:
    """Start the system's Chromium or Chrome, else the one that Playwright installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    system = next((path for name in names if (path := shutil.which(name))), None)
    return playwright.chromium.launch(executable_path=system, args=BROWSER_ARGUMENTS)


@dataclass
class Lab:
    """A running JupyterLab server."""

    url: str
    folder: Path
    settings: Path

    def set_theme(self, name: str) -> None:
        """Set the theme of pages opened later."""
        write_settings(self.settings, "@jupyterlab/apputils-extension/themes", {"theme": name})

    def set_subshells(self, setting: str) -> None:
        """Set whether pages opened later send widget messages to subshells: "disabled" or so."""
        plugin = "@jupyterlab/apputils-extension/kernels-settings"
        write_settings(self.settings, plugin, {"commsOverSubshells": setting})

    def end_kernels(self, *names: str) -> None:
        """Shut down the kernels of some notebooks, or all, as their training slows other tests."""
        with urllib.request.urlopen(f"{self.url}/api/sessions") as answer:
            sessions = json.load(answer)
        for session in sessions:
            if not names or session["path"] in names:
                ending = urllib.request.Request(
                    f"{self.url}/api/kernels/{session['kernel']['id']}", method="DELETE"
                )
                urllib.request.urlopen(ending).close()


def write_settings(folder: Path, plugin: str, values: dict[str, object]) -> None:
    """Write the user settings of a JupyterLab plugin."""
    package, _, name = plugin.rpartition("/")
    path = folder / package / f"{name}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


@contextmanager
def running_lab(folder: Path, program: str = sys.executable) -> Iterator[Lab]:
    """Start JupyterLab on a folder with separate settings, and stop it at the end.

    `program` is the Python in whose environment it is installed.
    """
    settings = folder / "settings"
    for plugin, values in SETTINGS.items():
        write_settings(settings, plugin, values)
    command = [
        *(program, "-m", "jupyterlab", "--LabApp.expose_app_in_browser=True"),
        f"--LabApp.extra_labextensions_path={EXTENSIONS}",
    ]
    with running_jupyter(folder, command) as (url, root):
        yield Lab(url, root, settings)


@contextmanager
def running_jupyter(folder: Path, command: list[str]) -> Iterator[tuple[str, Path]]:
    """Start an application of Jupyter's server; yield its address and the folder that it serves."""
    root = folder / "root"
    root.mkdir()
    options = [
        "--no-browser",
        "--allow-root",
        "--IdentityProvider.token=",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.disable_check_xsrf=True",
    ]
    port = free_port()
    command = [*command, *options, f"--ServerApp.port={port}"]
    url = f"http://127.0.0.1:{port}"
    with running_server(folder, command, f"{url}/api/status"):
        yield url, root


@contextmanager
def running_server(folder: Path, command: list[str], ready: str) -> Iterator[None]:
    """Start a server with the folder's own settings, wait for an address of it, stop it at the end.

    It runs in `root` in the folder.
    """
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    log = (folder / "server.log").open("w")
    process = subprocess.Popen(
        command,
        cwd=folder / "root",
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _await_server(ready, process, folder / "server.log")
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def free_port() -> int:
    """Return a port of this machine that is free at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_server(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:  # the server answers
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{log.read_text()[-3000:]}")


class NotebookPage:
    """A notebook open in JupyterLab.

    Parameters
    ----------
    page : Page
    lab : Lab
    name : str
        File name in the lab's folder.
    cells : sequence of str, optional
        Code cells; by default the notebook exists.
    """

    def __init__(self, page: Page, lab: Lab, name: str, cells: list[str] | None = None) -> None:
        self.page = page
        self.lab = lab
        self.path = lab.folder / name
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        if cells is not None:
            self._write(cells)
        self.open()

    def _write(self, cells: list[str]) -> None:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(book, self.path)

    def open(self) -> None:
        """Open the notebook or reload the page, and wait until the kernel is idle."""
        self.page.goto(f"{self.lab.url}/doc/tree/{self.path.name}?reset")
        expect(self.cell(0)).to_be_visible(timeout=60_000)
        self.await_idle()

    def replace_cells(self, cells: list[str]) -> None:
        """Replace all cells and outputs, and clear the namespace of the kernel, which runs on."""
        if self._running().count():  # a test failed and left its loop
            self.page.evaluate(f"() => {CONTEXT}.sessionContext.session.kernel.interrupt()")
        self.await_idle()
        self.errors.clear()
        self._write(cells)
        self.page.evaluate(
            f"""async () => {{
                const context = {CONTEXT};
                await context.revert();
                localStorage.removeItem("labkit dashboard");
                const {{ kernel }} = context.sessionContext.session;
                await kernel.requestExecute({{ code: "%reset -f", silent: true }}).done;
            }}"""
        )
        expect(self.page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(cells))
        expect(self.page.locator(".jp-OutputArea-output")).to_have_count(0)
        self.await_idle()

    def set_theme(self, name: str) -> None:
        """Change the theme of the open page."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            name,
        )
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)

    def await_idle(self, timeout: float = 60_000) -> None:
        """Wait until the kernel is connected and no cell is running.

        The status bar alone is not enough: it shows idle after a widget message is handled, even
        while a cell is running.
        """
        status = self.page.locator("#jp-main-statusbar")
        expect(status).to_contain_text(re.compile("[|] Idle"), timeout=timeout)
        expect(self._running()).to_have_count(0, timeout=timeout)

    def _running(self) -> Locator:
        return self.page.locator(".jp-InputPrompt", has_text="[*]:")

    def cell(self, number: int) -> Locator:
        """Return a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def run_cell(self, number: int) -> None:
        """Start a cell without waiting for its end."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        prompt = self.cell(number).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(r"\[(\*|\d+)\]:"))

    def save(self) -> None:
        """Save the notebook with its outputs, and wait until it is written."""

        def saves(response: Response) -> bool:
            return response.request.method == "PUT" and "/api/contents/" in response.url

        with self.page.expect_response(saves) as saved:
            self.page.keyboard.press("Control+s")
        assert saved.value.ok

    def view(self, kind: str) -> Locator:
        """Return the first view of a kind on the page."""
        return self.page.locator(f'[data-labkit-view="{kind}"]').first

    def bring_to_front(self, kind: str, timeout: float = 30_000) -> None:
        """Wait until a view is on the page; if it is behind a tab of the dashboard, open it."""
        tab = self.page.locator(f'[data-labkit-tab="{kind}"]').first
        expect(self.view(kind).or_(tab).first).to_be_visible(timeout=timeout)
        if tab.count() and tab.get_attribute("aria-selected") == "false":
            tab.click()

    def widen(self, *kinds: str) -> None:
        """Let dashboards that are displayed later show some views at full width, in this order."""
        groups = [["curves"], ["graph"], []]
        arrangement = json.dumps({"groups": groups, "rows": kinds, "recent": ["graph"]})
        self.page.evaluate("(text) => localStorage.setItem('labkit dashboard', text)", arrangement)

    def step(self, kind: str) -> int:
        """Return the last step that a view has drawn."""
        self.bring_to_front(kind)
        return int(self.view(kind).get_attribute("data-labkit-step") or 0)

    def scroll_to(self, kind: str, timeout: float = 30_000) -> None:
        """Wait until a view is on the page, and scroll to it."""
        self.bring_to_front(kind, timeout)
        expect(self.view(kind)).to_be_visible(timeout=timeout)
        # In one call, as JupyterLab may replace the node between two.
        self.page.wait_for_function(
            """(kind) => {
                const view = document.querySelector(`[data-labkit-view="${kind}"]`);
                view?.scrollIntoView({ block: "start" });
                return view !== null;
            }""",
            arg=kind,
            timeout=timeout,
        )

    def await_step(self, kind: str, step: int, timeout: float = 30_000) -> None:
        """Scroll to a view, as hidden views do not draw, and wait until it has drawn a step."""
        self.scroll_to(kind, timeout)
        self.page.wait_for_function(
            """([kind, step]) => Number(document.querySelector(
                `[data-labkit-view="${kind}"]`)?.dataset.labkitStep ?? 0) >= step""",
            arg=[kind, step],
            timeout=timeout,
        )

    def text(self) -> str:
        """Return all text output of the notebook's cells."""
        return "\n".join(self.page.locator(".jp-OutputArea-output").all_inner_texts())
