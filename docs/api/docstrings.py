"""What pdoc does not take as it stands in a docstring."""

from __future__ import annotations

import re

_STARRED = re.compile(r"^ *\*{1,2}\w+(?:, \*\*\w+)?$", re.MULTILINE)


def with_stars(docstring: str) -> str:
    r"""Return a docstring in which the stars of ``*inputs, **kwargs`` are no Markdown.

    Examples
    --------
    >>> print(with_stars("*inputs, **kwargs"))
    \*inputs, \*\*kwargs
    """
    return _STARRED.sub(lambda found: found[0].replace("*", r"\*"), docstring)
