"""Training on a thread of its own, and how it is held, interrupted and ended."""
