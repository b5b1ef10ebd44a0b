"""A place in a graph where gradients stop."""

from __future__ import annotations

from dataclasses import dataclass

from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.source_lines import Line


@dataclass
class Cut:
    """A place where gradients stop, the reason, and what is before and after it.

    `sources` are nodes with the numbers of their results; `output` describes the cut's own result.
    """

    op: str
    note: str
    line: Line | None
    sources: list[tuple[AutogradNode, int]]
    output: torch_compat.Output
    targets: list[AutogradNode]
