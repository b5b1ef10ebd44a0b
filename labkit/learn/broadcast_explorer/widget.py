"""The widget: two shapes that are edited, and how tensors of these shapes fit together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from labkit.learn.broadcast_explorer.shapes import (
    Shape,
    checked_shape,
    element_text,
    outcome_of,
    said_of,
    typed_shape,
)
from labkit.learn.pictures.broadcast import broadcast_picture
from labkit.learn.pictures.sheeted import sheeted
from labkit.learn.queries import QueriedWidget
from labkit.views.assets import small_script
from labkit.views.messages.broadcast import BroadcastPair, BroadcastReading
from labkit.views.saved_output import with_still

if TYPE_CHECKING:
    from torch import Tensor

    Shaped = Tensor | Iterable[int]

_TWO = 2


class BroadcastExplorer(QueriedWidget):
    """Two shapes that can be edited, and what PyTorch makes of tensors that have them.

    Parameters
    ----------
    *pairs : mapping of str to Tensor or tuple of int
        Two tensors or shapes by name. Each pair has a button; the first is shown at the start. Up
        to five dimensions.

    Examples
    --------
    >>> explorer = BroadcastExplorer({"table": (3, 4), "row": (4,)})
    >>> explorer.show((3, 1), (4,))
    (3, 4)
    >>> explorer.show((3, 4), (3,))
    Traceback (most recent call last):
    RuntimeError: The size of tensor a (4) must match the size of tensor b (3) at non-singleton dimension 1
    """  # noqa: E501 - a doctest shows the whole error

    pairs: traitlets.List[Any] = traitlets.List().tag(sync=True)
    reading = traitlets.Any().tag(sync=True)

    def __init__(self, *pairs: Mapping[str, Shaped]) -> None:
        known = [_pair_of(pair) for pair in pairs]
        if not known:
            raise ValueError(
                'give at least one pair, as in BroadcastExplorer({"table": (3, 4), "row": (4,)})'
            )
        super().__init__(pairs=known, _esm=small_script("broadcast.js"))
        first, second = known[0]["shapes"]
        self._read(known[0]["names"], tuple(first), tuple(second))
        self.answer_queries(pair=0, shapes=[])

    def show(self, first: Shaped, second: Shaped) -> Shape:
        """Show two other shapes, and return the shape of the result.

        Raises
        ------
        RuntimeError
            PyTorch's own, if the shapes clash. They are shown nevertheless.
        """
        self._read(self.reading["names"], _shape_of(first), _shape_of(second))
        if self.reading["error"]:
            raise RuntimeError(self.reading["error"])
        return tuple(self.reading["result"])

    def answer_query(self, query: Mapping[str, Any]) -> str:
        """Try the shapes that the page wants, or say why they are none."""
        try:
            first, second = (typed_shape(str(text)) for text in query["shapes"])
        except ValueError as error:
            return str(error)
        self._read(self.pairs[query["pair"]]["names"], first, second)
        return ""

    def _read(self, names: list[str], first: Shape, second: Shape) -> None:
        shapes = (first, second)
        outcome = outcome_of(first, second)
        fits = outcome.result is not None
        reading: BroadcastReading = {
            "names": names,
            "shapes": [list(shape) for shape in shapes],
            "result": list(outcome.result or ()),
            "strides": [list(stride) for stride in outcome.strides],
            "error": outcome.error,
            "clash": outcome.clash,
            "element": element_text(names, shapes, len(outcome.result or ())) if fits else "",
            "said": said_of(names, shapes, outcome),
        }
        self.reading, self.said = dict(reading), ""

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        shown = self.reading
        picture = broadcast_picture(**dict(zip(shown["names"], shown["shapes"], strict=True)))
        drawn = sheeted(picture, "Two shapes, aligned at the right")
        still = {"text/plain": picture.text, "image/svg+xml": drawn}
        return with_still(data, self.model_id, still), metadata


def _pair_of(pair: Mapping[str, Shaped]) -> BroadcastPair:
    if not isinstance(pair, Mapping) or len(pair) != _TWO:
        raise ValueError(
            'a pair is two tensors or shapes by name, as in {"table": (3, 4), "row": (4,)}'
        )
    shapes = [_shape_of(shaped) for shaped in pair.values()]
    written = " and ".join(str(shape) for shape in shapes)
    return {"name": written, "names": list(pair), "shapes": [list(shape) for shape in shapes]}


def _shape_of(shaped: Shaped) -> Shape:
    return checked_shape(tuple(int(size) for size in getattr(shaped, "shape", shaped)))
