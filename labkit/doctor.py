"""Checks of an installation: versions of packages, devices, and the built frontend.

The checks modify nothing and do not access the network. torch is imported by its check only.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from labkit.bundle import bundle_fault


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes
    ----------
    subject : str
        What was checked.
    state : {"ok", "note", "broken"}
        ``"note"``: a part is missing that is not required to record a run.
    detail : str
        The finding, for example a version.
    advice : str
        What to do; empty if there is nothing to do.
    """

    subject: str
    state: Literal["ok", "note", "broken"]
    detail: str
    advice: str = ""


def run_checks() -> list[Check]:
    """Execute all checks and return their results in display order."""
    return [
        _python(),
        *_torch(),
        _package("ipywidgets", (8,), needed=True),
        _package("anywidget", (0, 9), needed=True),
        _package("plotly", (6,), needed=True),
        _package("psutil", (5, 9), needed=True),
        _package("jupyterlab", (4, 4), needed=False),
        _package("ipykernel", (7, 1), needed=False),
        _buttons(),
        _frontend(),
        _saved_views(),
    ]


def _python() -> Check:
    return Check("Python", "ok", f"{platform.python_version()} ({sys.executable})")


def _torch() -> Iterable[Check]:
    try:
        import torch
    except ImportError as error:
        advice = "Install it: pip install torch. Without it runs can be opened but not recorded."
        return [Check("torch", "broken", str(error), advice)]
    if _numbers(torch.__version__) < (2, 10):
        return [Check("torch", "broken", torch.__version__, "Install torch 2.10 or later.")]
    threads = torch.get_num_threads()
    devices = [f"cpu ({threads} thread{'s' if threads > 1 else ''})"]
    devices += [
        f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())
    ]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [
        Check("torch", "ok", torch.__version__),
        Check("devices", "ok", ", ".join(devices)),
    ]


def _package(name: str, oldest: tuple[int, ...], *, needed: bool) -> Check:
    wanted = ".".join(map(str, oldest))
    found = _version(name)
    if found is not None and _numbers(found) >= oldest:
        return Check(name, "ok", found)
    detail = "not installed" if found is None else f"{found} is older than {wanted}"
    advice = f'Install it: pip install "{name}>={wanted}"'
    return Check(name, "broken" if needed else "note", detail, advice)


def _buttons() -> Check:
    """Check whether buttons work while a cell is running."""
    subject = "buttons during a running cell"
    lab, kernel = _version("jupyterlab"), _version("ipykernel")
    if kernel is None:
        return Check(subject, "note", "ipykernel is not installed")
    if _numbers(kernel) >= (7, 4):
        return Check(subject, "ok", "this kernel handles them on a subshell of labkit's own")
    if _numbers(kernel) >= (7, 1) and lab is not None and _numbers(lab) >= (4, 4):
        return Check(subject, "ok", "this JupyterLab and kernel have subshells")
    if _numbers(kernel) < (7,):
        return Check(subject, "ok", "the training loop handles them at the end of its steps")
    advice = "Begin cells that train with %%train, or install ipykernel 7.4 or later."
    return Check(subject, "note", "they take effect when the cell has ended", advice)


def _frontend() -> Check:
    fault = bundle_fault()
    if fault is None:
        return Check("views in the browser", "ok", "built and up to date")
    advice = (
        "In a clone of the repository: pip install -e . (builds them); elsewhere: "
        "pip install --force-reinstall --no-deps labkit"
    )
    return Check("views in the browser", "broken", fault, advice)


def _saved_views() -> Check:
    """Check whether JupyterLab finds the extension that shows views without their kernel."""
    subject = "saved views in JupyterLab"
    folders = [Path(sys.prefix, "share", "jupyter"), Path.home() / ".local" / "share" / "jupyter"]
    folders += [Path(each) for each in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if each]
    if any((folder / "labextensions" / "labkit" / "package.json").is_file() for folder in folders):
        return Check(subject, "ok", "the extension is installed")
    advice = "Install labkit again, with pip, where JupyterLab is installed."
    return Check(subject, "note", "shown with an error, as their extension is missing", advice)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """Return the first two numbers of a version: (2, 13) for ``2.13.0+cpu``."""
    numbers = []
    for part in text.split(".")[:2]:
        digits = part.split("+")[0]
        if not digits.isdigit():
            break
        numbers.append(int(digits))
    return tuple(numbers)
