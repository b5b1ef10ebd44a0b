"""Walks through a graph: its values in forward order, its gradients in backward order."""

from labkit.capture.walkthrough.walker import Walker

__all__ = ["Walker"]
