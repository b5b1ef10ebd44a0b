"""A line that is fitted to points, and the same fit as a walk over the map of its loss.

`walking` makes the steps with an optimizer of torch, `widget` shows them and answers to the page,
`still` draws the latest step for notebooks without a kernel.
"""

from __future__ import annotations

from labkit.learn.line_fit.widget import LineFit

__all__ = ["LineFit"]
