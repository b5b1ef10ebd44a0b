"""Measures how long the loop goes on after a click on Pause: ``make clicks``.

A loop of steps of 10 ms trains in a notebook of a real JupyterLab. A page in Chromium clicks Pause,
waits until the dashboard says that the loop is paused, and clicks Resume, many times. The loop
writes down when each step begins; the click's delay is the time until the last step before the
pause. Both clocks are the machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from tests.benchmarks.live import ROOT, await_idle, jupyterlab, new_page, run_cell

CLICKS = 100
STEP_SECONDS = 0.01
IPYKERNEL_6 = ROOT / "build" / "ipykernel6"
_LOOP = f"""{{magic}}
import json, time
import torch, labkit as lk
model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(32, 64), torch.randint(0, 10, (32,))
began = []
with lk.watch(model) as run:
    while True:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        time.sleep({STEP_SECONDS})
        began.append(1000 * time.time())
        optimizer.step()
with open("steps.json", "w") as file:
    json.dump(began, file)
"""
_CLICK = """async (clicks) => {
  const controls = document.querySelector("[data-labkit-view='controls']");
  const button = (name) => controls.querySelector(`button[aria-label='${name}']`);
  const status = () => controls.querySelector(".labkit-status").dataset.status;
  const until = (wanted) => new Promise((resolve) => {
    const check = () => (status() === wanted ? resolve() : setTimeout(check, 5));
    check();
  });
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const times = [];
  for (let number = 0; number < clicks; number++) {
    await until("running");
    await wait(60 + 7 * (number % 20));
    const paused = Date.now();
    button("Pause").click();
    await until("paused");
    await wait(60);
    times.push([paused, Date.now()]);
    button("Resume").click();
  }
  button("Stop").click();
  return times;
}"""


@dataclass(frozen=True)
class Setting:
    """Where the loop runs, and how clicks reach it.

    Attributes
    ----------
    title : str
    magic : str
        The first line of the cell.
    subshells : bool
        Whether the page sends messages of widgets to subshells.
    ipykernel_6 : bool
        Whether the kernel is of ipykernel 6, which has no subshells.
    """

    title: str
    magic: str = ""
    subshells: bool = True
    ipykernel_6: bool = False


SETTINGS = (
    Setting("a blocking cell, with subshells"),
    Setting("a blocking cell, subshells disabled in JupyterLab", subshells=False),
    Setting("a blocking cell, ipykernel 6", ipykernel_6=True),
    Setting("`%%train`", magic="%%train"),
    Setting("`%%train`, ipykernel 6", magic="%%train", ipykernel_6=True),
)


def measure(setting: Setting, clicks: int) -> list[float]:
    """Return the delay of each click, in ms."""
    if setting.ipykernel_6:
        os.environ["PYTHONPATH"] = str(IPYKERNEL_6)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure_in(Path(folder), setting, clicks)
    finally:
        os.environ.pop("PYTHONPATH", None)


def _measure_in(folder: Path, setting: Setting, clicks: int) -> list[float]:
    cells = ["%load_ext labkit", _LOOP.format(magic=setting.magic)]
    with (
        jupyterlab(folder, cells, subshells=setting.subshells) as address,
        new_page() as page,
    ):
        page.goto(address)
        await_idle(page)
        run_cell(page, 0)
        await_idle(page)
        run_cell(page, 1)
        page.wait_for_selector("[data-labkit-view='controls'][data-labkit-step]", timeout=60_000)
        times = page.evaluate(_CLICK, clicks)
        began = np.array(json.loads(_written(page, folder / "steps.json")))
    return [_delay(began, paused, resumed) for paused, resumed in times]


def _written(page: Page, file: Path) -> str:
    """Wait until the loop has written its file, and return the text."""
    for _ in range(300):
        if file.is_file() and (text := file.read_text(encoding="utf-8")).endswith("]"):
            return text
        page.wait_for_timeout(100)
    raise RuntimeError(f"The loop did not end: {page.inner_text('.jp-Notebook')}")


def _delay(began: np.ndarray, paused: float, resumed: float) -> float:
    """Return the time from a click on Pause to the last step before Resume, in ms."""
    last = began[began < resumed].max()
    return max(0.0, float(last - paused))


def table(measured: Sequence[tuple[Setting, Sequence[float]]]) -> str:
    """Return the delays as Markdown."""
    lines = [
        "| from a click to the held loop | median | 95th percentile | longest |",
        "|---|---|---|---|",
    ]
    for setting, delays in measured:
        median, high = np.percentile(delays, [50, 95])
        lines.append(
            f"| {setting.title} | {median:.0f} ms | {high:.0f} ms | {max(delays):.0f} ms |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure all settings, and print the table."""
    parser = argparse.ArgumentParser(prog="clicks", description=__doc__)
    parser.add_argument("--clicks", type=int, default=CLICKS)
    options = parser.parse_args()
    print(table([(each, measure(each, options.clicks)) for each in SETTINGS]))


if __name__ == "__main__":
    main()
