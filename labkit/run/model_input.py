"""The part of a model's input that stands beside a picture of activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

InputForm = Literal["image", "lines", "table", "values", "tokens"]
"""What a sample of the input is.

- ``"image"``: one panel per channel, with height and width.
- ``"lines"``: few features over time, one row for each.
- ``"table"``: many features over time, one row for each.
- ``"values"``: one row of numbers.
- ``"tokens"``: one row of ids.
"""


@dataclass(frozen=True, eq=False)
class ModelInput:
    """The first sample of the input of the pass from which a picture was made.

    Attributes
    ----------
    form : str
        One of `InputForm`.
    values : ndarray, shape (n_panels, n_rows, n_columns), dtype float32
        At most 3,072 values; larger images are averaged, longer sequences are cut.
    whole : tuple of int
        Shape of the sample.
    tokens : tuple of str
        The text of each id, if the user has given texts; else empty.
    """

    form: InputForm
    values: NDArray[np.float32]
    whole: tuple[int, ...]
    tokens: tuple[str, ...] = ()
