"""The process that writes the file of a run, and whether it may still write."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

STALE_SECONDS = 60.0
"""Time without a sign of life from the writing process after which it is taken as ended, in s."""
_CLOCKS_DIFFER_SECONDS = 600.0
"""How much the clocks of two machines may differ, in s."""


@dataclass(frozen=True)
class Writer:
    """The process that writes a file.

    Attributes
    ----------
    process : int
        Its number.
    host : str
        Name of its machine.
    written_at : float
        When it last wrote, in s since 1970.
    generation : int
        Changes when everything was written anew.
    namespace : str
        Within which its number is known, as each container may have its own; ``""`` if unknown.
    """

    process: int
    host: str
    written_at: float
    generation: int
    namespace: str = ""


def process_namespace() -> str:
    """Return what tells the processes of this container from those of others (Linux)."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - the text is not a path
    except OSError:
        return ""


def why_ended(writer: Writer, steps: int, unchanged_seconds: float) -> str | None:
    """Return why a process will not write to its file any more; None if it may.

    Parameters
    ----------
    writer : Writer
    steps : int
        Number of completed steps in the file.
    unchanged_seconds : float
        For how long the file has been seen not to change, in s.
    """
    is_here = (writer.host, writer.namespace) == (platform.node(), process_namespace())
    is_gone = is_here and not _exists(writer.process)
    is_silent = unchanged_seconds > STALE_SECONDS
    is_old = time.time() - writer.written_at > _CLOCKS_DIFFER_SECONDS
    if not (is_gone or is_silent or is_old):
        return None
    was = "was killed" if is_gone else "was killed, or cannot write any more"
    return f"the process that trained {was} after step {steps:,}"


def _exists(process: int) -> bool:
    """Return whether there is a process of this number on this machine."""
    if os.name == "nt" or process <= 0:  # os.kill would end it, or address a group
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """Return whether a process has ended and only its parent has not taken note yet (Linux)."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] == "Z"
