"""Walks through a real graph: values forward, gradients backward, as autograd runs them."""

from labkit.capture.stepping.walker import Walker

__all__ = ["Walker"]
