"""The cell magic ``%%train``: runs a cell in the background."""

from __future__ import annotations

import keyword
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand

from labkit.backgrounding import start
from labkit.run.background.task import BackgroundTask
from labkit.views.cell_code import CellCode
from labkit.views.kernel import is_run_by_program

_USAGE = "%%train takes the code of a cell below it, and at most a name for its task: %%train task"


def register(shell: Any) -> None:
    """Add ``%%train`` to an IPython shell."""
    shell.register_magic_function(train, "cell", "train")


@no_var_expand
def train(line: str, body: str) -> None:
    """Run the cell on a thread of its own, so that other cells can run meanwhile.

    Its names are those of the notebook. ``%%train task`` assigns the `BackgroundTask` to ``task``:
    ``task.stop()``, ``task.wait()``, ``task.result()``. See `labkit.background`.

    A program that executes the notebook (nbclient, nbconvert, papermill) stores only what appears
    while the cell runs, and nobody runs other cells meanwhile. There, the cell waits for its end.
    """
    name = line.strip()
    if name and (not name.isidentifier() or keyword.iskeyword(name)):
        raise UsageError(f"{_USAGE}, not {name!r}.")
    code = CellCode(f"%%train {line}".rstrip(), body)
    if code.is_empty:
        raise UsageError(f"{_USAGE}. This cell has no code.")
    waits = is_run_by_program()
    task: BackgroundTask[None] = start(code.run, code.name, cell=body, shows_error=not waits)
    if name:
        code.namespace[name] = task
    if waits:
        _wait(task)


def _wait(task: BackgroundTask[None]) -> None:
    """Wait for the end of a task, and raise what it raised; an interrupt interrupts the task."""
    try:
        task.wait()
    except KeyboardInterrupt:
        task.interrupt()
    task.result()
