"""Finds a parameter group again after the groups of its optimizer were reordered or replaced."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch


class GroupAnchor:
    """Identifies a parameter group by its first parameter, and by its dict while that is in place.

    `torch.optim.Optimizer.load_state_dict` replaces the dicts and retains the parameters; other
    code replaces the parameters in a dict, or removes, inserts and reorders groups.

    Parameters
    ----------
    group : dict
    place : int
        Its place in the optimizer.

    Attributes
    ----------
    place : int or None
        None while the group is not in the optimizer.

    Examples
    --------
    >>> first, second = ({"params": [torch.zeros(1)]} for _ in range(2))
    >>> anchor = GroupAnchor(second, 1)
    >>> anchor.find([second, first])
    0
    >>> anchor.find([first]) is None
    True
    """

    def __init__(self, group: dict[str, Any], place: int) -> None:
        self.place: int | None = place
        self._parameter = _reference(group)
        self._group = id(group)

    def find(self, groups: Sequence[dict[str, Any]]) -> int | None:
        """Return the present place of the group, None if it is gone; also set `place`."""
        parameter = self._parameter()
        there = None
        if self.place is not None and self.place < len(groups):
            there = groups[self.place]
            if there["params"] and there["params"][0] is parameter:
                return self.place
        for number, group in enumerate(groups if parameter is not None else ()):
            if any(each is parameter for each in group["params"]):
                self.place = number
                return number
        if there is not None and (parameter is None or id(there) == self._group):
            self._parameter, self._group = _reference(there), id(there)
        else:
            self.place = None
        return self.place


def _reference(group: dict[str, Any]) -> weakref.ref[torch.Tensor]:
    parameters = list(group["params"])
    return weakref.ref(parameters[0] if parameters else torch.empty(0))
