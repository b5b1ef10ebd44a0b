"""The packages and the arrows between them, read from the imports of the code."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp
import networkx as nx

ROOT = Path(__file__).resolve().parents[2]
_FRONTEND = ROOT / "frontend" / "src"
_IMPORT = re.compile(r"""\bfrom\s+"(\.{1,2}/[^"]+)"|\bimport\s*\(?\s*"(\.{1,2}/[^"]+)\"""")
_SOURCES = (".ts", ".css")
_TOGETHER = {
    "labkit/__init__.py": "public names",
    "labkit/cell_magic.py": "public functions",
    "labkit/__main__.py": "cli",
    "labkit/backgrounding.py": "public functions",
    "labkit/cli.py": "cli",
    "labkit/doctor.py": "cli",
    "labkit/graphing.py": "public functions",
    "labkit/lightning_callbacks.py": "public functions",
    "labkit/stepping.py": "public functions",
    "labkit/watching.py": "public functions",
}
"""Single files that are drawn under another name than their own."""
_APART = ("frontend/src/views/stepper",)
"""Folders within a package that are packages by themselves."""

Arrow = tuple[str, str]


@dataclass(frozen=True)
class Package:
    """A folder or a file.

    Attributes
    ----------
    name : str
    files, lines : int
        The number of its source files, and of lines in them.
    parts : tuple of str
        The folders inside, unless a floor of its own shows them.
    """

    name: str
    files: int
    lines: int
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Floor:
    """The packages of one folder.

    Attributes
    ----------
    title : str
        The folder.
    packages : tuple of Package
        In the order of their names.
    arrows : tuple of (str, str)
        A package and one that it imports, in order; those that follow from others are left out.
    """

    title: str
    packages: tuple[Package, ...]
    arrows: tuple[Arrow, ...]


def floors() -> tuple[Floor, ...]:
    """Return what the picture shows, from left to right.

    Examples
    --------
    >>> [floor.title for floor in floors()]
    ['labkit', 'labkit/capture', 'frontend/src']
    """
    python = list(_python_imports())
    return (
        _floor("labkit", _python_files(ROOT / "labkit"), python, expanded=("capture",)),
        _floor("labkit/capture", _python_files(ROOT / "labkit" / "capture"), python),
        _floor("frontend/src", _frontend_files(), list(_frontend_imports())),
    )


def _floor(
    folder: str,
    files: Iterable[Path],
    imports: Iterable[tuple[Path, Path]],
    *,
    expanded: tuple[str, ...] = (),
) -> Floor:
    root = ROOT / folder
    packages: defaultdict[str, list[Path]] = defaultdict(list)
    for path in files:
        if (name := _package(root, path)) is not None:
            packages[name].append(path)
    graph = nx.DiGraph()
    graph.add_nodes_from(packages)
    for source, target in imports:
        ends = _package(root, source), _package(root, target)
        if ends[0] in packages and ends[1] in packages and ends[0] != ends[1]:
            graph.add_edge(*ends)
    return Floor(
        folder,
        tuple(
            Package(
                name,
                len(paths),
                sum(len(path.read_text().splitlines()) for path in paths),
                () if name in expanded else _parts(root / name, paths),
            )
            for name, paths in sorted(packages.items())
        ),
        tuple(sorted(nx.transitive_reduction(graph).edges)),
    )


def _package(root: Path, path: Path) -> str | None:
    """Return the package in which a file is; None if it is in none of this floor."""
    if not path.is_relative_to(root):
        return None
    if (together := _TOGETHER.get(path.relative_to(ROOT).as_posix())) is not None:
        return together
    for folder in _APART:
        if path.is_relative_to(ROOT / folder):
            return (ROOT / folder).relative_to(root).as_posix()
    name = path.relative_to(root).parts[0]
    if name == "__init__.py":
        return None
    return name.removesuffix(".py")


def _parts(folder: Path, files: Iterable[Path]) -> tuple[str, ...]:
    inside = (path.relative_to(folder) for path in files if path.is_relative_to(folder))
    return tuple(sorted({path.parts[0] for path in inside if len(path.parts) > 1}))


def _python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _python_imports() -> Iterator[tuple[Path, Path]]:
    """Yield files and those that they import, type-only imports included."""
    graph = grimp.build_graph("labkit", cache_dir=None)
    files = {_module(path): path for path in _python_files(ROOT / "labkit")}
    for name in graph.modules:
        for imported in graph.find_modules_directly_imported_by(name):
            yield files[name], files[imported]


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _frontend_files() -> list[Path]:
    return sorted(
        path
        for path in _FRONTEND.rglob("*")
        if path.suffix in _SOURCES and not path.name.endswith(".d.ts")
    )


def _frontend_imports() -> Iterator[tuple[Path, Path]]:
    for path in _frontend_files():
        for found in _IMPORT.finditer(path.read_text()):
            target = (path.parent / (found[1] or found[2])).resolve()
            yield path, target if target.suffix in _SOURCES else target.with_suffix(".ts")
