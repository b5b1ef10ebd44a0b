"""Finds out which of several processes this one is, and the run of rank 0, without waiting.

A collective operation would need all processes to call it at the same moment: a script that watches
in one process only, an uneven number of batches, or a process that died would block the others. The
process of rank 0 therefore writes the id of its run into the store of the default process group,
and the others look whether it is there: at some steps, until they have found it.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

from labkit.capture import torch_compat
from labkit.run import Run
from labkit.run.error_text import described
from labkit.run.ranks import RankFacts

_NOT_SHARED = (
    "The runs of the other processes are not shown with that of rank 0, as they could not be found "
    "by the store of the process group. Each file can be loaded by itself. ({})"
)


class RankExchange:
    """Sets the place of a run among those of all processes, as soon as it is known."""

    def __init__(self) -> None:
        self._look_at = 0
        """The step from which the store is looked at again."""
        self._is_done = False

    def update(self, run: Run, step: int, *, is_last: bool = False) -> None:
        """Set what is known; to be called at some steps on the training thread.

        Parameters
        ----------
        run : Run
        step : int
            Number of completed steps.
        is_last : bool
            Whether the run ends.
        """
        if self._is_done or (step < self._look_at and not is_last):
            return
        place = torch_compat.place_of_process()
        if place is None:
            return
        if run.ranks is None or (run.ranks.rank, run.ranks.world_size) != place:
            main = "" if place.rank else run.id
            run.ranks = RankFacts(place.rank, place.world_size, main)
        self._look_at = 2 * step
        if not run.save_key:
            return
        try:
            self._is_done = _exchange(run, run.ranks)
        except Exception as error:  # noqa: BLE001 - the loop must run in any case
            self._is_done = True
            run.add_notice("ranks", _NOT_SHARED.format(described(error)))


def _exchange(run: Run, place: RankFacts) -> bool:
    """Publish the run of rank 0, or look for it; return whether that was possible."""
    restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    key = f"labkit/{restart}/{run.save_key}"
    if not place.rank:
        name = "" if run.path is None else run.path.name
        return torch_compat.publish_text(key, json.dumps({"id": run.id, "file": name}))
    text = torch_compat.published_text(key)
    if text is None:
        return False
    found = json.loads(text)
    run.ranks = replace(place, main=str(found["id"]), main_file=str(found["file"]))
    return True
