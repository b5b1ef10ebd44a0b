"""Exercise 5 of chapter 04: features on which a line separates the two moons."""

from __future__ import annotations

from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from labkit.learn.checks import Call, Case, Exercise, Forbidden, Mistake, Trial, as_tensor, close
from labkit.learn.checks.kernel_state import kernel_state_kept
from labkit.learn.datasets import Split, moons

WANTED = 0.95
_RIGHT = "the share of unseen points that a line on your features gets right is at least 95 %:"
_ONE_ROW = "a table came back, with one row for each point and a column for each feature:"
_FINITE = "all features are finite numbers:"
_N_TEST = 400
_TABLE = 2


@cache
def _split(n_train: int) -> Split:
    """Return training points and 400 test points; each number has noise of its own."""
    n = n_train + _N_TEST
    return moons(n, noise=0.1 + n_train / 20_000, test_fraction=_N_TEST / n, seed=n_train)


def _case(n_train: int) -> Case:
    split = _split(n_train)
    points = torch.cat([split.x_train, split.x_test])
    return Case(points, shown=f"`x` ({len(points)} points of two moons)")


def accuracy_of(features: Tensor, split: Split) -> float:
    """Return the share of test points that logistic regression on the features gets right.

    Parameters
    ----------
    features : Tensor, shape (n, k)
        Of the training points, and then of the test points.
    split : Split
        Their labels.

    Examples
    --------
    >>> split = moons(500)
    >>> points = torch.cat([split.x_train, split.x_test])
    >>> 0.8 < accuracy_of(points, split) < 0.95
    True
    """
    n_train = len(split.x_train)
    features = features.detach().double()
    train = features[:n_train]
    scaled = (features - train.mean(dim=0)) / train.std(dim=0).clamp(min=1e-6)
    layer = nn.Linear(scaled.shape[1], 1, device="meta").to_empty(device="cpu").double()
    for parameter in layer.parameters():  # zeros, whatever the random state
        nn.init.zeros_(parameter)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits, labels = layer(scaled[:n_train])[:, 0], split.y_train.double()
        found = functional.binary_cross_entropy_with_logits(logits, labels)
        found = found + 1e-4 * layer.weight.square().sum()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        right = (layer(scaled[n_train:])[:, 0] > 0) == (split.y_test == 1)
    return float(right.double().mean())


def _table(call: Call) -> Tensor | None:
    """Return the features, if they are a table with a row for each point."""
    features = as_tensor(call.result)
    if features is None or features.dim() != _TABLE or not features.shape[1]:
        return None
    return features if len(features) == len(call.case.build()[0]) else None


def _observe(call: Call) -> dict[str, Any]:
    points, features = call.case.build()[0], _table(call)
    is_table = features is not None
    is_finite = features is not None and bool(features.isfinite().all())
    is_good = False
    if features is not None and is_finite:
        is_good = accuracy_of(features, _split(len(points) - _N_TEST)) >= WANTED
    return {_ONE_ROW: is_table, _FINITE: is_finite, _RIGHT: is_good}


def _columns(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[:, 0], x[:, 1]


def _solution(x: Tensor) -> Tensor:
    a, b = _columns(x)
    return torch.stack([a, b, a**2, a * b, b**2, a**3, a**2 * b, a * b**2, b**3], dim=1)


def _is_function_of_columns(x: Tensor, features: Tensor, degree: int) -> bool:
    """Whether the features are polynomials of the columns up to a degree."""
    a, b = _columns(x.double())
    powers = [a**i * b**j for i in range(degree + 1) for j in range(degree + 1 - i)]
    basis = torch.stack(powers, dim=1)
    wanted = features.detach().double()
    fitted = basis @ torch.linalg.lstsq(basis, wanted).solution
    return torch.allclose(fitted, wanted, atol=1e-4)


def _of_degree(call: Call, degree: int) -> bool:
    features = _table(call)
    return features is not None and _is_function_of_columns(call.case.build()[0], features, degree)


def _draws_numbers(trial: Trial) -> bool:
    """Whether a second call gives other features for the same points."""
    (x,) = trial.calls[0].case.build()
    try:
        with kernel_state_kept(), redirect_stdout(StringIO()):
            features, again = (as_tensor(trial.answer(x)) for _ in range(2))  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - an answer may raise anything; the check has shown it
        return False
    same = close(atol=0.0, rtol=1e-5)
    return features is not None and not same(again, features)


MOON_FEATURES = Exercise(
    name="moon_features",
    task=(
        "Write `moon_features(x)`: from points of shape (n, 2) make features of shape (n, k), so "
        "that logistic regression on them gets at least 95 % of unseen points of the moons right. "
        "They may depend on the points only, not on labels."
    ),
    solution=_solution,
    cases=(_case(300), _case(600), _case(1000)),
    observe=_observe,
    praise=(
        "A line in a space of your own is a curve in the plane. Designing such features by hand "
        "was a profession once; a network learns them."
    ),
    forbids=(
        Forbidden(
            "other_numbers_in_each_call",
            "Random features are a fine idea, but each call draws new ones: the same point gets "
            "other features on the training points than on the test, and nothing that was learned "
            "fits. Draw from `torch.Generator().manual_seed(0)`, as in `torch.randn(2, 50, "
            "generator=generator)`.",
            seen_in=_draws_numbers,
        ),
    ),
    mistakes=(
        Mistake(
            "a_number_for_all",
            "A single number came back for all points. Features are computed per point: keep the "
            "first dimension.",
            seen_in=lambda trial: all(call.result.numel() == 1 for call in trial.calls),
        ),
        Mistake(
            "columns_as_rows",
            "The table lies on its side: shape (k, n) in place of (n, k). `torch.stack(columns, "
            "dim=1)` puts the columns side by side.",
            seen_in=lambda trial: all(
                call.result.dim() == _TABLE
                and call.result.shape[1] == len(call.arguments[0])
                and call.result.shape[0] != len(call.arguments[0])
                for call in trial.calls
            ),
        ),
        Mistake(
            "one_dimension",
            "The features have shape (n,), and a column is needed: `[:, None]`, or `torch.stack` "
            "with `dim=1`.",
            seen_in=lambda trial: all(
                call.result.shape == (len(call.arguments[0]),) for call in trial.calls
            ),
        ),
        Mistake(
            "below_each_other",
            "The new columns were put *below* each other: more rows than points. `torch.cat` "
            "needs `dim=1` to put them side by side.",
            seen_in=lambda trial: all(
                len(call.result) > len(call.arguments[0]) for call in trial.calls
            ),
        ),
        Mistake(
            "not_finite",
            "Some features are `nan` or infinite: a logarithm or a root of a negative number, a "
            "division by a coordinate that is nearly 0, or an exponential that overflows.",
            seen_in=lambda trial: any(
                (features := _table(call)) is not None and not features.isfinite().all()
                for call in trial.calls
            ),
        ),
        Mistake(
            "constant",
            "Every point gets the same features, so nothing tells them apart.",
            seen_in=lambda trial: all(call.result.std(dim=0).max() < 1e-6 for call in trial.calls),
        ),
        Mistake(
            "only_linear",
            "These are the two coordinates, or sums and multiples of them. A line on them is a "
            "line in the plane: nothing is gained. Add something that is *not* linear.",
            seen_in=lambda trial: all(_of_degree(call, 1) for call in trial.calls),
        ),
        Mistake(
            "up_to_squares",
            "Squares and products bend the boundary once: an ellipse, a parabola. Between the "
            "moons it has to bend twice, one way and then the other. Go one power further.",
            seen_in=lambda trial: all(_of_degree(call, 2) for call in trial.calls),
        ),
        Mistake(
            "cubes_alone",
            "Third powers are there, but something is missing beside them: the coordinates "
            "themselves, or the other coordinate. Keep the old columns and *add* new ones.",
            seen_in=lambda trial: all(_of_degree(call, 3) for call in trial.calls),
        ),
        Mistake(
            "list_of_columns",
            "A list or tuple of columns came back. Join them into one table: "
            "`torch.stack(columns, dim=1)`.",
            seen_in=lambda trial: all(
                isinstance(call.result, list | tuple) for call in trial.calls
            ),
        ),
        Mistake(
            "not_paired",
            "The tensors that you join have different numbers of dimensions: `x[:, 0]` has shape "
            "(n,), `x[:, :1]` has (n, 1). Use one kind throughout.",
            raises="Tensors must have same number of dimensions|"
            "stack expects each tensor to be equal size",
        ),
        Mistake(
            "joined_along_rows",
            "`torch.cat` joins along the first dimension unless it gets another: it wanted to put "
            "the columns below each other. Side by side is `dim=1`.",
            raises="Sizes of tensors must match except in dimension 0",
        ),
        Mistake(
            "other_number_of_rows",
            "The tensors that you join have different numbers of rows. Each needs one for every "
            "point, `len(x)`, and that is another number in each call.",
            raises="Sizes of tensors must match except in dimension 1",
        ),
        Mistake(
            "unpacked_rows",
            "`a, b = x` takes `x` apart row by row, and there are more than two rows. The columns "
            "are `x[:, 0]` and `x[:, 1]` (or `x.T`).",
            raises="too many values to unpack",
        ),
        Mistake(
            "other_shape",
            "The features have another shape than a table of (n, k): one row for each point, one "
            "column for each feature. Print the shape of what you return.",
            seen_in=lambda trial: all(
                as_tensor(call.result) is not None and _table(call) is None for call in trial.calls
            ),
        ),
    ),
    hints=(
        (
            "Draw the boundary that you would like between the moons: it goes up, down and up "
            "again, like the graph of a third power."
        ),
        (
            "With `a, b = x[:, 0], x[:, 1]`, the third powers are `a**3`, `a**2 * b`, `a * b**2` "
            "and `b**3`. Keep the lower powers too."
        ),
        ("Return `torch.stack([a, b, a**2, a * b, b**2, a**3, a**2 * b, a * b**2, b**3], dim=1)`."),
    ),
)
