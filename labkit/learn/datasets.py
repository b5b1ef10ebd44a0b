"""The data of the course, from the package scikit-learn; nothing is fetched from a network.

Each function returns tensors that are split into training and test rows. A generator of the
function shuffles the rows; the global random state does not change.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from labkit.run.optional import import_optional

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from torch import Tensor


class Split(NamedTuple):
    """Inputs and targets, for training and for the test.

    Attributes
    ----------
    x_train, y_train : Tensor
        The rows for training, shapes (n_train, ...) as the function states them.
    x_test, y_test : Tensor
        The rows for the test, shapes (n_test, ...).
    names : tuple of str
        The names of the features; empty where they have none.

    Examples
    --------
    >>> split = moons(100, test_fraction=0.2)
    >>> len(split.x_train), len(split.y_test)
    (80, 20)
    """

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    names: tuple[str, ...] = ()


def digits(test_fraction: float = 0.25, seed: int = 0, *, side: int = 8) -> Split:
    """Handwritten digits, 8 x 8 pixels in grey: scikit-learn's copy of the UCI set (public domain).

    Parameters
    ----------
    test_fraction : float
        The part of the rows for the test, between 0 and 1.
    seed : int
        Of the generator that shuffles the rows.
    side : int
        Width and height of the images; those that are not 8 are interpolated.

    Returns
    -------
    Split
        Images of shape (n, 1, side, side), dtype float32, from 0 to 1; labels of shape (n,), dtype
        int64, 0 to 9.

    Examples
    --------
    >>> split = digits()
    >>> split.x_train.shape, split.x_test.shape
    (torch.Size([1348, 1, 8, 8]), torch.Size([449, 1, 8, 8]))
    >>> digits(side=28).x_train.shape
    torch.Size([1348, 1, 28, 28])
    """
    import torch
    import torch.nn.functional as F

    load_digits = _sklearn_datasets("digits()").load_digits
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)  # (n, 1, 8, 8)
    if side != x.shape[-1]:
        x = F.interpolate(x, size=(side, side), mode="bilinear")  # (n, 1, side, side)
    return _split(x, torch.tensor(labels, dtype=torch.int64), test_fraction, seed)


def diabetes(*, scaled: bool = False, test_fraction: float = 0.25, seed: int = 0) -> Split:
    """Ten measurements of 442 people, and their diabetes a year later (scikit-learn's copy).

    Parameters
    ----------
    scaled : bool
        Whether to take scikit-learn's scaled columns; as measured by default.
    test_fraction : float
        The part of the rows for the test, between 0 and 1.
    seed : int
        Of the generator that shuffles the rows.

    Returns
    -------
    Split
        Features of shape (n, 10) and targets of shape (n, 1), dtype float32.

    Examples
    --------
    >>> diabetes().names
    ('age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6')
    """
    import torch

    load_diabetes = _sklearn_datasets("diabetes()").load_diabetes
    bunch = load_diabetes(scaled=scaled)
    x = torch.tensor(bunch.data, dtype=torch.float32)  # (442, 10)
    y = torch.tensor(bunch.target, dtype=torch.float32).reshape(-1, 1)  # (442, 1)
    return _split(x, y, test_fraction, seed, bunch.feature_names)


def breast_cancer(test_fraction: float = 0.25, seed: int = 0) -> Split:
    """Thirty measurements of 569 breast tumours, and whether each was malignant.

    The Wisconsin diagnostic data: size, texture and shape of the cell nuclei in a sample that a
    needle took (scikit-learn's copy of the UCI set, CC BY 4.0).

    Parameters
    ----------
    test_fraction : float
        The part of the rows for the test, between 0 and 1.
    seed : int
        Of the generator that shuffles the rows.

    Returns
    -------
    Split
        Features of shape (n, 30), dtype float32, as measured; labels of shape (n,), dtype int64:
        1 for malignant, 0 for benign. scikit-learn has them the other way round.

    Examples
    --------
    >>> split = breast_cancer()
    >>> split.x_train.shape, int(split.y_test.sum()), split.names[20:22]
    (torch.Size([427, 30]), 50, ('worst radius', 'worst texture'))
    """
    import torch

    load_breast_cancer = _sklearn_datasets("breast_cancer()").load_breast_cancer
    bunch = load_breast_cancer()
    x = torch.tensor(bunch.data, dtype=torch.float32)  # (569, 30)
    y = 1 - torch.tensor(bunch.target, dtype=torch.int64)  # (569,)
    return _split(x, y, test_fraction, seed, [str(name) for name in bunch.feature_names])


def moons(n: int = 1000, noise: float = 0.15, test_fraction: float = 0.25, seed: int = 0) -> Split:
    """Two interleaved half circles of points, generated.

    Parameters
    ----------
    n : int
        The number of points, both half circles together.
    noise : float
        The standard deviation of the noise that is added to each coordinate; the circles' radius
        is 1.
    test_fraction : float
        The part of the rows for the test, between 0 and 1.
    seed : int
        Of the generators of the points and of the order of the rows.

    Returns
    -------
    Split
        Points of shape (n, 2), dtype float32; labels of shape (n,), dtype int64, 0 or 1.

    Examples
    --------
    >>> moons(8).x_train.shape
    torch.Size([6, 2])
    """
    import torch

    make_moons = _sklearn_datasets("moons()").make_moons
    points, labels = make_moons(n, noise=noise, random_state=seed)
    x = torch.tensor(points, dtype=torch.float32)  # (n, 2)
    return _split(x, torch.tensor(labels, dtype=torch.int64), test_fraction, seed)


def _sklearn_datasets(needed_by: str) -> ModuleType:
    return import_optional("sklearn.datasets", needed_by=needed_by, package="scikit-learn")


def _split(
    x: Tensor, y: Tensor, test_fraction: float, seed: int, names: Sequence[str] = ()
) -> Split:
    import numpy as np
    import torch

    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1, as in 0.25; got {test_fraction}")
    order: np.ndarray = np.random.default_rng(seed).permutation(len(x))
    n_test = round(len(x) * test_fraction)
    test, train = torch.from_numpy(order[:n_test]), torch.from_numpy(order[n_test:])
    return Split(x[train], y[train], x[test], y[test], tuple(names))
