"""The virtual environments of the front ends, made when they are first needed.

Each holds its front end and the packages of Jupyter at pinned versions; torch and what else a
training loop needs come from the environment of the development, which follows last on the path.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "frontends"
DEVELOPMENT = "development"
"""Name that stands for the environment of the development itself."""


def program_of(name: str) -> str:
    """Return the Python of an environment; make the environment if its pins are new."""
    if name == DEVELOPMENT:
        return sys.executable
    pins = requirements_of(name)
    folder = BUILD / name / "venv"
    program, made_from = folder / "bin" / "python", BUILD / name / "made-from.txt"
    wanted = f"{sys.version}\n{pins.read_text(encoding='utf-8')}"
    if not made_from.is_file() or made_from.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(BUILD / name, ignore_errors=True)
        print(f"Installing {pins.name} in {folder.relative_to(ROOT)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(program), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--requirement", str(pins)], check=True)
        _add_development(program)
        made_from.write_text(wanted, encoding="utf-8")
    return str(program)


def requirements_of(name: str) -> Path:
    """Return the file with the pinned packages of an environment."""
    return Path(__file__).with_name(f"{name}.txt")


def _add_development(program: Path) -> None:
    """Let the environment import, after its own packages, those of this process's environment."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run([program, "-c", code], capture_output=True, text=True, check=True)
    line = sysconfig.get_path("purelib")
    Path(answer.stdout.strip(), "development.pth").write_text(f"{line}\n", encoding="utf-8")
