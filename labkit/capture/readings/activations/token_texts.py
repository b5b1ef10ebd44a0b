"""The texts of token ids, as the user gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from labkit.run import Run
from labkit.run.error_text import described

Tokens = Callable[[int], str] | Mapping[int, str] | Sequence[str]
"""A function of an id, or a mapping or sequence that has the text of an id at this id."""

_MAX_CHARACTERS = 40
_MAX_KNOWN = 20_000


class TokenTexts:
    """Returns the texts of ids, each looked up once.

    Parameters
    ----------
    tokens : callable, mapping or sequence, optional
        None if the texts are unknown.

    Examples
    --------
    >>> TokenTexts({5: "the", 7: "cat"}).of([5, 7, 8])
    ('the', 'cat', '8')
    """

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._known: dict[int, str] = {}
        self._error: Exception | None = None

    def of(self, ids: Iterable[float]) -> tuple[str, ...]:
        """Return the text of each id, the number where there is none; empty without texts."""
        if self._tokens is None:
            return ()
        return tuple(self._text(int(each)) for each in ids)

    def notify(self, run: Run) -> None:
        """Add a notice if a text could not be looked up."""
        error, self._error = self._error, None
        if error is not None:
            run.add_notice(
                "activations",
                "The function that was given as tokens=... raised an error, so that ids are shown "
                f"as numbers from now on. ({described(error)})",
            )

    def _text(self, id: int) -> str:
        known = self._known.get(id)
        if known is None:
            known = self._look_up(id)[:_MAX_CHARACTERS]
            if len(self._known) < _MAX_KNOWN:
                self._known[id] = known
        return known

    def _look_up(self, id: int) -> str:
        tokens = self._tokens
        if isinstance(tokens, Mapping):
            return str(tokens.get(id, id))
        if isinstance(tokens, Sequence):
            return str(tokens[id]) if 0 <= id < len(tokens) else str(id)
        try:
            return str(id) if tokens is None else str(tokens(id))
        except Exception as error:  # noqa: BLE001 - a fault of the user's function is no fault of the loop
            self._tokens, self._error = None, error
            return str(id)
