"""The findings of a run as SVG and text, the most severe first."""

from __future__ import annotations

from labkit.run import Run
from labkit.run.finding import SEVERITIES, Finding
from labkit.views.still.sheet import INSET, LINE, Section, label, lines

_LETTERS = 100
_TEXT_LETTERS = 300
_MAX_LINES = 3
_INDENT = 66


def most_severe(run: Run) -> list[Finding]:
    """Return the findings of a run, the most severe first."""
    return sorted(run.findings, key=lambda finding: SEVERITIES.index(finding.severity))


def findings(run: Run, most: int, *, with_advice: bool) -> Section:
    """Return the first findings of a run; one sentence each, or with cause and advice."""
    found = most_severe(run)
    body = label(INSET, 14, "Findings", kind="k")
    y = 14
    if not found:
        return Section(body + label(INSET + _INDENT, 14, "None."), y + 4)
    for finding in found[:most]:
        y += LINE + 2
        body += label(INSET, y, finding.severity, kind=f"k {finding.severity}")
        texts = lines(finding.message, _LETTERS - 10, _MAX_LINES)
        if with_advice:
            texts += lines(f"Cause: {finding.cause}", _LETTERS - 10, _MAX_LINES)
            for advice in finding.advice:
                texts += lines(f"· {advice}", _LETTERS - 10, _MAX_LINES)
        body += "".join(
            label(INSET + _INDENT, y + LINE * row, line) for row, line in enumerate(texts)
        )
        y += LINE * (len(texts) - 1)
    if len(found) > most:
        y += LINE
        body += label(INSET + _INDENT, y, f"and {len(found) - most} more", kind="u")
    return Section(body, y + 4)


def text(run: Run) -> list[str]:
    """Return the findings as lines of text, also if there are none."""
    found = most_severe(run)
    if not found:
        return ["  findings: none"]
    messages = [f"    {each.severity}: {each.message[:_TEXT_LETTERS]}" for each in found]
    return ["  findings:", *messages]
