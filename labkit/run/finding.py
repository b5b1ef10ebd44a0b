"""A finding: a problem that a rule detects in a run, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "hint"]


@dataclass(frozen=True)
class Finding:
    """A problem in a run, with its evidence, its usual cause and advice.

    Attributes
    ----------
    rule : str
        Id of the rule, for example ``"exploding-gradients"``. A run has at most one finding per
        rule.
    severity : {"error", "warning", "hint"}
        ``"error"``: training cannot succeed; ``"warning"``: training is impaired; ``"hint"``:
        training could be improved.
    message : str
        A sentence that describes the problem in this run, with the numbers.
    where : tuple of str
        Paths of modules or names of parameters, the most relevant first; empty if the whole run is
        concerned.
    steps : tuple of int, (first, last)
        First and last step at which the problem was detected.
    cause : str
        The usual cause.
    advice : tuple of str
        What to try, the most promising first.
    series : tuple of str
        Names of the series that show the problem, for `Run.series`.
    node : str or None
        Id of the node in the computation graph.
    line : str or None
        Line of the user's code, as ``"file:number"``.
    chapter : str or None
        Name of the course notebook that explains the problem, without ``.ipynb``.

    Examples
    --------
    >>> finding = Finding("plateau", "warning", "The loss does not fall.", (), (1, 200), "", ())
    >>> finding.rule, finding.steps
    ('plateau', (1, 200))
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
