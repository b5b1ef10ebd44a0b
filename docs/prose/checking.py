"""Applies proselint, the project's own rules and the spelling of typos to passages."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from proselint.checks import __register__ as proselint_checks
from proselint.config import DEFAULT, Config
from proselint.registry import CheckRegistry
from proselint.tools import LintFile

from docs.prose.passages import ROOT, Passage
from docs.prose.rules import LEFT_OUT, RULES

_SPELLING = ROOT / "docs" / "prose" / "typos.toml"
_TYPOS_COMMAND = Path(sys.executable).with_name("typos")


def findings(texts: Sequence[Passage]) -> list[str]:
    """Return what to mend in the passages, one line for each place.

    Parameters
    ----------
    texts : sequence of Passage

    Returns
    -------
    list of str
        The place, what stands there, and what to write instead.

    Raises
    ------
    RuntimeError
        If the spelling could not be checked.

    Examples
    --------
    >>> findings([Passage("a.md:1", "You can foretell the first loss.")])
    ["a.md:1: Write 'predict' instead of 'foretell'. (labkit.instead)"]
    >>> findings([Passage("a.md:1", "The colour of the gradient is blue.")])
    []
    """
    return [*_of_style(texts), *_of_spelling(texts)]


def _of_style(texts: Iterable[Passage]) -> Iterator[str]:
    _register()
    checks = {**dict.fromkeys(LEFT_OUT, False), "labkit": True}
    for name, is_on in DEFAULT["checks"].items():
        checks.setdefault(name, is_on)
    config = Config(max_errors=DEFAULT["max_errors"], checks=checks)
    for passage in texts:
        for found in LintFile(content=passage.text, source=passage.place).lint(config):
            result = found.check_result
            yield f"{passage.place}: {result.message} ({result.check_path})"


@cache
def _register() -> None:
    """Put the checks into the registry, which proselint has one of in a process."""
    registry = CheckRegistry()
    registry.register_many(RULES)
    registry.register_many(proselint_checks)


def _of_spelling(texts: Sequence[Passage]) -> Iterator[str]:
    """Run typos, which takes British spellings as right, over one line for each passage."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "passages.txt"
        path.write_text("\n".join(" ".join(each.text.split()) for each in texts), encoding="utf-8")
        command = [str(_TYPOS_COMMAND), "--format", "json", "--config", str(_SPELLING), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stderr.strip():
        raise RuntimeError(f"typos failed: {done.stderr.strip()}")
    for line in done.stdout.splitlines():
        found = json.loads(line)
        if found["type"] == "typo":
            place = texts[found["line_num"] - 1].place
            yield f"{place}: '{found['typo']}', {' or '.join(found['corrections'])}? (spelling)"
