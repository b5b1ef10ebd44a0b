"""A virtual environment with labkit, its tests and one version of torch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.versions.claim import ROOT, numbers

EXTRA = "test"
_DEPENDS_ON = ("pyproject.toml", "constraints.txt")
_OF_TORCH = re.compile(r"^(torch|nvidia|cuda|triton|labkit)\b")


class InstallError(Exception):
    """A version cannot be installed, for the reason given."""


class Environment:
    """A virtual environment in a folder of its own.

    Parameters
    ----------
    folder : Path
        Where it is, or where to make it.
    python : Path
        The program to make it with.
    pip : Path
        A wheel of pip, as not every Python brings one.
    """

    def __init__(self, folder: Path, python: Path, pip: Path) -> None:
        self.folder = folder
        self.program = folder / "venv" / "bin" / "python"
        self._python, self._wheel = python, pip
        self._ready = folder / "ready.txt"

    def make(self) -> None:
        """Make the environment, with pip alone, in place of what is in its folder."""
        self.remove()
        self.folder.mkdir(parents=True)
        command = [str(self._python), "-m", "venv", "--without-pip", str(self.folder / "venv")]
        subprocess.run(command, check=True)
        self._pip("install", str(self._wheel), PYTHONPATH=str(self._wheel))

    def remove(self) -> None:
        """Delete the environment; some take gigabytes."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def python_version(self) -> str:
        """Return the Python's whole version, as in ``"3.11.7"``."""
        code = "import platform; print(platform.python_version())"
        command = [str(self.program), "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def torch_versions(self) -> list[str]:
        """Return the versions of torch that pip can install here, the oldest first."""
        try:
            answer = self._pip("index", "versions", "torch")
        except InstallError:  # not one fits this Python
            return []
        listed = re.findall(r"^Available versions: (.+)$", answer, re.MULTILINE)
        return sorted({v.partition("+")[0] for v in listed[0].split(", ")}, key=numbers)

    def install(self, torch: str) -> str:
        """Install torch, preferably its CPU build, then labkit with what its tests need.

        An environment in which this was done before, from the same pins, is taken as it is.

        Returns
        -------
        str
            What differs from the pinned packages, empty if nothing does.

        Raises
        ------
        InstallError
            If pip finds no such versions.
        """
        wanted = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in _DEPENDS_ON)
        note, _, state = self._read_ready().partition("\n")
        if state == wanted:
            return note
        self.make()
        self._first_that_installs(_ways_to_get_torch(torch))
        pinned = self._write_pins("pinned.txt", [f"torch=={torch}", *_pins()])
        relaxed = self._write_pins("relaxed.txt", [f"torch=={torch}"])
        labkit = ("install", "--editable", f"{ROOT}[{EXTRA}]", "--constraint")
        number = self._first_that_installs([(*labkit, pinned), (*labkit, relaxed)])
        note = "other packages not as pinned" if number else ""
        self._ready.write_text(f"{note}\n{wanted}", encoding="utf-8")
        return note

    def _read_ready(self) -> str:
        return self._ready.read_text(encoding="utf-8") if self._ready.is_file() else ""

    def _first_that_installs(self, ways: list[tuple[str, ...]]) -> int:
        """Run pip with the first arguments that succeed; return their number."""
        reason = InstallError()
        for number, way in enumerate(ways):
            try:
                self._pip(*way)
            except InstallError as error:
                reason = error
            else:
                return number
        raise reason

    def _write_pins(self, name: str, lines: list[str]) -> str:
        file = self.folder / name
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(file)

    def _pip(self, *arguments: str, **environment: str) -> str:
        command = [str(self.program), "-m", "pip", "--disable-pip-version-check", *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=os.environ | environment,
        )
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["pip failed"]
            errors = [line for line in lines if line.startswith("ERROR: ")]
            raise InstallError((errors or lines)[-1].removeprefix("ERROR: "))
        return done.stdout


def _ways_to_get_torch(version: str) -> list[tuple[str, ...]]:
    """Return pip's arguments: the CPU build from pip's sources or PyTorch's index, else any."""
    cpu = f"torch=={version}+cpu"
    index = (*_cpu_index(), "--retries", "0", "--timeout", "20")
    return [("install", cpu), ("install", cpu, *index), ("install", f"torch=={version}")]


def _pins() -> list[str]:
    """Return the pins of `constraints.txt` but those of torch and what it brings."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [x for x in lines if "==" in x and not x.startswith("#") and not _OF_TORCH.match(x)]


def _cpu_index() -> list[str]:
    """Return pip's option for the index of CPU builds of torch, from Binder's requirements."""
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split() for line in lines if line.startswith("--extra-index-url"))
