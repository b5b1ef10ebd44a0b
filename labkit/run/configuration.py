"""The configuration of a run that the user gives, and the environment that it runs in."""

from __future__ import annotations

import os
import platform
import re
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_EXAMPLE = 'Example: lk.watch(model, config={"lr": 0.1, "width": 64})'
_MAX_ITEMS = 1_000
_MAX_LETTERS = 2_000
_MAX_DEPTH = 8
_PACKAGES = ("torch", "numpy", "lightning", "transformers", "accelerate", "fastai", "keras")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def checked_config(config: object) -> dict[str, Any]:
    """Return a configuration as plain data: numbers, texts, booleans, None, lists and mappings.

    Parameters
    ----------
    config : mapping, argparse.Namespace, data class or None
        Other values in it are replaced by their ``repr``; long texts are cut.

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> checked_config({"lr": 0.1, "sizes": (64, 10), "seed": None})
    {'lr': 0.1, 'sizes': [64, 10], 'seed': None}
    """
    if config is None:
        return {}
    if isinstance(config, Namespace):
        config = vars(config)
    elif is_dataclass(config) and not isinstance(config, type):
        config = asdict(config)
    if not isinstance(config, Mapping):
        raise TypeError(
            "config takes a mapping, the namespace of argparse or a data class, not "
            f"{type(config).__name__}. {_EXAMPLE}"
        )
    return {_cut(str(key)): _plain(value, 1) for key, value in [*config.items()][:_MAX_ITEMS]}


def checked_note(note: object) -> str:
    """Return a note about a run; raises a TypeError if it is no text."""
    if note is None:
        return ""
    if not isinstance(note, str):
        raise TypeError(
            f"note takes a text, not {type(note).__name__}. "
            'Example: lk.watch(model, note="a wider head")'
        )
    return note


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
    found["program"] = _cut(sys.argv[0]) if sys.argv else ""
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


def _plain(value: object, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return _cut(value)
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        items = [*value.items()][:_MAX_ITEMS]
        return {_cut(str(key)): _plain(each, depth + 1) for key, each in items}
    if depth < _MAX_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each, depth + 1) for each in [*value][:_MAX_ITEMS]]
    try:
        return _cut(repr(value))
    except Exception:  # noqa: BLE001 - a user's class may have a faulty __repr__
        return type(value).__name__


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else f"{text[:_MAX_LETTERS]} …"
