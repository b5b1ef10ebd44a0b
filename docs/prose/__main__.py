"""Prints what to mend in the project's English; the exit status is 1 if there is anything."""

from __future__ import annotations

import sys

from docs.prose.checking import findings
from docs.prose.passages import passages

found = findings(passages())
sys.stdout.write("\n".join([*found, f"{len(found)} findings in the prose", ""]))
sys.exit(bool(found))
