"""The texts that people read: Markdown files, the notebooks' text, and the texts of the course."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
_FEWEST_WORDS = 4
"""A string of fewer words is a name or a key, not a sentence."""
_MARKUP = re.compile(r"<\w|[a-z]:\S|^import ", re.MULTILINE)
"""What HTML, CSS and Python have and a sentence does not."""
_WORD = re.compile(r"[A-Za-z]{2,}")
_CODE = "CODE{}"
"""What stands for code in a sentence, with its number, so that the sentence stays whole."""


@dataclass(frozen=True)
class Passage:
    """A paragraph without its markup.

    Attributes
    ----------
    place : str
        The file with the line, or the cell of a notebook, as ``README.md:12``.
    text : str
        The sentences; ``CODE1`` stands for a piece of code.
    """

    place: str
    text: str


def passages() -> list[Passage]:
    """Return every passage of the guides, the notebooks and `labkit.learn`.

    Examples
    --------
    >>> any(passage.place.startswith("README.md:") for passage in passages())
    True
    """
    return [passage for passage in _all() if passage.text.strip()]


def _all() -> Iterator[Passage]:
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]:
        yield from _of_markdown(path.read_text(encoding="utf-8"), _name(path))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type == "markdown":
                yield from _of_markdown(cell.source, f"{_name(path)} cell {number}")
    for path in sorted((ROOT / "labkit" / "learn").rglob("*.py")):
        yield from of_python(path.read_text(encoding="utf-8"), _name(path))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _of_markdown(source: str, name: str) -> Iterator[Passage]:
    """Return the paragraphs, headings, list items and table cells of a Markdown text."""
    for token in MarkdownIt().enable("table").parse(source):
        if token.type == "inline" and token.map is not None:
            text = "".join(_words(each, i) for i, each in enumerate(token.children or ()))
            yield Passage(f"{name}:{token.map[0] + 1}", text)


def _words(token: Token, number: int) -> str:
    if token.type == "text":
        return token.content
    if token.type == "code_inline":
        return _CODE.format(number)
    return " " if token.type in ("softbreak", "hardbreak") else ""


def of_python(source: str, name: str) -> Iterator[Passage]:
    """Return the sentences among a module's strings; docstrings are left out.

    Parameters
    ----------
    source : str
        The code of the module.
    name : str
        Its path, for the passages' places.

    Examples
    --------
    >>> [each.text for each in of_python('hint = "Print the shape of `x` first."', "a.py")]
    ['Print the shape of CODE1 first.']
    """
    tree = ast.parse(source)
    bare = {
        id(statement.value)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        words = [word for word in node.value.split() if _WORD.search(word)]
        is_sentence = len(words) >= _FEWEST_WORDS and not _MARKUP.search(node.value)
        if is_sentence and id(node) not in bare:
            pieces = node.value.split("`")
            text = "".join(_CODE.format(i) if i % 2 else piece for i, piece in enumerate(pieces))
            yield Passage(f"{name}:{node.lineno}", text)
