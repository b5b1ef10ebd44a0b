"""The computation graph that autograd built: its parts, sizes, costs, history and text forms."""

from labkit.run.graph.computation_graph import ComputationGraph

__all__ = ["ComputationGraph"]
