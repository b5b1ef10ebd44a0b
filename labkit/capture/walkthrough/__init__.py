"""Walks through a real graph: values forward, gradients backward, as autograd runs them."""

from labkit.capture.walkthrough.walker import Walker

__all__ = ["Walker"]
