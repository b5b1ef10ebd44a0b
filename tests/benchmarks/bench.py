"""Measures what watching costs, beside its peers: ``make bench``.

Each loop is measured with each contender by processes that take turns (`tests.benchmarks.turns`);
with the live dashboard the watched one is a notebook's kernel (`tests.benchmarks.live`). Rounds
take them in a fresh order, so that a machine that is slower for a while is not so for one figure
alone. The tables go to ``build/bench.md``, all times to ``build/bench.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.live_turns import LivePlan, LiveSet
from tests.benchmarks.report import Key, conditions, live_table, peers_table, recording_table
from tests.benchmarks.turns import KEEP_MEMORY, Plan, ProcessSet, read_sets
from tests.benchmarks.worker import Loop

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench.md"

ROWS = ("mlp", "cnn", "gpt2", "gan", "linear", "foreign", "foreign-idle", "accumulate", "closure",
        "lbfgs", "transformer")  # fmt: skip
MORE_ROWS = ("gpt", "amp")
"""Rows that are measured when they are named, and on a GPU."""
RECORDING = ("labkit", "labkit-log", "labkit-save")
PEER_ROWS = ("mlp", "cnn", "gpt2")
"""The rows that are measured with peers and with the dashboard."""
LIVE_CONTENDERS = ("labkit-live", "labkit-live-away")
LOGGED = "mlp"
"""The row that is measured with `run.log` at every step, too."""
LIBRARIES = {"tensorboard": "tensorboard", "tensorboard-norms": "tensorboard",
             "wandb": "wandb", "livelossplot": "livelossplot"}  # fmt: skip

ROUNDS = 2
RECORDED = Plan(sets=3, openings=1, warm=0.15, first=1, timed=1.5)
PEERS = Plan(sets=1, openings=1, warm=0.15, first=1, timed=2)
LIVE = LivePlan()
QUICK = Plan(sets=1, openings=1, warm=0.05, first=0.1, timed=0.3)
QUICK_LIVE = LivePlan(warm=0.2, first=1.0, rounds=1, block=1.0)
_QUICK_LONG_RUN = 100_000


@dataclass
class Results:
    """All that was measured, by what it was measured of."""

    sets: dict[Key, list[ProcessSet]] = field(default_factory=dict)
    live: dict[Key, list[LiveSet]] = field(default_factory=dict)


def main(argv: list[str] | None = None) -> None:
    """Measure, print the tables and write them to ``build/bench.md``."""
    options, began = _options(argv), time.monotonic()
    keys = jobs(options.rows, options.only, options.threads)
    if options.quick:  # several threads in one row
        keys = [key for key in keys if key.threads == 1 or key.kind == options.rows[0]]
    results = Results()
    for key in schedule(keys, 1 if options.quick else options.rounds):
        _measure(key, results, quick=options.quick)
        _write(RESULT.with_suffix(".json"), _as_json(results))  # an interrupted bench has some
    results.sets = {key: results.sets[key] for key in keys if key in results.sets}
    results.live = {key: results.live[key] for key in keys if key in results.live}
    text = _tables(results)
    if not options.loops_only:
        text += _further_tables(quick=options.quick)
    text += f"\nThe whole took {(time.monotonic() - began) / 60:.0f} minutes.\n"
    _write(RESULT, text)
    print(text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def jobs(rows: Sequence[str], contenders: Sequence[str], threads: Sequence[int]) -> list[Key]:
    """Return what is to be measured, in the order of the tables.

    The bare loop is measured with every contender, so by itself only where it is the only one.
    Peers are measured with one thread in three of the rows, and a peer that is not installed is
    left out. In the same rows the dashboard is measured with any number of threads.
    """
    keys = []
    for count in threads:
        for name in contenders:
            if not _is_installed(name) or (name == "bare" and len(contenders) > 1):
                continue
            for kind in rows:
                key = Key(kind, name, count)
                if _is_measured(key):
                    keys.append(key)
    return keys


def _is_measured(key: Key) -> bool:
    if key.contender == "labkit-log":
        return key.kind == LOGGED
    if key.contender == "labkit-save":
        return key.kind in PEER_ROWS
    if key.contender in ("bare", *RECORDING):
        return True
    return key.kind in PEER_ROWS and (key.threads == 1 or key.contender in LIVE_CONTENDERS)


def schedule(keys: Sequence[Key], rounds: int) -> list[Key]:
    """Return every key as often as there are rounds, in another order in each."""
    turns = []
    for number in range(rounds):
        turns += random.Random(number).sample(keys, len(keys))
    return turns


def _is_installed(contender: str) -> bool:
    found = contender not in LIBRARIES or find_spec(LIBRARIES[contender]) is not None
    if not found:
        print(f"{contender} is left out: not installed", file=sys.stderr)
    return found


def _measure(key: Key, results: Results, *, quick: bool) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if key.contender in LIVE_CONTENDERS:
            from tests.benchmarks.live import measure_live

            loop = Loop(key.kind, "labkit-live", threads=key.threads)
            in_sight = key.contender == "labkit-live"
            plan = QUICK_LIVE if quick else LIVE
            found = measure_live(loop, plan, Path(folder), in_sight=in_sight)
            results.live.setdefault(key, []).append(found)
        else:
            turns = QUICK if quick else RECORDED if key.contender in RECORDING else PEERS
            loop = Loop(key.kind, key.contender, threads=key.threads)
            results.sets.setdefault(key, []).extend(run_turns(loop, turns, folder))
    taken = time.monotonic() - began
    print(f"{' '.join(map(str, key))}: {taken:.0f} s", file=sys.stderr, flush=True)


def run_turns(loop: Loop, plan: Plan, folder: str) -> list[ProcessSet]:
    """Measure in a process of its own, which imports torch and forks, and return its sets."""
    result = Path(folder) / "sets.json"
    arguments = [json.dumps(asdict(loop)), json.dumps(asdict(plan)), str(result)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.turns", *arguments],
        cwd=ROOT,
        env={**os.environ, **KEEP_MEMORY},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{loop.kind} {loop.contender} failed:\n{done.stdout}{done.stderr}")
    return read_sets(result.read_text(encoding="utf-8"))


def _tables(results: Results) -> str:
    counts = sorted(
        {key.threads for key in results.sets if key.contender in RECORDING}, key=not_one
    )
    tables = [recording_table(results.sets, count) for count in counts]
    measured = {
        **results.sets,
        **{key: [e.turns for e in each] for key, each in results.live.items()},
    }
    tables += [live_table(results.live), peers_table(results.sets), conditions(measured), ""]
    return "\n".join(tables)


def not_one(threads: int) -> bool:
    """Sort one thread before torch's default number."""
    return threads != 1


def _further_tables(*, quick: bool) -> str:
    """Measure graphs, their capture beside its peers and their view on a page, and a long run."""
    from tests.benchmarks import long_run
    from tests.benchmarks.drawing import measure_drawing
    from tests.benchmarks.graphs import measure_capture

    steps = _QUICK_LONG_RUN if quick else long_run.STEPS
    rows = [f"| {each.what} | {each.value} | {each.aim} |" for each in measure_drawing()]
    drawing = ["| on the page | measured | aim |", "|---|---|---|", *rows]
    return "\n".join(["", measure_capture(), "", *drawing, "", long_run.table(steps)])


def _as_json(results: Results) -> str:
    sets = [
        {**key._asdict(), "sets": [asdict(each) for each in found]}
        for key, found in results.sets.items()
    ]
    live = [
        {**key._asdict(), "sets": [asdict(each) for each in found]}
        for key, found in results.live.items()
    ]
    return json.dumps({"conditions": conditions(results.sets), "turns": sets, "live": live})


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does it all run?")
    parser.add_argument(
        "--loops-only", action="store_true", help="leave graphs and the long run out"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds (default: %(default)s)")
    parser.add_argument(
        "--threads",
        nargs="+",
        type=int,
        choices=(1, 0),
        default=[1, 0],
        help="torch's threads: 1, or 0 for torch's default; both unless given",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=list(CONTENDERS),
        default=list(CONTENDERS),
        metavar="NAME",
        help=f"contenders to measure, of: {', '.join(CONTENDERS)}",
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        choices=[*ROWS, *MORE_ROWS],
        default=list(ROWS),
        metavar="NAME",
        help=f"loops to measure, of: {', '.join([*ROWS, *MORE_ROWS])}",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
