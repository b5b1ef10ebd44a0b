"""What widgets exchange whose page asks the kernel for something else than it shows.

The page numbers its queries. The kernel handles them one after the other and sends the number of
the last one that it handled, so that the page knows whether an answer is that to its latest query.
"""

from __future__ import annotations

from typing import TypedDict


class Query(TypedDict):
    """What a page asks for; `number` counts its queries."""

    number: int


class AnsweringState(TypedDict):
    """The part of such a widget's state that all have.

    `answered` is the number of the last query that was handled. `said` is what the kernel says
    about it: a problem, or a sentence about the answer; often nothing.
    """

    protocol: int
    answered: int
    said: str
