"""The autograd graph: traversal, module calls, fingerprint, source lines, one-shot capture."""
