"""Draws the rooms of labkit and of its frontend into ``docs/house.svg``, from their imports.

A room is a folder, or a file beside folders. ``make house`` draws the picture; a test compares its
rooms and arrows with the imports of the code.
"""
