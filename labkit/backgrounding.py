"""`background`: calls a function on a thread of its own, so that the notebook stays free."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from labkit.capture.thread_state import ThreadState
from labkit.run.background.process_end import stop_tasks_at_exit
from labkit.run.background.task import BackgroundTask

P = ParamSpec("P")
T = TypeVar("T")

_EARLIER_SECONDS = 10.0
"""Time that the earlier loop of a cell has to end before the cell starts another one."""
_OPENED_SECONDS = 1.0
"""Time in which a function is expected to open its run, before the cell ends."""


def background(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> BackgroundTask[T]:
    """Call a function, for example a training loop, on a thread of its own, and return meanwhile.

    In a notebook, other cells run meanwhile. What the function prints and displays appears in the
    cell that called `background`, with a line that describes whether it still runs. The cell ends
    when the function has opened its first run, or after one second. An interrupt of
    the kernel ends the function if no cell is running. The cell magic ``%%train`` does the same
    with a whole cell.

    Parameters
    ----------
    function : callable
    *args, **kwargs
        Arguments of the function.

    Returns
    -------
    BackgroundTask
        With ``wait(timeout)``, ``result()``, ``stop()``, ``done`` and ``status``.

    Raises
    ------
    TypeError
        If `function` is not callable, or if it is a generator or a coroutine function.
    RuntimeError
        If it is called by a function that runs in the background, or if the loop that this cell
        started before does not end.

    Notes
    -----
    Gradient mode, autocast, the default device, the number of threads and context variables are
    those of the calling thread. torch's random numbers come from one generator for all threads:
    where other cells draw some meanwhile, the function draws others than it would alone.

    A model must not be trained on two threads at once: `watch` refuses a model that is trained in
    the background elsewhere. If a cell that has started a function runs again, the earlier
    function is stopped first. When the process ends, functions that still run are stopped.

    An exception is displayed where it was raised, and `BackgroundTask.result` raises it.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> def train(steps):
    ...     for _ in range(steps):
    ...         loss = model(torch.ones(8, 3)).pow(2).mean()
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    ...     return steps
    >>> task = background(train, 5)
    >>> task.result()
    5
    >>> task.status
    'finished'
    """
    if not callable(function):
        raise TypeError(
            f"lk.background takes a function, not {type(function).__name__}. Examples: "
            "lk.background(train), lk.background(train, 100) for train(100)."
        )
    name = getattr(function, "__qualname__", type(function).__name__)
    _check_runs_when_called(function)
    return start(partial(function, *args, **kwargs), f"{name}()")


def _check_runs_when_called(function: Callable[..., Any]) -> None:
    """Raise if a call of a function only creates an object that would run its code."""
    called = function.func if isinstance(function, partial) else function
    name = getattr(called, "__name__", "train")
    if inspect.iscoroutinefunction(called):
        raise TypeError(
            f"lk.background takes a function, and {name} is a coroutine function, whose call runs "
            f"nothing. Example: lk.background(lambda: asyncio.run({name}()))"
        )
    if inspect.isgeneratorfunction(called) or inspect.isasyncgenfunction(called):
        raise TypeError(
            f"lk.background takes a function, and {name} is a generator, whose call runs nothing. "
            f"Example: lk.background(lambda: list({name}()))"
        )


def start(
    work: Callable[[], T], name: str, cell: str | None = None, *, shows_error: bool = True
) -> BackgroundTask[T]:
    """Start a task with the settings of the calling thread.

    Parameters
    ----------
    work : callable
        Takes no arguments.
    name : str
        Displayed in messages.
    cell : str, optional
        What identifies the running cell where the front end does not.
    shows_error : bool
        Whether an exception of the task is displayed in the cell.
    """
    running = BackgroundTask.current()
    if running is not None:
        raise RuntimeError(
            f"{name} was started in {running.name}, which runs in the background itself. Call the "
            "function directly, or start both from a cell."
        )
    stop_tasks_at_exit()
    call = partial(ThreadState().call, work)
    if _is_notebook():
        return _start_in_kernel(call, name, cell, shows_error=shows_error)
    if _is_marimo():
        return _start_in_marimo(call, name)
    task = BackgroundTask(call, name, _print_error)
    task.start()
    return task


def _start_in_kernel(
    call: Callable[[], T], name: str, cell: str | None, *, shows_error: bool
) -> BackgroundTask[T]:
    """Start a task of the running cell of a Jupyter kernel."""
    from labkit.views import kernel
    from labkit.views.cell_status import CellStatus

    status = CellStatus(shows_error=shows_error)
    task = BackgroundTask(call, name, status.changed)
    task.cell, task.execution = kernel.current_cell() or cell, kernel.current_execution()
    _end_earlier(task)
    kernel.on_interrupt_between_cells(_interrupt_all)
    status.show(task)
    task.start()
    try:
        # Voila and nbclient drop what is displayed after the cell has ended.
        task.wait_until_opened(_OPENED_SECONDS)
    except KeyboardInterrupt:
        task.interrupt()
    return task


def _start_in_marimo(call: Callable[[], T], name: str) -> BackgroundTask[T]:
    """Start a task on a thread that can display its views below the running cell of marimo."""
    from labkit.views import marimo_notebook

    task = BackgroundTask(call, name, marimo_notebook.show_error)
    _end_earlier(task)
    task.start(marimo_notebook.thread_type())
    return task


def _is_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    try:
        from labkit.views.kernel import is_notebook
    except ImportError:  # without widgets
        return False
    return is_notebook()


def _is_marimo() -> bool:
    if "marimo" not in sys.modules:
        return False
    try:
        from labkit.views.marimo_notebook import is_marimo
    except ImportError:  # without widgets
        return False
    return is_marimo()


def _end_earlier(task: BackgroundTask[Any]) -> None:
    """Stop the tasks that an earlier execution of the same cell has started."""
    earlier = [
        each
        for each in BackgroundTask.live()
        if each.is_abandoned
        or (task.cell is not None and each.cell == task.cell and each.execution != task.execution)
    ]
    for each in earlier:
        each.stop()
    for each in earlier:
        if not each.wait(_EARLIER_SECONDS):
            raise RuntimeError(
                f"{each.name}, which this cell has started before, was asked to stop and has not "
                f"ended within {_EARLIER_SECONDS:.0f} s. Run the cell again once it has, or "
                "restart the kernel."
            )


def _interrupt_all() -> None:
    for task in BackgroundTask.live():
        task.interrupt()


def _print_error(task: BackgroundTask[Any]) -> None:
    if task.status == "failed" and task.error is not None:
        traceback.print_exception(task.error)
