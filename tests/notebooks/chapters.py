"""The stored chapters of the course, with the recorded right and wrong answers to their exercises.

Answers are code in TOML files, one file for each chapter. An answer that is run here has a source
code that `inspect` finds, as it has in a notebook.
"""

from __future__ import annotations

import ast
import linecache
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from labkit.learn.predictions import Choice, Curve, Exact, Number, Place, Prediction

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
_VALUES = {Choice: "a", Number: 1.0, Exact: 1, Curve: (1.0, 0.5), Place: (1, 1)}


def typed(prediction: Prediction) -> str:
    """Return a valid prediction as source code, a wrong one if the plan has one."""
    return repr(next(iter(prediction.misconceptions().values()), _VALUES[type(prediction)]))


@dataclass(frozen=True)
class WrongAnswer:
    """Code with a mistake.

    `mistake` is the name of a mistake of the plan; `says` is a piece of the card's text, for
    errors and for answers that no mistake describes.
    """

    label: str
    code: str
    mistake: str | None = None
    says: str | None = None


@dataclass
class Chapter:
    """A stored notebook and its tagged cells."""

    name: str
    notebook: Any = field(repr=False)

    @classmethod
    def read(cls, name: str) -> Chapter:
        return cls(name, nbformat.read(FOLDER / f"{name}.ipynb", as_version=4))

    @property
    def code_cells(self) -> list[Any]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    def tagged(self, kind: str) -> dict[str, Any]:
        """Return cells with a tag such as ``exercise:standardise``, by the name after the colon."""
        found = {}
        for cell in self.notebook.cells:
            for tag in cell.metadata.get("tags", []):
                if tag.startswith(f"{kind}:"):
                    found[tag.partition(":")[2]] = cell
        return found

    def solution(self, exercise: str) -> str:
        """Return the code of the solution below an exercise."""
        text = self.tagged("solution")[exercise].source
        match = re.search(r"```python\n(.*?)\n```", text, re.DOTALL)
        assert match, f"{exercise} has no code in its solution"
        return match[1]

    def right_answers(self) -> dict[str, dict[str, str]]:
        """Return other right ways, by exercise and label."""
        return _read(self.name, "right_answers")

    def wrong_answers(self) -> dict[str, list[WrongAnswer]]:
        """Return wrong answers, by exercise."""
        return {
            exercise: [_wrong_answer(label, answer) for label, answer in answers.items()]
            for exercise, answers in _read(self.name, "wrong_answers").items()
        }

    def names_for_exercises(self) -> dict[str, Any]:
        """Return what the "continue here" cell above the exercises imports."""
        start = ""
        for cell in self.code_cells:
            tags = cell.metadata.get("tags", [])
            if any(tag.startswith("exercise:") for tag in tags):
                break
            start = cell.source if "continue-here" in tags else start
        imports = [s for s in ast.parse(start).body if isinstance(s, ast.Import | ast.ImportFrom)]
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(ast.Module(imports, []), "<imports>", "exec"), names)
        return names

    def run_answer(self, exercise: str, label: str, code: str) -> Any:
        """Run the code of an answer and return what it defines under the exercise's name."""
        file = f"<answer {self.name} {exercise} {label}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        names = self.names_for_exercises()
        exec(compile(code, file, "exec"), names)
        return names[exercise]


def _read(chapter: str, kind: str) -> dict[str, Any]:
    path = HERE / kind / f"{chapter}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _wrong_answer(label: str, answer: dict[str, str]) -> WrongAnswer:
    says = answer.get("says")
    mistake = answer.get("mistake", None if says else label)
    return WrongAnswer(label, answer["code"], mistake, says)


def all_answers(kind: str) -> list[tuple[str, str, str]]:
    """Return chapter, exercise and label of every right or wrong answer."""
    return [
        (name, exercise, label)
        for name in NAMES
        for exercise, answers in _read(name, kind).items()
        for label in answers
    ]
