"""The cells that every front end runs, and the files through which their progress is read."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent

from tests.browser.training import MODEL

SECONDS = 15
"""Duration of a cell that trains, in s."""

SETUP = f"""\
import importlib.metadata as packages
import json
import platform
{MODEL}"""
SETUP += """\
here = Path("{folder}")
used = {{"python": platform.python_version(), "labkit from": str(Path(lk.__file__).parent.parent)}}
for name in {packages}:
    used[name] = packages.version(name)
(here / "versions").write_text(json.dumps(used))
"""

WATCH = """run = lk.watch(model, name="front end")
"""

LOOP = """\
until = time.monotonic() + {seconds}
while time.monotonic() < until:
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if not (here / "first").exists():
        (here / "first").write_text(str(time.time()))
    (here / "steps").write_text(str(run.steps))
    time.sleep(0.01)
"""

END = """_ = (here / "ended").write_text(run.status)
"""


class Progress:
    """What the cells have written into a folder.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def setup(self, packages: tuple[str, ...]) -> str:
        """Return the cell that defines the model, and writes the versions of packages."""
        return SETUP.format(folder=self.folder, packages=packages)

    def training(self) -> str:
        """Return the cell that trains."""
        loop = indent(LOOP.format(seconds=SECONDS), "    ")
        return f'with lk.watch(model, name="front end") as run:\n{loop}{END}'

    def split_training(self) -> tuple[str, str]:
        """Return a cell that displays the dashboard, and one that trains."""
        return WATCH, f"{LOOP.format(seconds=SECONDS)}run.close()\n{END}"

    @property
    def steps(self) -> int:
        """Number of steps that the loop has done."""
        return int(self._read("steps") or 0)

    @property
    def first_step_at(self) -> float | None:
        """When the first step ended, as a Unix time; None before."""
        text = self._read("first")
        return float(text) if text else None

    @property
    def ended(self) -> bool:
        """Whether the loop has come to its end."""
        return bool(self._read("ended"))

    @property
    def versions(self) -> dict[str, str]:
        """Versions in the kernel; empty before its first cell has run."""
        text = self._read("versions")
        return dict(json.loads(text)) if text else {}

    def restart(self) -> None:
        """Remove what an earlier loop has written."""
        for name in ("first", "steps", "ended"):
            (self.folder / name).unlink(missing_ok=True)

    def _read(self, name: str) -> str:
        file = self.folder / name
        if not file.exists():
            return ""
        while not (text := file.read_text(encoding="utf-8")):
            pass  # the loop is just writing it
        return text


def with_magic(code: str) -> str:
    """Return a cell that runs code in the background, where IPython runs it."""
    return f"%%train\n{code}"


def with_function(code: str) -> str:
    """Return a cell that runs code in the background, where magics are not known."""
    return f"def train():\n{indent(code, '    ')}\nlk.background(train)"
