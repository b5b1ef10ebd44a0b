"""The autograd graph: walk, module calls, fingerprint, the user's lines, one-shot capture."""
