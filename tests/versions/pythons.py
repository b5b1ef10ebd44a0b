"""Finds the Pythons that a machine has, and fetches those that Debian's packages bring."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.versions.claim import ROOT

FETCHED = ROOT / "build" / "pythons"
FETCH = Path(__file__).with_name("debian_python.sh")


class NoPythonError(Exception):
    """There is no such Python, for the reason given."""


def find_python(version: str) -> Path:
    """Return the program of a Python version, as in ``"3.14"``; fetch it if Debian has it.

    Looks among the commands, then among pyenv's versions.

    Raises
    ------
    NoPythonError
        If it is neither here nor to be had.
    """
    for program in [shutil.which(f"python{version}"), *_of_pyenv(version)]:
        if program is not None and _runs(program):
            return Path(program)
    fetched = subprocess.run(
        ["bash", str(FETCH), version, str(FETCHED)], capture_output=True, text=True, check=False
    )
    if fetched.returncode != 0:
        lines = fetched.stderr.strip().splitlines() or ["it cannot be fetched"]
        raise NoPythonError(f"no Python {version} here: {lines[-1]}")
    return FETCHED / version / "usr" / "bin" / f"python{version}"


def _of_pyenv(version: str) -> list[str]:
    versions = Path.home() / ".pyenv" / "versions"
    return [str(p) for p in sorted(versions.glob(f"{version}.*/bin/python{version}"))]


def _runs(program: str) -> bool:
    # A shim of pyenv's fails for a version that is not selected.
    command = [program, "-c", "import venv"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
