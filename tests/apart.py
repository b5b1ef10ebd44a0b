"""Run a scenario in a separate process, so that a crash or a hang fails one test only.

The processes are forked from a server process that has already imported torch and labkit.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import multiprocessing
import multiprocessing.context
import os
import sys
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).parent.parent
PRELOADED = ["torch", "torch.utils.data", "torch._dynamo", "labkit", "labkit.views"]
GRACE = 30


def assert_passes(module: str, name: str, folder: Path, *, seconds: float) -> None:
    """Call a function of a module in a separate process; fail with its output if it fails."""
    log = folder / "output.txt"
    process = _context().Process(target=run, args=(module, name, str(log), seconds))
    environment = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with mock.patch.dict(os.environ, environment):  # the environment of the server process
        process.start()
    process.join(seconds + GRACE)
    if process.is_alive():  # the watchdog inside the process did not end it
        process.kill()
        process.join()
    code = process.exitcode or 0
    output = log.read_text(errors="replace") if log.exists() else ""
    ended = f"signal {-code}" if code < 0 else f"code {code}"
    assert code == 0, f"{name} ended with {ended}:\n{output[-8000:]}"


def _context() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def run(module: str, name: str, log: str, seconds: float) -> None:
    """Call a function with its output in a file; after `seconds`, dump all stacks and exit."""
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    faulthandler.enable(file=sys.stderr)
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)
    scenario = getattr(importlib.import_module(module), name)
    gc.freeze()  # collections and searches for referrers visit the objects of the scenario only
    scenario()
    gc.collect()
    faulthandler.cancel_dump_traceback_later()
