"""The widget in which a kernel slides over an image.

The page draws the image, the window, the products and the map; the map itself is computed by
PyTorch in the kernel, whenever the page wants another kernel, stride or padding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from labkit.learn.queries import QueriedWidget
from labkit.learn.sliding.convolution import (
    Convolution,
    as_table,
    read_image,
    read_kernel,
    read_query,
)
from labkit.learn.sliding.filters import FILTERS
from labkit.learn.sliding.still import sliding_svg, sliding_text
from labkit.views.assets import small_script
from labkit.views.saved_output import with_still

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor


class SlidingKernel(QueriedWidget):
    """An image, a kernel and their feature map, with a window that one drags.

    The kernel's weights, the stride and the padding are edited in the page; every map is computed
    by ``torch.nn.functional.conv2d``.

    Parameters
    ----------
    image : Tensor or array, shape (height, width), (1, height, width) or (1, 1, height, width)
        A grey image of 2 to 64 pixels a side.
    kernel : str or Tensor or array, shape (k, k)
        The name of a classic filter, such as "blur" or "outline", or up to 5 x 5 weights.
    stride, padding : int
        1 to 4, and 0 to 3.

    Examples
    --------
    >>> import torch
    >>> slider = SlidingKernel(torch.eye(8), "outline", padding=1)
    >>> tuple(slider.feature_map.shape), slider.feature_map[0, 0].item()
    ((8, 8), 7.0)
    >>> print(slider)
    A kernel of 3 x 3 slides over an image of 8 x 8, stride 1, padding 1: a feature map of 8 x 8.
    """

    image = traitlets.Dict().tag(sync=True)
    filters = traitlets.List(traitlets.Dict()).tag(sync=True)
    weights = traitlets.Dict().tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    padding = traitlets.Int().tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        image: Tensor | ArrayLike,
        kernel: str | Tensor | ArrayLike = "left to right",
        *,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        slid = Convolution(read_image(image), read_kernel(kernel), stride, padding)
        filters = [
            {"name": name, "finds": each.finds, "kernel": dict(as_table(read_kernel(name)))}
            for name, each in FILTERS.items()
        ]
        super().__init__(
            image=dict(as_table(slid.image)), filters=filters, _esm=small_script("sliding.js")
        )
        self._show(slid)
        self.answer_queries(weights=self.weights, stride=stride, padding=padding)

    @property
    def kernel(self) -> Tensor:
        """The weights as they are now, shape (k, k), dtype float32."""
        return self._slid.weights.clone()

    @property
    def feature_map(self) -> Tensor:
        """The map as it is now, shape (height, width), dtype float32."""
        return self._slid.answers()

    def __repr__(self) -> str:
        return sliding_text(self._slid)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        still = {"text/plain": repr(self), "image/svg+xml": sliding_svg(self._slid)}
        return with_still(data, self.model_id, still), metadata

    def _show(self, slid: Convolution) -> None:
        self._slid = slid
        with self.hold_sync():
            self.weights, self.answers = (
                dict(as_table(slid.weights)),
                dict(as_table(slid.answers())),
            )
            self.stride, self.padding, self.code = slid.stride, slid.padding, slid.code()

    def answer_query(self, query: Mapping[str, Any]) -> str:
        """Compute what the page wants; what is not possible is said, and nothing changes."""
        try:
            self._show(read_query(self._slid.image, query))
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            return f"This does not work: {error}."
        return ""
