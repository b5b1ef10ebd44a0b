"""How long the loop that trains is, read from its source and its variables while it runs.

A nest of ``for`` loops around the steps (`nest`) says how many iterations are left, and two looks
at it how many steps these have (`estimate`). Only what is certain is used: every loop between the
step and the place where the run was created has a known length and position, and nothing in it
changes the variables that determine these. No code of the user is executed but ``len`` of a data
loader, and all of this takes place on the training thread, at most once a second.
"""

from labkit.capture.loop_length.reader import LoopLengthReader

__all__ = ["LoopLengthReader"]
