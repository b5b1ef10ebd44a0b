"""The only code that touches a live model.

`hooks` is what torch calls; `steps` turns those calls into steps and writes their losses and
learning rates into a `Run`; `readings` are costlier and taken as often as the budget allows;
`graph` captures the autograd graph, `incidents` the first step that went wrong, and `walkthrough`
what `lk.stepper` shows. Imports torch; never a widget.
"""

from labkit.capture.attach import attach
from labkit.capture.graph.autograd_walk import capture_graph

__all__ = ["attach", "capture_graph"]
