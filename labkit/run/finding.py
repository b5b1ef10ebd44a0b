"""What insight has to say about a run, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "hint"]


@dataclass(frozen=True)
class Finding:
    """One thing that goes wrong in a run, and what is known of it.

    Attributes
    ----------
    rule : str
        The rule that found it, for example ``"exploding-gradients"``; one finding a rule.
    severity : {"error", "warning", "hint"}
        ``"error"``: training cannot succeed like this; ``"warning"``: it is going badly;
        ``"hint"``: it could go better.
    message : str
        What is seen in this run, as one plain sentence with its numbers.
    where : tuple of str
        Paths of modules or names of parameters, the most telling first; empty for the whole run.
    steps : tuple of int, (first, last)
        The steps at which it was seen.
    cause : str
        What usually causes it.
    advice : tuple of str
        What to try, the likeliest first.
    series : tuple of str
        Names of the series that show it, for `Run.series`.
    node : str or None
        Id of the graph's node that it is about.
    line : str or None
        The line of the user's own code that it is about, ``"file:number"``.
    chapter : str or None
        The notebook of the course that explains it, without its ending.
    """

    rule: str
    severity: Severity
    message: str
    where: tuple[str, ...]
    steps: tuple[int, int]
    cause: str
    advice: tuple[str, ...]
    series: tuple[str, ...] = ()
    node: str | None = None
    line: str | None = None
    chapter: str | None = None
