"""Builds the API pages and the guides into ``build/docs``: ``make docs``.

pdoc renders them: it reads NumPy docstrings, needs three small packages, and its pages fetch
nothing from the network.
"""
