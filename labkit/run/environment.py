"""The versions, the machine, the program and the commit of the process that trains."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("torch", "numpy", "lightning", "transformers", "accelerate", "fastai", "keras")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_MAX_LETTERS = 2_000


def environment() -> dict[str, str]:
    """Return the versions, the machine, the program and the commit of this process.

    Examples
    --------
    >>> environment()["python"] == platform.python_version()
    True
    """
    found = {"python": platform.python_version()}
    for package in ("labkit", *_PACKAGES):
        if package == "labkit" or package in sys.modules:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                continue
    found["platform"] = platform.platform()
    found["host"] = platform.node()
    found["cores"] = str(os.cpu_count() or 1)
    found["program"] = sys.argv[0][:_MAX_LETTERS] if sys.argv else ""
    commit = git_commit(Path.cwd())
    if commit is not None:
        found["git commit"] = commit
    return {name: text for name, text in found.items() if text}


def git_commit(folder: Path) -> str | None:
    """Return the commit that is checked out in a folder of a git repository; None without one.

    Only git's files are read; no program is run.
    """
    try:
        for place in (folder, *folder.parents):
            found = place / ".git"
            if found.exists():
                return _head(_git_folder(found))
    except (OSError, UnicodeDecodeError):
        return None
    return None


def _git_folder(found: Path) -> Path:
    """Return the folder of a repository; that of a worktree is named in a file."""
    if found.is_dir():
        return found
    named = found.read_text().strip().removeprefix("gitdir:").strip()
    return (found.parent / named).resolve()


def _head(folder: Path) -> str | None:
    head = (folder / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else None
    name = head.removeprefix("ref:").strip()
    common = folder / "commondir"
    places = (
        [folder, (folder / common.read_text().strip()).resolve()] if common.exists() else [folder]
    )
    for place in places:
        loose, packed = place / name, place / "packed-refs"
        if loose.is_file():
            text = loose.read_text().strip()
            return text if _COMMIT.fullmatch(text) else None
        for line in packed.read_text().splitlines() if packed.is_file() else ():
            commit, _, reference = line.partition(" ")
            if reference == name and _COMMIT.fullmatch(commit):
                return commit
    return None
