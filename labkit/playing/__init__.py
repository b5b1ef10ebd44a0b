"""`playground`: a small network that one builds, trains and takes apart by hand.

The training is that of any PyTorch loop, on a thread of its own: `Training` takes the steps,
`Maps` computes what each unit gives at each point of the plane, `Session` decides when, and the
`Playground` widget talks to the pages. It is not for models whose inputs are not points of a plane;
those are watched with `labkit.watch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import nn

from labkit.playing.own_model import check_end, outputs_of_model
from labkit.playing.own_points import own_points
from labkit.playing.settings import OWN, Own, Settings, changed, classes_of
from labkit.playing.training import Training

if TYPE_CHECKING:
    from labkit.playing.widget import Playground

__all__ = ["playground"]


def playground(
    data: str | tuple[Any, Any] = "moons",
    model: nn.Module | None = None,
    *,
    hidden: Sequence[int] | None = None,
    activation: str | None = None,
    loss: str | None = None,
    optimizer: str = "adam",
    lr: float = 0.03,
    batch_size: int = 16,
    noise: float = 0.15,
    split: float = 0.7,
    regularisation: str | tuple[str, float] | None = None,
    features: Sequence[str] | None = None,
    seed: int = 0,
) -> Playground:
    """Return a view of a small network that is trained by PyTorch, with all its settings.

    It shows what each unit gives at each point of the plane, the weights as edges to click, the
    boundary between the classes, and the losses. Everything can be changed on the page.

    Parameters
    ----------
    data : str or tuple
        "moons", "circles", "spirals", "xor" or "gauss" (two classes), "three_spirals" (three),
        "plane" or "hills" (values), or points of yours: ``(x, y)`` of shape (n, 2) and (n,), as
        tensors, arrays, a data frame and a column of it, or a `TensorDataset`. Whole numbers, texts
        and truth values are two to eight classes.
    model : Module, optional
        A module of yours: takes points of shape (n, 2), returns (n, 1) or (n,), or for classes
        (n, classes), is trained in place. The units of its linear layers are drawn.
    hidden : sequence of int, optional
        Units of each hidden layer; up to six layers of up to eight. By default (4, 2).
    activation : str, optional
        "tanh" (default), "relu", "sigmoid", "gelu" or "linear".
    loss : str, optional
        For two classes "bce" (default), "mse" or "hinge"; with an output for each class "ce"
        (default) or "hinge"; for a regression "mse" (default), "l1" or "huber".
    optimizer : str
        "sgd", "momentum", "adam", "adamw", "rmsprop" or "adagrad".
    lr : float
        Learning rate.
    batch_size : int
        Number of points of each step.
    noise : float
        Standard deviation of what is added to the points, from 0 to 1.
    split : float
        Share of the points for training, from 0.1 to 0.9; the others are for the test.
    regularisation : str or tuple, optional
        "l1" or "l2", or a pair with its factor: ``("l2", 0.001)``.
    features : sequence of str, optional
        The inputs of the network: "x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)". By
        default the first two.
    seed : int
        Of points, initial weights and batches. Torch's random numbers are not used.

    Returns
    -------
    Playground
        Has `model`, `optimizer`, `loss`, `train_loss`, `step(n)`, `play()`, `pause()`, `close()`,
        and `code`: the same network as plain PyTorch.

    Raises
    ------
    ValueError
        If an argument is not one of those above.
    ImportError
        If ipywidgets or anywidget is not installed.

    Examples
    --------
    >>> import labkit as lk
    >>> playground = lk.playground("xor", hidden=(4,), lr=0.05)
    >>> before = playground.train_loss
    >>> playground.step(200) < before
    True
    >>> playground.close()
    """
    own = None if isinstance(data, str) else own_points(data)
    given: dict[str, Any] = {"hidden": hidden, "activation": activation, "features": features}
    named = {name: value for name, value in given.items() if value is not None}
    if model is not None and named:
        raise ValueError(
            f"A model of yours has its own layers and takes (n, 2), so that playground takes no "
            f"{next(iter(named))} beside it. Leave out model= or {next(iter(named))}=."
        )
    named |= {
        "data": OWN if own is not None else data,
        "optimizer": optimizer,
        "lr": lr,
        "batch_size": batch_size,
        "noise": noise,
        "split": split,
        "seed": seed,
        **_regularisation(regularisation),
        **({} if loss is None else {"loss": loss}),
    }
    fixed = Own(
        None if own is None else own.classes, None if model is None else outputs_of_model(model)
    )
    settings = changed(Settings(), named, fixed)
    if model is not None and classes_of(settings, fixed):
        check_end(model)
    training = Training(settings, own, model)
    try:
        from labkit.playing.widget import Playground
    except ImportError as error:
        raise ImportError(
            f"a playground needs packages that cannot be imported here ({error})."
        ) from error
    return Playground(training)


def _regularisation(given: Any) -> dict[str, Any]:
    """Return the settings of a regularisation."""
    if given is None or isinstance(given, str):
        return {"regularisation": given or "none"}
    if isinstance(given, tuple | list) and len(given) == 2:  # noqa: PLR2004
        return {"regularisation": given[0], "penalty": given[1]}
    return {"regularisation": given}  # is refused
