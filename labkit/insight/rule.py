"""The definition of a rule: a match function, and the texts of its finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labkit.insight.evidence import Evidence
from labkit.run.finding import CERTAINTIES, Certainty, Finding, Severity


@dataclass(frozen=True)
class RuleMatch:
    """The evidence of a rule in one run; the attributes are those of `Finding`.

    Series without points are excluded from the finding. A `certainty` replaces that of the rule if
    it is lower.
    """

    message: str
    steps: tuple[int, int]
    where: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    node: str | None = None
    line: str | None = None
    certainty: Certainty | None = None


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
    certainty : {"certain", "likely", "possible"}
        Certainty of the findings, unless a match has a lower one.
    about_stopped_layers : bool
        Whether the findings are about layers that have stopped learning. Such a finding is kept
        although the rule no longer matches, until their gradients return or the loss falls.
    about_standstill : bool
        Whether the findings say that nothing changes. They do not suppress an earlier finding about
        stopped layers.
    """

    id: str
    severity: Severity
    cause: str
    advice: tuple[str, ...]
    match: Callable[[Evidence], RuleMatch | None]
    chapter: str | None = None
    explained_by: tuple[str, ...] = ()
    certainty: Certainty = "likely"
    about_stopped_layers: bool = False
    about_standstill: bool = False

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
            certainty=max(self.certainty, match.certainty or self.certainty, key=CERTAINTIES.index),
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
