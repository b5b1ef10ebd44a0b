"""Records a live model; no other code accesses one.

`hooks` contains the functions that torch calls. `steps` turns these calls into steps, and writes
their losses and learning rates into a `Run`. `readings` cost more, and are taken as often as the
budget allows. `graph` captures the autograd graph, `incidents` the first step that went wrong, and
`walkthrough` what `lk.stepper` shows. The package imports torch, but no widgets.
"""

from labkit.capture.attach import attach
from labkit.capture.graph.autograd_traversal import capture_graph

__all__ = ["attach", "capture_graph"]
