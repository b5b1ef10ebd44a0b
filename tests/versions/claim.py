"""What the project says it runs on: the versions that `pyproject.toml` and the pins name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Claim(NamedTuple):
    """The oldest Python and torch that the project admits, and the torch it is developed with."""

    python: str
    torch: str
    pinned_torch: str


def read_claim() -> Claim:
    """Return the claim, as in ``Claim("3.11", "2.4", "2.13.0")``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    torch = next(line for line in project["dependencies"] if line.startswith("torch"))
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return Claim(
        python=_only_version(project["requires-python"]),
        torch=_only_version(torch),
        pinned_torch=re.findall(r"^torch==(.+)$", pins, re.MULTILINE)[0],
    )


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers, without what follows a plus sign: (2, 13, 0)."""
    return tuple(map(int, re.findall(r"\d+", version.partition("+")[0])))


def _only_version(requirement: str) -> str:
    matched = re.fullmatch(r"(?:[a-z]+)?>=([\d.]+)", requirement)
    if matched is None:
        raise ValueError(f"a plain lower bound is expected, as in torch>=2.4; got {requirement!r}")
    return matched[1]
