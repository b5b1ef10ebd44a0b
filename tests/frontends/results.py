"""What was seen in the front ends, and the record of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.frontends.front_ends import FRONT_ENDS, FrontEnd
from tests.frontends.measuring import Outcome

RECORD = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Result:
    """What was seen in one front end.

    Attributes
    ----------
    versions : dict of str to str
        Those that the kernel imported.
    blocking : Outcome
        With a cell that trains in the main shell.
    background : Outcome
        With a cell that trains in the background.
    """

    versions: dict[str, str]
    blocking: Outcome
    background: Outcome


def record(front_end: FrontEnd, result: Result) -> None:
    """Write a result to the record, in place of an earlier one."""
    rows = recorded()
    versions = {name: each for name, each in result.versions.items() if name != "labkit from"}
    today = datetime.now(UTC).date().isoformat()
    rows[front_end.id] = {**asdict(result), "versions": versions, "date": today}
    order = [each.id for each in FRONT_ENDS]
    rows = {id: rows[id] for id in order if id in rows}
    RECORD.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def recorded() -> dict[str, dict[str, Any]]:
    """Return the rows of the record by the ids of their front ends; empty without a record."""
    if not RECORD.exists():
        return {}
    rows: dict[str, dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return rows


def summary(front_end: FrontEnd, result: Result) -> str:
    """Return all that was seen, to read while the others are tried."""
    return json.dumps({front_end.id: asdict(result)}, indent=1)
