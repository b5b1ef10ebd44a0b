"""The kinds of series that Python records are those that TypeScript can name."""

import re
from pathlib import Path

from labkit.run.series.kinds import SAMPLED_KINDS, WHOLE_KINDS

FRONTEND = Path(__file__).resolve().parents[2] / "frontend" / "src"
DECLARED = re.compile(r"export type TableKind =([^;]+);")


def test_both_sides_have_the_same_kinds_of_series():
    (kinds,) = (
        found[1]
        for path in FRONTEND.rglob("*.ts")
        for found in DECLARED.finditer(path.read_text(encoding="utf-8"))
    )
    assert set(re.findall(r'"(\w+)"', kinds)) == SAMPLED_KINDS | WHOLE_KINDS
