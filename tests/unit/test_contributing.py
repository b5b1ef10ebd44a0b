"""CONTRIBUTING.md names files and names of the code that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
FOLDERS = ("labkit", "frontend", "tests", "docs", "notebooks")
PATH = re.compile(rf"(?<![\w/])(?:{'|'.join(FOLDERS)})/[\w./-]*\w/?")
STEPS = re.compile(r"^\d\. ", re.MULTILINE)


def test_every_file_that_it_names_exists():
    named = set(PATH.findall(re.sub(r"`[^`]*<[^`]*`", "", TEXT)))
    assert len(named) > 40
    for path in named - {"labkit/static"}:
        assert (ROOT / path).exists() or (ROOT / "frontend" / path).exists(), path


def test_every_make_target_that_it_names_exists():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z][\w-]*)", TEXT)) <= targets


def test_everything_is_added_in_five_steps_at_most():
    how = TEXT.split("## How to add")[1].split("\n## ")[0]
    parts = how.split("\n### ")[1:]
    assert [part.partition("\n")[0] for part in parts] == [
        "A reading",
        "An adapter",
        "A rule",
        "A view",
        "A message",
        "A chapter",
    ]
    assert all(1 < len(STEPS.findall(part)) <= 5 for part in parts)
