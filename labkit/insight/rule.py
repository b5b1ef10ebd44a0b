"""The definition of a rule: a match function, and the texts of its finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labkit.insight.evidence import Evidence
from labkit.run.finding import Finding, Severity


@dataclass(frozen=True)
class RuleMatch:
    """The evidence of a rule in one run; the attributes are those of `Finding`.

    Series without points are excluded from the finding.
    """

    message: str
    steps: tuple[int, int]
    where: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    node: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class Rule:
    """A rule that detects one kind of problem.

    Attributes
    ----------
    id : str
        For example ``"exploding-gradients"``.
    severity : {"error", "warning", "hint"}
    cause : str
        The usual cause of the problem.
    advice : tuple of str
        What to try, the most promising first.
    match : callable
        Takes the evidence; returns a `RuleMatch`, or None if the problem is not detected.
    chapter : str or None
        Name of the course notebook that explains the problem, without ``.ipynb``.
    explained_by : tuple of str
        Ids of the rules whose findings suppress the finding of this rule; ``"*"`` for all others.
    """

    id: str
    severity: Severity
    cause: str
    advice: tuple[str, ...]
    match: Callable[[Evidence], RuleMatch | None]
    chapter: str | None = None
    explained_by: tuple[str, ...] = ()

    def evaluate(self, evidence: Evidence) -> Finding | None:
        """Return the finding, or None if the problem is not detected."""
        match = self.match(evidence)
        if match is None:
            return None
        return Finding(
            rule=self.id,
            severity=self.severity,
            message=match.message,
            where=match.where,
            steps=match.steps,
            cause=self.cause,
            advice=self.advice,
            series=tuple(name for name in match.series if evidence.has_points(name)),
            node=match.node,
            line=match.line,
            chapter=self.chapter,
        )


def enumerated(names: tuple[str, ...] | list[str], what: str, limit: int = 3) -> str:
    """Return an English enumeration of names, with the number of those beyond the limit.

    Examples
    --------
    >>> enumerated(("a", "b"), "layer")
    'the layers a and b'
    >>> enumerated(["a"], "layer")
    'the layer a'
    >>> enumerated(list("abcdef"), "layer")
    'the layers a, b, c and 3 more'
    """
    shown = [*names[:limit], *([f"{len(names) - limit} more"] if len(names) > limit else [])]
    if len(shown) == 1:
        return f"the {what} {shown[0]}"
    return f"the {what}s {', '.join(shown[:-1])} and {shown[-1]}"
