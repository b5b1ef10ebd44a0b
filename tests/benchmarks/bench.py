"""Measures what watching costs, beside its peers: ``make bench``.

Each contender has a process of its own in each round, in which it and the bare loop are timed
turn about; rounds take the contenders in a fresh order. A ratio is a median over all pairs, so
that a machine that slows down for a while slows both sides of a pair.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks import long_run
from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.drawing import measure_drawing
from tests.benchmarks.graphs import measure_capture
from tests.benchmarks.live import measure_live
from tests.benchmarks.measure import KEEP_MEMORY, ONE_SECOND, Pair, Size
from tests.benchmarks.report import table

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench.md"

FULL = (5, Size(pairs=2, warm=1, timed=2), Size(pairs=2, warm=2.5, timed=4))
"""Rounds, the size for a plain process, and for a page that has to load first."""
QUICK = (1, Size(pairs=1, warm=0.1, timed=0.5), Size(pairs=1, warm=2.5, timed=2))


def main(argv: list[str] | None = None) -> None:
    """Measure, print the table and write it to ``build/bench.md``."""
    options = _options(argv)
    pairs: dict[tuple[str, str], list[Pair]] = {}
    for kind, name in _schedule(options.only, QUICK[0] if options.quick else options.rounds):
        measured = _measure(kind, name, quick=options.quick)
        pairs.setdefault((kind, name), []).extend(measured)
        ratios = ", ".join(f"{pair.ratio:.3f}" for pair in measured)
        print(f"{kind} {name}: {ratios}", file=sys.stderr, flush=True)
    text = table(options.only, pairs)
    if not options.loops_only:
        text += "\n" + _graphs() + "\n" + long_run.table()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    print(text)


def _schedule(names: list[str], rounds: int) -> Iterator[tuple[str, str]]:
    for number in range(rounds):
        turns = [(kind, name) for kind in ONE_SECOND for name in names]
        random.Random(number).shuffle(turns)
        yield from turns


def _measure(kind: str, name: str, *, quick: bool) -> list[Pair]:
    _, plain, live = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        if name.endswith("-live"):
            result = measure_live(kind, name, live, Path(folder))
        else:
            result = Path(folder) / "pairs.json"
            _run(kind, name, json.dumps(asdict(plain)), str(result))
        return [Pair(**pair) for pair in json.loads(result.read_text(encoding="utf-8"))]


def _run(*arguments: str) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.measure", *arguments]
    environment = {**os.environ, **KEEP_MEMORY}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments[:2])} failed:\n{done.stdout}{done.stderr}")


def _graphs() -> str:
    """Measure the computation graph: its capture beside its peers, and its view on a page."""
    rows = [f"| {each.what} | {each.value} | {each.aim} |" for each in measure_drawing()]
    drawing = ["| on the page | measured | aim |", "|---|---|---|", *rows]
    return "\n".join([measure_capture(), "", *drawing, ""])


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does it all run?")
    parser.add_argument(
        "--loops-only", action="store_true", help="leave graphs and the long run out"
    )
    parser.add_argument("--rounds", type=int, default=FULL[0], help="rounds (default: %(default)s)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=list(CONTENDERS),
        default=list(CONTENDERS),
        metavar="NAME",
        help=f"contenders to measure, of: {', '.join(CONTENDERS)}",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
