"""One convolution of an image with one kernel, computed by PyTorch, and its plain code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit.learn.sliding.filters import FILTERS

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.views.messages.sliding import SlidingTable

MOST_PIXELS, MOST_WEIGHTS = 64, 5
_STRIDES, _PADDINGS = range(1, 5), range(4)
_LARGEST = 1000.0


@dataclass(frozen=True, eq=False)
class Convolution:
    """What slides, and how.

    Attributes
    ----------
    image : Tensor, shape (height, width), dtype float32
    weights : Tensor, shape (k, k), dtype float32
    stride, padding : int
    """

    image: Tensor
    weights: Tensor
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be computed or drawn."""
        for name, given, allowed in (
            ("stride", self.stride, _STRIDES),
            ("padding", self.padding, _PADDINGS),
        ):
            if given not in allowed:
                raise ValueError(
                    f"{name} is a whole number from {allowed[0]} to {allowed[-1]}; got {given!r}"
                )
        side = min(self.image.shape) + 2 * self.padding
        if len(self.weights) > side:
            raise ValueError(
                f"a kernel of {len(self.weights)} does not fit onto an image of {side} pixels, "
                "padding included; take a smaller kernel or more padding"
            )

    def answers(self) -> Tensor:
        """Return the feature map, shape (height, width)."""
        import torch.nn.functional as F

        image, weights = self.image[None, None], self.weights[None, None]
        return F.conv2d(image, weights, stride=self.stride, padding=self.padding)[0, 0]

    def code(self) -> str:
        """Return the same as plain PyTorch, for an `image` of the caller's."""
        rows = ", ".join(
            "[" + ", ".join(f"{weight:.4g}" for weight in row) + "]"
            for row in self.weights.tolist()
        )
        return (
            "import torch\nfrom torch.nn import functional as F\n\n"
            f"kernel = torch.tensor([{rows}], dtype=torch.float32)\n"
            "feature_map = F.conv2d(image[None, None], kernel[None, None], "
            f"stride={self.stride}, padding={self.padding})[0, 0]"
        )


def read_image(image: Any) -> Tensor:
    """Return a grey image without its batch and channel dimensions."""
    import torch

    taken = torch.as_tensor(image).detach().cpu().float()
    given = tuple(taken.shape)
    while taken.ndim > 2 and taken.shape[0] == 1:  # noqa: PLR2004 - height and width stay
        taken = taken[0]
    if taken.ndim != 2 or not 1 < min(taken.shape) <= max(taken.shape) <= MOST_PIXELS:  # noqa: PLR2004
        raise ValueError(
            "one grey image of shape (height, width) is taken, with 2 to "
            f"{MOST_PIXELS} pixels a side; got {given}. Of a colour image, take a channel: image[0]"
        )
    return _finite(taken, "the image")


def read_kernel(kernel: Any) -> Tensor:
    """Return a kernel given by its name or by its weights."""
    import torch

    if isinstance(kernel, str):
        if kernel not in FILTERS:
            raise ValueError(f"there is no filter {kernel!r}; there is {', '.join(FILTERS)}")
        kernel = FILTERS[kernel].rows
    taken = torch.as_tensor(kernel).detach().cpu().float()
    given = tuple(taken.shape)
    if len(given) != 2 or len(set(given)) != 1 or not 1 <= given[0] <= MOST_WEIGHTS:  # noqa: PLR2004
        raise ValueError(
            f"a kernel of shape (k, k) is taken, k from 1 to {MOST_WEIGHTS}; got {given}"
        )
    return _finite(taken, "the kernel").clamp(-_LARGEST, _LARGEST)


def as_table(values: Tensor) -> SlidingTable:
    """Return a table as it is sent."""
    rows, columns = values.shape
    return {
        "rows": rows,
        "columns": columns,
        "values": [round(v, 6) for v in values.flatten().tolist()],
    }


def read_query(image: Tensor, query: Mapping[str, Any]) -> Convolution:
    """Return the convolution that a page wants."""
    import torch

    table = query["weights"]
    values = [float(value) for value in table["values"]]
    if not all(math.isfinite(value) for value in values):
        raise ValueError("every weight is a finite number")
    weights = torch.tensor(values).reshape(int(table["rows"]), int(table["columns"]))
    return Convolution(image, read_kernel(weights), query["stride"], query["padding"])


def _finite(values: Tensor, name: str) -> Tensor:
    if not values.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinity, which cannot be drawn")
    return values
