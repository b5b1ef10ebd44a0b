"""`watch`: records the training of a model; connects capture, run, insight and views."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from labkit.capture import attach
from labkit.capture.attach import WaitingRun
from labkit.capture.evaluation import OnFinding
from labkit.capture.ranks import RankExchange
from labkit.capture.settings import WatchSettings
from labkit.insight import RuleEvaluator
from labkit.integrations import Recording, adapter_of
from labkit.run import Run
from labkit.run.background.task import BackgroundTask
from labkit.run.config import checked_config, checked_note
from labkit.run.environment import environment
from labkit.run.error_text import described
from labkit.run.file.paths import checked_path

if TYPE_CHECKING:
    import torch
    from torch import nn

    from labkit.views.messages.widgets import DashboardForm

DisplayedForm = Literal["dashboard", "compact"]
_FORMS: dict[object, DashboardForm] = {"dashboard": "whole", "compact": "compact"}
"""The forms of `Dashboard`; for other values of `show` the browser chooses."""


def watch(  # noqa: PLR0913 - each is a setting of its own
    model: Any,
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None = None,
    *,
    name: str | None = None,
    loss_fn: nn.Module | None = None,
    budget: float = 0.03,
    graph: bool = True,
    histograms: bool = True,
    activations: bool | torch.Tensor | tuple[torch.Tensor, ...] | None = None,
    tokens: Callable[[int], str] | Mapping[int, str] | Sequence[str] | None = None,
    pace: float | None = None,
    ignore: Sequence[str] = (),
    on_finding: OnFinding | None = None,
    save: str | os.PathLike[str] | None = None,
    save_limit_mb: float = 500,
    config: object = None,
    note: str = "",
    show: bool | DisplayedForm | None = None,
) -> Run:
    """Watch the training of a model: one line before an unchanged loop.

    The loss and the learning rates are recorded at every step. Gradient norms, weight norms,
    histograms, activations and the computation graph are read as often as the budget allows. While
    no page displays the run, all of these except weight norms and histograms are read less often.
    In a notebook the dashboard is displayed.

    Parameters
    ----------
    model : Module or mapping of str to Module, or a trainer
        The model to watch. Several models as ``{"G": generator, "D": discriminator}``. A trainer is
        a Trainer of Lightning or Transformers, an Accelerator, a Learner of fastai, a model of
        Keras on torch, or an Engine of Ignite (several as ``{"train": trainer, "val": evaluator}``,
        of which the first one trains). Its model is watched, also if it is known only when training
        begins; its epochs, its number of steps and its metrics are recorded, and Stop ends its loop
        as the trainer itself does. It holds the run until the run ends.
    optimizer : Optimizer or sequence of Optimizer, optional
        By default the optimizers that contain parameters of the model.
    name : str, optional
        Name of the run, displayed in the views; by default the class name of the model.
    loss_fn : Module, optional
        The loss function, whose results are recorded as the loss. By default the loss is the scalar
        on which ``backward`` is called; several calls before one step are added, like their
        gradients. A ``backward`` on a tensor with several elements has no loss.
    budget : float
        Maximum share of the loop's time for watching, greater than 0 and at most 1.
    graph, histograms : bool
        Whether to record the computation graph, and histograms of the gradients.
    activations : bool or Tensor or tuple of Tensor, optional
        Whether to record activations of the modules in some of the forward passes of the loop; True
        by default. If it is an input of the model, for example ``images[:1]``, pictures are
        recorded in separate forward passes on this input in evaluation mode, so that they change
        with the model and not with the data.
    tokens : callable or mapping or sequence of str, optional
        The text of a token id, for a model whose input is ids: a function such as
        ``tokenizer.convert_ids_to_tokens``, or a vocabulary that has the text at the id. Attention
        and the input are then labelled with it. The function is called once for each id, with an
        ``int``, on the training thread.
    pace : float, optional
        Steps per second that the loop takes at most, 1 to 1,000, spread evenly; None for full
        speed. At the end of each step the loop waits, and what is recorded in this time costs it
        nothing. `Run.pace` changes it while the loop runs.
    ignore : sequence of str
        Ids of rules whose findings are not reported, for example ``["plateau"]``.
    on_finding : callable, optional
        Called with each new `Finding`, and again when one returns after it went, on the training
        thread at the end of a step or before the run ends. It may call methods of the run. If it
        raises an `Exception`, a notice says so and training goes on; an interrupt such as `Stopped`
        ends the loop.
    save : path, optional
        File that the run is written to while it goes on, by a thread of its own; `labkit.load`
        opens it, also before the run has ended. If it exists, the next free name is taken
        (``mlp-2.lab``); `Run.path` is the name in use. A folder, or a text that ends with a slash,
        gets a file with the name of the run and the time. If it cannot be written, a warning says
        so and training goes on. The run then ends with its model, also if nothing refers to it. Of
        several processes that train the model together, each calls `watch`: that of rank 0 writes
        this file, and the others ``mlp.rank1.lab`` and so on beside it.
    save_limit_mb : float
        Size of the file in MB, at least 1, at which the older rows are replaced by the extremes
        that the views show.
    config : mapping, argparse.Namespace or data class, optional
        What tells the run from others, for example ``{"width": 64}``; saved with the run.
        Hyperparameters of the optimizers, versions, the device and the commit of git are recorded
        anyway.
    note : str
        A text about the run; saved with it.
    show : bool or {"dashboard", "compact"}, optional
        Whether to display the dashboard; by default only in a notebook. ``"dashboard"`` displays it
        with all cards, ``"compact"`` as one line and the curve of the loss; otherwise it has the
        form that was last chosen in the browser. Of several processes that train together, only
        that of rank 0 displays it by default.

    Returns
    -------
    Run
        A context manager. Outside ``with``, ``run.close()`` ends it. It also ends when nothing
        refers to it (displayed views do), or when all modules of the watched models have been
        garbage-collected.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; nothing is attached then.
    RuntimeError
        If `labkit.background` trains one of the models on another thread; nothing is attached then.

    Notes
    -----
    A step is one round in which each optimizer of the models steps once; an optimizer that steps
    again begins the next round. Without an optimizer of torch, a step is counted when the weights
    have changed after ``backward``. Only the training thread is recorded, and only it accesses the
    models; training on other threads is not affected. Additional memory is at most 64 MB or a tenth
    of the size of the weights, whichever is larger.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with watch(model, show=False) as run:
    ...     for _ in range(5):
    ...         loss = model(torch.ones(8, 3)).pow(2).mean()
    ...         optimizer.zero_grad()
    ...         loss.backward()
    ...         optimizer.step()
    >>> steps, values = run.series("loss")
    >>> steps.tolist()
    [1, 2, 3, 4, 5]

    With a trainer of another library, which owns the loop:

    >>> with watch(trainer) as run:  # doctest: +SKIP
    ...     trainer.fit(module, loader)
    """
    settings, text, limit = checked_config(config), checked_note(note), _bytes_of(save_limit_mb)
    if save is not None:
        checked_path(save, name or "run")
    _check_show(show)
    arguments: dict[str, Any] = {
        "name": name,
        "loss_fn": loss_fn,
        "budget": budget,
        "graph": graph,
        "histograms": histograms,
        "activations": activations,
        "tokens": tokens,
        "pace": pace,
        "rules": RuleEvaluator(),
        "ignore": ignore,
        "on_finding": on_finding,
    }
    adapter = adapter_of(model)
    if adapter is None:
        run = attach(model, optimizer, **arguments)
    else:
        waiting = WaitingRun(type(model).__name__, optimizer, WatchSettings.checked(**arguments))
        run = waiting.run
        try:
            is_shown = _has_page() if show is None else show is not False
            adapter.connect(model, Recording(waiting, is_shown=is_shown))
        except BaseException:
            run.close()
            raise
    run.config, run.note, run.environment = settings, text, environment()
    exchange = RankExchange()
    exchange.update(run, 0)
    if save is not None:
        run.save_continuously(checked_path(save, run.name), limit, str(save))
        exchange.update(run, 0)
    task = BackgroundTask.current()
    if task is not None:
        task.add_run(run)
    is_first = run.ranks is None or not run.ranks.rank
    if show is not False and (is_first or show is not None):
        _show(run, _FORMS.get(show), demanded=show is not None)
    if task is not None:
        task.run_opened()
    return run


def _check_show(show: object) -> None:
    """Raise an error if a value is not a choice of how the dashboard is displayed."""
    example = "Example: lk.watch(model, show='compact')"
    taken = "True, False, None, 'dashboard' or 'compact'"
    if isinstance(show, str) and show not in get_args(DisplayedForm):
        raise ValueError(f"watch takes {taken} as show, not {show!r}. {example}")
    if not isinstance(show, bool | str | None):
        raise TypeError(
            f"watch takes {taken} as show, not a value of type {type(show).__name__}. {example}"
        )


def _has_page() -> bool:
    """Return whether a page would display the dashboard."""
    try:
        from labkit.views.notebook import has_page

        return has_page()
    except Exception:  # noqa: BLE001 - `_show` says so in a notice
        return False


def _show(run: Run, form: DashboardForm | None, *, demanded: bool) -> None:
    """Display the dashboard in a notebook, or on demand; an error becomes a notice of the run."""
    try:
        from labkit.views.notebook import has_page, show_dashboard

        if demanded or has_page():
            show_dashboard(run, form)
    except Exception as error:  # noqa: BLE001 - the loop must run in any case
        text = (
            f"The dashboard cannot be shown; the run is recorded all the same. ({described(error)})"
        )
        run.add_notice("views", text)
        if demanded:
            print(text)  # noqa: T201 - the dashboard was asked for, but widgets are not available


def _bytes_of(megabytes: object) -> int:
    """Return the largest size of a file, in bytes."""
    if isinstance(megabytes, bool) or not isinstance(megabytes, (int, float)):
        raise TypeError(
            f"save_limit_mb takes a number of megabytes, not {type(megabytes).__name__}. "
            'Example: lk.watch(model, save="runs/mlp.lab", save_limit_mb=200)'
        )
    if not 1 <= megabytes <= 1e9:  # noqa: PLR2004 - also excludes NaN
        raise ValueError(
            f"save_limit_mb = {megabytes!r} is out of range: it is a number of megabytes, at least "
            '1. Example: lk.watch(model, save="runs/mlp.lab", save_limit_mb=200)'
        )
    return int(megabytes * 1e6)
