"""What a rule is: a look at the evidence, and the words that go with what it may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labkit.insight.evidence import Evidence
from labkit.run.finding import Finding, Severity


@dataclass(frozen=True)
class RuleMatch:
    """What a rule saw in one run; the attributes are those of `Finding`.

    Series in which nothing was read are left out of the finding.
    """

    message: str
    steps: tuple[int, int]
    where: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    node: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class Rule:
    """One thing that can go wrong.

    Attributes
    ----------
    id : str
    severity : {"error", "warning", "hint"}
    cause : str
        What usually causes it.
    advice : tuple of str
    match : callable
        Takes the evidence; returns what it saw, or None.
    chapter : str or None
        The notebook that explains it, without its ending.
    explained_by : tuple of str
        Rules whose findings explain this one, so that it is not told beside them; ``"*"`` stands
        for all others.
    """

    id: str
    severity: Severity
    cause: str
    advice: tuple[str, ...]
    match: Callable[[Evidence], RuleMatch | None]
    chapter: str | None = None
    explained_by: tuple[str, ...] = ()

    def evaluate(self, evidence: Evidence) -> Finding | None:
        """Return the finding, if the rule sees something."""
        seen = self.match(evidence)
        if seen is None:
            return None
        return Finding(
            rule=self.id,
            severity=self.severity,
            message=seen.message,
            where=seen.where,
            steps=seen.steps,
            cause=self.cause,
            advice=self.advice,
            series=tuple(name for name in seen.series if evidence.has_points(name)),
            node=seen.node,
            line=seen.line,
            chapter=self.chapter,
        )


def counted(names: tuple[str, ...] | list[str], what: str, most: int = 3) -> str:
    """Return some names as words: the first few, and how many more there are.

    Examples
    --------
    >>> counted(("a", "b"), "layer")
    'the layers a and b'
    >>> counted(["a"], "layer")
    'the layer a'
    >>> counted(list("abcdef"), "layer")
    'the layers a, b, c and 3 more'
    """
    shown = [*names[:most], *([f"{len(names) - most} more"] if len(names) > most else [])]
    if len(shown) == 1:
        return f"the {what} {shown[0]}"
    return f"the {what}s {', '.join(shown[:-1])} and {shown[-1]}"
