"""The only code that touches a live model: hooks, the autograd graph, statistics, the budget.

A `Probe` is told of every backward pass and optimizer step, reads the loss and the learning
rates each time and costlier things as often as its budget allows, and writes into a `Run`.
Imports torch; never a widget.
"""

from labkit.capture.attach import attach
from labkit.capture.graph.autograd_walk import capture_graph

__all__ = ["attach", "capture_graph"]
