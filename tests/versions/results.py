"""What the matrix found: a table to read, and a record that a test compares with the claim."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.versions.claim import numbers

RECORD = Path(__file__).with_name("tested.json")
_ROW = "{:<8} {:<8} {:>6} {:>6} {:>7} {:>7}  {}"


@dataclass(frozen=True)
class Outcome:
    """One combination of Python and torch.

    Attributes
    ----------
    python, torch : str
        The versions.
    passed, failed, skipped : int
        Numbers of tests; all 0 if the combination could not be installed.
    seconds : float
        Duration of the tests.
    reason : str
        Why it could not be installed, or what differs from the pinned packages; else empty.
    """

    python: str
    torch: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    reason: str = ""


def counts(report: Path) -> tuple[int, int, int]:
    """Return how many tests passed, failed and were skipped, from pytest's JUnit report.

    Errors count as failures. Without a report all numbers are 0.
    """
    if not report.is_file():
        return 0, 0, 0
    total = failed = skipped = 0
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return total - failed - skipped, failed, skipped


def table(outcomes: Sequence[Outcome]) -> str:
    """Return one line for each combination, below a line of headings."""
    lines = [_ROW.format("Python", "torch", "passed", "failed", "skipped", "time", "").rstrip()]
    for o in outcomes:
        minutes = f"{o.seconds / 60:.1f} min"
        numbers = (o.passed, o.failed, o.skipped, minutes) if o.passed or o.failed else ("-",) * 4
        lines.append(_ROW.format(o.python, o.torch, *numbers, o.reason).rstrip())
    return "\n".join(lines)


def record(outcomes: Sequence[Outcome]) -> None:
    """Write outcomes to the record beside this file, in place of earlier ones of the same kind.

    One combination is a Python's major and minor version with a version of torch.
    """
    found = {_combination(row): row for row in (recorded() if RECORD.is_file() else [])}
    today = datetime.now(UTC).date().isoformat()
    for outcome in outcomes:
        row = {k: v for k, v in asdict(outcome).items() if k != "seconds"} | {"date": today}
        found[_combination(row)] = row
    rows = [found[each] for each in sorted(found)]
    RECORD.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def recorded() -> list[dict[str, Any]]:
    """Return the rows of the record: the fields of `Outcome` without the time, and a date."""
    rows: list[dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return rows


def _combination(row: dict[str, Any]) -> tuple[tuple[int, ...], str]:
    return numbers(row["python"])[:2], row["torch"]
