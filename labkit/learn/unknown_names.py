"""What is said of a name that a chapter does not have: the nearest one, and all that there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from labkit.learn.predictions.typed_values import shown


def named(name: object, known: Iterable[str], what: str) -> str:
    """Return a name that is known; otherwise raise an error with the nearest one.

    Parameters
    ----------
    name : object
        What was given.
    known : iterable of str
    what : str
        What the names are of, as in "this chapter has no exercise".

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is not known.

    Examples
    --------
    >>> named("standardize", ["mse", "standardise"], "this chapter has no exercise")
    Traceback (most recent call last):
    ValueError: this chapter has no exercise 'standardize' (did you mean 'standardise'?); \
it has mse, standardise
    """
    names = list(known)
    if not isinstance(name, str):
        raise TypeError(
            f"the first argument is a name in quotes, as in {names[0]!r}; got {shown(name)}"
        )
    if name in names:
        return name
    near = difflib.get_close_matches(name.strip().lower(), names, n=1)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    raise ValueError(f"{what} {name!r}{meant}; it has {', '.join(names)}")
