"""Draws the packages of labkit and of its frontend into ``docs/architecture.svg``.

``make architecture`` draws the picture from the imports of the code, and
``tests/unit/test_architecture.py`` compares it with them.
"""
