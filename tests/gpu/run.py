"""Measures labkit on the GPU of this machine and prints tables; see ``run.sh``.

The exit code is 1 if a check failed. A section that cannot run on this machine says so.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch

from tests.benchmarks import report
from tests.benchmarks.bench import run_turns
from tests.benchmarks.tasks import KINDS
from tests.benchmarks.turns import Plan
from tests.benchmarks.worker import Loop
from tests.gpu import checks
from tests.gpu.memory import measure_peaks
from tests.gpu.waits import count_waits

ROOT = Path(__file__).resolve().parents[2]
STEPS = {"mlp": 200, "cnn": 200, "gpt": 30, "amp": 200, "gan": 100}
"""The rows, and the number of steps of each where steps are counted."""
FULL = Plan(sets=2, openings=1, warm=0.2, first=0.5, timed=1)
QUICK = Plan(sets=1, openings=1, warm=0.05, first=0.1, timed=0.2)
_BENCH_SECONDS = 150
"""Rows of the benchmark table that would begin later than this are skipped."""
_TESTS_SECONDS = 60


class _Session:
    """The device, the options, and the names of failed checks."""

    def __init__(self, *, quick: bool, device: str) -> None:
        self.quick = quick
        self.device = device
        self.failed: list[str] = []

    @property
    def on_cuda(self) -> bool:
        return self.device == "cuda"

    def steps(self, kind: str) -> int:
        return max(5, STEPS[kind] // 10) if self.quick else STEPS[kind]

    def check(self, name: str, action: Callable[[], str | None]) -> None:
        """Run a check and print its result; an exception marks it as failed."""
        try:
            found = action()
        except Exception as error:  # noqa: BLE001 - any exception is a failed check
            self.failed.append(name)
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            print(f"| {name} | **fails**: {type(error).__name__} at {where}: {_flat(error)} |")
        else:
            print(f"| {name} | {found or 'holds'} |", flush=True)


def main(argv: list[str] | None = None) -> int:
    """Run every section and return the exit code."""
    parser = argparse.ArgumentParser(prog="tests/gpu/run.sh", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter: does it all run?")
    parser.add_argument("--no-bench", action="store_true", help="leave the bench's table out")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="cuda where there is one")
    options = parser.parse_args(argv)
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    session = _Session(quick=options.quick, device=device)
    if not session.on_cuda:
        torch.set_num_threads(1)  # with several threads, sums differ between runs
    began = time.monotonic()
    print(_conditions(session), "\n")
    _print_waits(session)
    _print_memory(session)
    _print_weights(session)
    _print_checks(session)
    if not options.no_bench:
        _print_bench(session)
    print(f"\nThe whole took {time.monotonic() - began:.0f} s.")
    if session.failed:
        print(f"FAILED: {', '.join(session.failed)}")
    return 1 if session.failed else 0


def _conditions(session: _Session) -> str:
    if session.on_cuda:
        properties = torch.cuda.get_device_properties(0)
        where = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, "
        where += f"CUDA {torch.version.cuda}"
    else:
        where = "no CUDA here, so on the CPU: waits for the GPU and its memory are left out"
    return f"# labkit on a GPU: {where}\n\n{report.conditions({})}"


def _print_waits(session: _Session) -> None:
    if not session.on_cuda:
        return
    _heading("waits for the GPU in the first steps", "bare, watched", "more a step (aim: 0)")
    for kind in STEPS:
        session.check(f"waits, {KINDS[kind].title}", partial(_waits, session, kind))


def _waits(session: _Session, kind: str) -> str:
    steps = session.steps(kind)
    bare, watched = (count_waits(kind, steps, watched=each) for each in (False, True))
    traced, more = watched.traced - bare.traced, watched.traced.total() - bare.traced.total()
    warned = watched.warned - bare.warned
    text = (
        f"{bare.traced.total()}, {watched.traced.total()} in the trace, "
        f"{bare.warned}, {watched.warned} by sync debug mode | "
        f"{more / steps:+.3f} in the trace, {warned / steps:+.3f} by sync debug mode"
    )
    if more > 0 or warned > 0:
        raise AssertionError(f"{text}; more of: {dict(traced)}")
    return text


def _print_memory(session: _Session) -> None:
    if not session.on_cuda:
        return
    _heading("memory of the GPU at its peak", "found")
    for kind in ("mlp", "gpt", "transformer"):
        steps = 5 if session.quick else 30
        session.check(f"memory, {KINDS[kind].title}", partial(_memory, kind, steps))


def _memory(kind: str, steps: int) -> str:
    peaks = measure_peaks(kind, steps)
    added = peaks.watched - peaks.bare
    text = f"{peaks.bare / 1e6:.0f} MB bare, {added / 1e6:+.1f} MB watched"
    if added > peaks.allowed:
        raise AssertionError(f"{text}; {peaks.allowed / 1e6:.0f} MB are allowed")
    return text


def _print_weights(session: _Session) -> None:
    _heading("weights, watched against bare", "found")
    torch.use_deterministic_algorithms(True, warn_only=True)
    for kind in STEPS:
        session.check(
            f"weights, {KINDS[kind].title}",
            partial(checks.weights_stay, kind, session.device, session.steps(kind)),
        )
    torch.use_deterministic_algorithms(False)


def _print_checks(session: _Session) -> None:
    _heading("checks", "found")
    for each in checks.CHECKS:
        name = each.__name__.replace("_", " ")
        session.check(name, partial(each, session.device))
    if not session.on_cuda:
        print("| tests marked `gpu` | left out: no CUDA |")
    elif find_spec("pytest") is None:
        print("| tests marked `gpu` | left out: pytest is not installed |")
    else:
        session.check("tests marked `gpu`", _run_marked_tests)


def _run_marked_tests() -> str:
    """Run the marked tests, of files that have any: other files may not be importable."""
    files = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "pytest.mark.gpu" in path.read_text(encoding="utf-8")
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", *files]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_TESTS_SECONDS
    )
    last = _flat(done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr)
    assert done.returncode == 0, f"{last}\n{done.stdout[-3000:]}"
    return last


def _print_bench(session: _Session) -> None:
    _heading("loop", "a step", "bare against itself", "recording, later steps",
             "first half second", "whole run", "`run.cost` says")  # fmt: skip
    began = time.monotonic()
    for kind in STEPS:
        if time.monotonic() - began > _BENCH_SECONDS:
            print(f"| {KINDS[kind].title} | left out: no time left |")
            continue
        loop = Loop(kind, "labkit", device=session.device, threads=0 if session.on_cuda else 1)
        session.check(KINDS[kind].title, partial(_bench_row, loop, quick=session.quick))


def _bench_row(loop: Loop, *, quick: bool) -> str:
    with tempfile.TemporaryDirectory() as folder:
        sets = run_turns(loop, QUICK if quick else FULL, folder)
    took, aim = report.whole(sets), KINDS[loop.kind].aim
    cells = [
        f"{1000 * sets[0].step:.3g} ms",
        report.figure_text(report.control(sets), 0.01),
        report.figure_text(report.later(sets), aim - 1),
        report.figure_text(report.first(sets), aim - 1),
        report.figure_text(took, aim - 1),
        report.said_cost(sets, took),
    ]
    return " | ".join(cells)


def _heading(*cells: str) -> None:
    print(f"\n| {' | '.join(cells)} |\n|{'---|' * len(cells)}", flush=True)


def _flat(text: object) -> str:
    return re.sub(r"\s+", " ", str(text))[:600]


if __name__ == "__main__":
    sys.exit(main())
