"""Names for the sizes of tensors that vary between passes of the same structure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]
Shapes = tuple[Shape | None, ...]
"""The shapes of the nodes of a graph, then those of its edges."""
Dims = tuple[str, ...]
_Values = tuple[int, ...]
"""One size in each of several passes."""

_LETTERS = "NMKPQRS"
_MAX_OFFSET = 4
"""Maximum difference for which a size is written as another one plus a number."""


@dataclass(frozen=True)
class NamedSizes:
    """The sizes of several passes, with a name for each that varies.

    Attributes
    ----------
    values : dict of str to tuple of int
        By name, the different values in the order in which they occurred.
    dims : tuple of (tuple of str or None)
        By place in the shapes: the sizes as text; None if none of them varies.
    """

    values: dict[str, _Values]
    dims: tuple[Dims | None, ...]


def named_sizes(passes: Sequence[Shapes]) -> NamedSizes:
    """Return names for the sizes that vary between passes of the same structure.

    A size that is a multiple or a product of others, or a little larger or smaller, is written by
    their names.

    Examples
    --------
    >>> batches = [((32, 10), (320, 4), (3,)), ((7, 10), (70, 4), (3,))]
    >>> named = named_sizes(batches)
    >>> named.values, named.dims
    ({'N': (32, 7)}, (('N', '10'), ('10N', '4'), None))
    """
    places = list(zip(*passes, strict=True))
    varying = dict.fromkeys(
        values for shapes in places for values in _by_dimension(shapes) if len(set(values)) > 1
    )
    terms = _terms(varying)
    bases = list(dict.fromkeys(base for each in varying for base in terms[each].factors))
    names = {base: _name(number) for number, base in enumerate(bases)}

    def text(values: _Values) -> str:
        return terms[values].text(names) if values in terms else str(values[0])

    dims = []
    for shapes in places:
        columns = _by_dimension(shapes)
        varies = any(values in terms for values in columns)
        dims.append(tuple(map(text, columns)) if varies else None)
    return NamedSizes({name: _distinct(base) for base, name in names.items()}, tuple(dims))


@dataclass(frozen=True)
class _Term:
    """A product of varying sizes and a number, plus another number."""

    factors: tuple[_Values, ...]
    multiple: int = 1
    offset: int = 0

    def text(self, names: dict[_Values, str]) -> str:
        number = str(self.multiple) if self.multiple > 1 else ""
        product = number + "\N{MIDDLE DOT}".join(names[factor] for factor in self.factors)
        sign = "\N{MINUS SIGN}" if self.offset < 0 else "+"
        return f"{product}{sign}{abs(self.offset)}" if self.offset else product


def _by_dimension(shapes: Sequence[Shape | None]) -> list[_Values]:
    """Return the sizes of each dimension in all passes; none if a shape is unknown."""
    known = [shape for shape in shapes if shape is not None]
    return list(zip(*known, strict=True)) if len(known) == len(shapes) else []


def _terms(varying: Iterable[_Values]) -> dict[_Values, _Term]:
    """Return each varying size as a term of as few base sizes as possible."""
    main: list[_Values] = []
    offsets: dict[_Values, tuple[_Values, int]] = {}
    for values in varying:
        near = ((each, _offset(values, each)) for each in main)
        found = next(((each, offset) for each, offset in near if offset is not None), None)
        if found is None:
            main.append(values)
        else:
            offsets[values] = found
    terms: dict[_Values, _Term] = {}
    bases: list[_Values] = []
    for values in sorted(main, key=sum):
        term = _product(values, bases)
        if term is None:
            bases.append(values)
        terms[values] = term or _Term((values,))
    for values, (near_to, offset) in offsets.items():
        of = terms[near_to]
        terms[values] = _Term(of.factors, of.multiple, offset)
    return terms


def _offset(values: _Values, other: _Values) -> int | None:
    """Return the constant difference of two sizes; None if it varies or is large."""
    differences = {one - two for one, two in zip(values, other, strict=True)}
    offset = differences.pop()
    return None if differences or abs(offset) > _MAX_OFFSET else offset


def _product(values: _Values, bases: Sequence[_Values]) -> _Term | None:
    """Return a size as a multiple of a base, or of the product of two; None if it is neither."""
    pairs = [(one, two) for place, one in enumerate(bases) for two in bases[place:]]
    for factors in [*((base,) for base in bases), *pairs]:
        products = [1] * len(values)
        for factor in factors:
            products = [one * two for one, two in zip(products, factor, strict=True)]
        if all(products) and all(v % p == 0 for v, p in zip(values, products, strict=True)):
            multiples = {v // p for v, p in zip(values, products, strict=True)}
            if len(multiples) == 1:
                return _Term(factors, multiples.pop())
    return None


def _name(number: int) -> str:
    letter, round_ = _LETTERS[number % len(_LETTERS)], number // len(_LETTERS)
    return f"{letter}{round_ + 1}" if round_ else letter


def _distinct(values: _Values) -> _Values:
    return tuple(dict.fromkeys(values))
