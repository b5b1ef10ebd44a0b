"""Runs the Python tests on several versions of Python and torch: ``make versions``.

Each combination gets a virtual environment of its own under ``build/versions``. The table says
what passed and failed, and why a combination could not be installed. A full run without failures
is recorded in ``tested.json``; a test compares it with what `pyproject.toml` and README promise.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.versions.claim import ROOT, Claim, numbers, read_claim
from tests.versions.environment import Environment, InstallError
from tests.versions.pythons import NoPythonError, find_python
from tests.versions.results import Outcome, counts, record, table

PYTHONS = ("3.11", "3.14", "3.15")
"""The oldest that the project admits, the newest that the pinned torch fits, and the next."""
TORCHES = ("oldest", "pinned")
TESTS = ("tests/unit", "tests/widgets", "tests/realworld", "tests/notebooks")
NOT_HERE = "not browser and not gpu and not hammer"
BUILD = ROOT / "build" / "versions"


def main() -> int:
    """Run the matrix, print the table; return 1 if a test failed."""
    options = _parser().parse_args()
    claim = read_claim()
    pip = _wheel_of_pip()
    outcomes: list[Outcome] = []
    for version in options.python:
        for outcome in _on_python(version, options, claim, pip):
            outcomes.append(outcome)
            print(table([outcome]), flush=True)
    print("\n" + table(outcomes))
    good = all(outcome.failed == 0 for outcome in outcomes)
    if not options.pytest:
        record(outcomes)
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make versions", description=__doc__)
    parser.add_argument("--python", nargs="+", default=PYTHONS, help="as in 3.11")
    parser.add_argument(
        "--torch", nargs="+", default=TORCHES, help="oldest, pinned, newest or as in 2.13.0"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep what was installed, and use it again"
    )
    parser.add_argument("--workers", default="2", help="tests at once")
    parser.add_argument("--pytest", nargs=argparse.REMAINDER, default=[], help="to the end")
    return parser


def _on_python(
    version: str, options: argparse.Namespace, claim: Claim, pip: Path
) -> Iterator[Outcome]:
    """Yield the outcome of each torch that was asked for, no torch twice."""
    try:
        python = find_python(version)
    except NoPythonError as error:
        yield Outcome(version, "any", reason=str(error))
        return
    named = _named_torches(Environment(BUILD / f"python{version}", python, pip), claim)
    if not named:
        reason = f"pip has no torch for it from {claim.torch} to the pinned {claim.pinned_torch}"
        yield Outcome(version, "any", reason=reason)
        return
    for torch in dict.fromkeys(named.get(wanted, wanted) for wanted in options.torch):
        environment = Environment(BUILD / f"python{version}-torch{torch}", python, pip)
        try:
            note = environment.install(torch)
            yield _test(environment, torch, note, options)
        except InstallError as error:
            yield Outcome(version, torch, reason=str(error))
        finally:
            if not options.keep:
                environment.remove()


def _named_torches(bare: Environment, claim: Claim) -> dict[str, str]:
    """Return the versions that the names stand for on a Python, none if no admitted one fits."""
    bare.make()
    first, last = numbers(claim.torch), numbers(claim.pinned_torch)
    available = [v for v in bare.torch_versions() if numbers(v) >= first]
    bare.remove()
    if not available or numbers(available[0]) > last:
        return {}
    return {"oldest": available[0], "pinned": claim.pinned_torch, "newest": available[-1]}


def _test(environment: Environment, torch: str, note: str, options: argparse.Namespace) -> Outcome:
    print(f"Testing with torch {torch} in {environment.folder.relative_to(ROOT)}", flush=True)
    report, log = environment.folder / "report.xml", environment.folder / "pytest.log"
    command = [
        *(str(environment.program), "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("--numprocesses", options.workers, "--dist", "loadfile", "-m", NOT_HERE),
        *(f"--junitxml={report}", *(options.pytest or TESTS)),
    ]
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    seconds = time.monotonic() - started
    passed, failed, skipped = counts(report)
    if failed or ended.returncode != 0:
        print(_tail(log), file=sys.stderr)
    return Outcome(
        environment.python_version(),
        torch,
        passed=passed,
        failed=failed or int(ended.returncode != 0),
        skipped=skipped,
        seconds=seconds,
        reason=note,
    )


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-60:])


def _wheel_of_pip() -> Path:
    folder = BUILD / "pip"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "pip"]
    subprocess.run([*command, "--dest", str(folder)], check=True)
    return max(folder.glob("pip-*.whl"), key=lambda wheel: wheel.stat().st_mtime)


if __name__ == "__main__":
    sys.exit(main())
