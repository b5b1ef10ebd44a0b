"""`watch`: the one place that joins capture, run, insight and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.capture import attach
from labkit.insight import RuleEvaluator
from labkit.run import Run
from labkit.run.error_text import described

if TYPE_CHECKING:
    import torch
    from torch import nn


def watch(
    model: nn.Module | Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None = None,
    *,
    name: str | None = None,
    loss_fn: nn.Module | None = None,
    budget: float = 0.03,
    graph: bool = True,
    histograms: bool = True,
    activations: bool | torch.Tensor | tuple[torch.Tensor, ...] | None = None,
    show: bool | None = None,
) -> Run:
    """Watch a model train: one line before an unchanged loop.

    Every step records the loss and the learning rates. Gradient norms, weight norms, histograms,
    activations and the computation graph are read as often as the budget allows, all but weight
    norms and histograms less often while no page shows the run. In a notebook the dashboard is
    shown; elsewhere the run is recorded.

    Parameters
    ----------
    model : Module or mapping of str to Module
        What trains. Several models as ``{"G": generator, "D": discriminator}``.
    optimizer : Optimizer or sequence of Optimizer, optional
        Found by the parameters it holds when left out.
    name : str, optional
        Shown in the views; the model's class by default.
    loss_fn : Module, optional
        Its results are recorded as the loss. By default the loss is what ``backward`` is
        called on; several calls before one step are added, as their gradients are. A vector's
        ``backward`` has no loss.
    budget : float
        Part of the loop's time that watching may take, above 0 and up to 1.
    graph, histograms : bool
        Whether to take the computation graph and histograms of the gradients.
    activations : bool or Tensor or tuple of Tensor, optional
        Whether to read what the modules give out, by default in some of the loop's own passes. An
        input of the model's instead (``images[:1]``) has pictures made of it, in a pass of their
        own in evaluation mode, so that they show the model change and not the data.
    show : bool, optional
        Whether to show the dashboard; by default in a notebook only.

    Returns
    -------
    Run
        A context manager; outside ``with``, ``run.close()`` ends it. It ends by itself when
        nothing refers to it, as shown views do, or with the last module of the watched models.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it must be; nothing has been attached then.

    Notes
    -----
    A step is a round in which every optimizer of the models steps once; one that steps again begins
    the next. Without an optimizer of torch's, a step is counted when the weights have changed after
    ``backward``. Only the thread that trains is recorded and touches the models; other threads'
    training passes straight through. What is added to memory is at most 64 MB or a tenth of the
    weights, whichever is more.

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
    """
    run = attach(
        model,
        optimizer,
        name=name,
        loss_fn=loss_fn,
        budget=budget,
        graph=graph,
        histograms=histograms,
        activations=activations,
        evaluate=RuleEvaluator().evaluate,
    )
    if show is not False:
        _show(run, demanded=show is True)
    return run


def _show(run: Run, *, demanded: bool) -> None:
    """Show the dashboard where there is a notebook; whatever is in the way, the run goes on."""
    try:
        from labkit.views.notebook import is_notebook, show_dashboard

        if demanded or is_notebook():
            show_dashboard(run)
    except Exception as error:  # noqa: BLE001 - a fault here must not keep the loop from running
        text = (
            f"The dashboard cannot be shown; the run is recorded all the same. ({described(error)})"
        )
        run.add_notice("views", text)
        if demanded:
            print(text)  # noqa: T201 - the answer to show=True where widgets are missing
