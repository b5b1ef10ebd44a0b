"""The files of the built frontend, and a check that they match the current sources.

A build writes `manifest.json` next to the bundle, with digests of the sources and of each built
file. The build hook reads it to decide whether to build, and `labkit doctor` to verify the bundle.
The module depends on the standard library only, because the build hook runs without labkit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STATIC_FILES = (
    "loader.js",
    "channel-recorder.js",
    "exported.js",
    "labkit.js.gz",
    "plotly.js.gz",
    "layout.js.gz",
    "pad.js",
    "batches.js",
    "boundary.js",
    "threshold.js",
    "race.js",
    "sliding.js",
    "loop.js",
    "prediction.js",
    "playground.js",
    "THIRD_PARTY.txt",
    "labextensions/labkit/package.json",
    "labextensions/labkit/static/entry.js",
)
"""The files that a build writes to `labkit/static`, besides the manifest."""

_SETTINGS = ("package.json", "package-lock.json", "build.mjs", "tsconfig.json")


def source_digest(root: Path = ROOT) -> str | None:
    """Return the SHA-256 of the names and contents of the frontend sources.

    Parameters
    ----------
    root : Path
        The parent folder of ``frontend/``.

    Returns
    -------
    str or None
        Hexadecimal digest; None if there are no sources, as in an installed wheel.
    """
    frontend = root / "frontend"
    if not (frontend / "package.json").is_file():
        return None
    digest = hashlib.sha256()
    for path in _sources(frontend):
        name = path.relative_to(frontend).as_posix()
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def write_manifest(root: Path = ROOT) -> None:
    """Write the manifest of the bundle in ``labkit/static``.

    Raises
    ------
    OSError
        If a file of the bundle cannot be read, or the manifest cannot be written.
    """
    static = root / "labkit" / "static"
    manifest = {
        "sources": source_digest(root),
        "files": {name: _file_digest(static / name) for name in STATIC_FILES},
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (static / "manifest.json").write_text(text, encoding="utf-8")


def bundle_fault(root: Path = ROOT) -> str | None:
    """Return a short description of what is wrong with the built frontend; None if it is valid."""
    static = root / "labkit" / "static"
    manifest = _read_manifest(static)
    if manifest is None:
        return "it has not been built"
    for name in STATIC_FILES:
        if not (static / name).is_file():
            return f"{name} is missing"
        if manifest["files"].get(name) != _file_digest(static / name):
            return f"{name} is not the file that was built"
    sources = source_digest(root)
    if sources is not None and sources != manifest["sources"]:
        return "the sources in frontend/ have changed since it was built"
    return None


def _sources(frontend: Path) -> Iterator[Path]:
    for name in _SETTINGS:
        if (frontend / name).is_file():
            yield frontend / name
    yield from sorted(path for path in (frontend / "src").rglob("*") if path.is_file())


def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_manifest(static: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((static / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(manifest, dict) and isinstance(manifest.get("files"), dict)
    return manifest if whole and "sources" in manifest else None
