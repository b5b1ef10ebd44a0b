"""The widget: a storage, and what a shape, a stride and an offset read from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from labkit.learn.pictures.sheeted import sheeted
from labkit.learn.pictures.storage import (
    read_layout,
    refuse_large,
    storage_picture,
    storage_values,
)
from labkit.learn.queries import QueriedWidget
from labkit.learn.storage_explorer.recipes import Recipe, problem_of, typed_recipe
from labkit.views.assets import small_script
from labkit.views.messages.storage import StorageReading, StorageRecipe
from labkit.views.saved_output import with_still

if TYPE_CHECKING:
    from torch import Tensor


class StorageExplorer(QueriedWidget):
    """A tensor's storage, and the shape, stride and offset that read it, which can be edited.

    Parameters
    ----------
    tensors : Tensor or mapping of str to Tensor
        One tensor, or several that share a storage, by the names of their buttons. Up to three
        dimensions and 64 elements of storage.

    Examples
    --------
    >>> import torch
    >>> t = torch.arange(6).reshape(2, 3)
    >>> explorer = StorageExplorer({"t": t, "t.T": t.T})
    >>> explorer.show((3, 2), (1, 3)).tolist()
    [[0, 3], [1, 4], [2, 5]]
    >>> explorer.show((3, 2), (1, 4))
    Traceback (most recent call last):
    ValueError: The last element, [2, 1], would be at place 0 + 2 × 1 + 1 × 4 = 6. The storage ends at 5.
    """  # noqa: E501 - a doctest shows the whole error

    values: traitlets.List[Any] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    recipes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    reading = traitlets.Any().tag(sync=True)

    def __init__(self, tensors: Tensor | Mapping[str, Tensor]) -> None:
        named = dict(tensors) if isinstance(tensors, Mapping) else {"t": tensors}
        self._tensor = _first_of(named)
        known = [_recipe_of(name, tensor) for name, tensor in named.items()]
        super().__init__(
            values=storage_values(self._tensor),
            recipes=known,
            _esm=small_script("storage.js"),
        )
        first = known[0]
        self.show(first["shape"], first["stride"], first["offset"])
        self.answer_queries(shape="", stride="", offset="")

    def show(self, shape: Any, stride: Any, offset: int = 0) -> Tensor:
        """Read the storage in another way, and return the view.

        Raises
        ------
        ValueError
            If the storage cannot be read like that; the text says why.
        """
        recipe = Recipe(tuple(shape), tuple(stride), offset)
        problem = problem_of(recipe, len(self.values))
        if problem:
            raise ValueError(problem)
        view = self._tensor.detach().as_strided(recipe.shape, recipe.stride, recipe.offset)
        self.reading, self.said = dict(self._reading(view)), ""
        return view

    def answer_query(self, query: Mapping[str, Any]) -> str:
        """Read the storage as the page wants, or say why it cannot be read like that."""
        try:
            recipe = typed_recipe(*(str(query.get(key)) for key in ("shape", "stride", "offset")))
            self.show(recipe.shape, recipe.stride, recipe.offset)
        except ValueError as error:
            return str(error)
        return ""

    def _reading(self, view: Tensor) -> StorageReading:
        layout = read_layout("view", view)
        places = [int(place) for place in layout.places.ravel()]
        return {
            "shape": list(layout.shape),
            "stride": list(layout.stride),
            "offset": layout.offset,
            "places": places,
            "said": f"{self._code(view)} {_facts(view, places, len(self.values))}",
        }

    def _code(self, view: Tensor) -> str:
        """Return the expression that makes this view."""
        wanted = (list(view.shape), list(view.stride()), int(view.storage_offset()))
        for recipe in self.recipes:
            if (recipe["shape"], recipe["stride"], recipe["offset"]) == wanted:
                return f"This is {recipe['name']}."
        name, shape = self.recipes[0]["name"], tuple(view.shape)
        return f"This is {name}.as_strided({shape}, {view.stride()}, {wanted[2]})."

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        shown = self.reading
        view = self._tensor.detach().as_strided(shown["shape"], shown["stride"], shown["offset"])
        picture = storage_picture(view=view)
        drawn = sheeted(picture, "Storage, and what is read from it")
        still = {"text/plain": picture.text, "image/svg+xml": drawn}
        return with_still(data, self.model_id, still), metadata


def _first_of(named: Mapping[str, Tensor]) -> Tensor:
    """Return the first tensor, after a look at all."""
    if not named:
        raise ValueError('give at least one tensor, as in StorageExplorer({"t": t, "t.T": t.T})')
    for name, tensor in named.items():
        refuse_large(name, tensor)
    first = next(iter(named.values()))
    home = first.untyped_storage().data_ptr()
    for name, tensor in named.items():
        if tensor.untyped_storage().data_ptr() != home or tensor.dtype != first.dtype:
            raise ValueError(
                f"{name} does not share its storage with {next(iter(named))}: it is a copy. Only "
                "views of one storage can be explored together"
            )
    return first


def _recipe_of(name: str, tensor: Tensor) -> StorageRecipe:
    return {
        "name": name,
        "shape": list(tensor.shape),
        "stride": list(tensor.stride()),
        "offset": int(tensor.storage_offset()),
    }


def _facts(view: Tensor, places: list[int], size: int) -> str:
    """Say whether it is contiguous, and how many places it reads."""
    read = len(set(places))
    contiguous = "contiguous" if view.is_contiguous() else "not contiguous"
    often = "; some are read more than once" if read < len(places) else ""
    return f"It is {contiguous} and reads {read} of {size} places{often}."
