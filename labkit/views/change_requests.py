"""Requests of a page that change the training of a run."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from labkit.run import Run
from labkit.run.changeable import checked_budget
from labkit.run.control import change_requests
from labkit.run.control.change_requests import Events
from labkit.run.hyperparameters import checked_adjustment
from labkit.run.run_event import QUANTITIES

ACKNOWLEDGED_AFTER_SECONDS = 1.0
"""Time after which a change that waits for the end of a step is acknowledged, in s."""


class WrongChangeError(Exception):
    """A requested change that is not possible; its text is the reason."""


def requested_change(run: Run, content: Any) -> Future[Events] | None:
    """Queue the change that a page requests.

    Parameters
    ----------
    run : Run
    content : object
        The content of a message of a page, possibly malformed.

    Returns
    -------
    Future or None
        None if the message is no such request.

    Raises
    ------
    WrongChangeError
        If the change is not possible.
    """
    try:
        return _queued(run, content)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WrongChangeError(str(error)) from error


def _queued(run: Run, content: Any) -> Future[Events] | None:
    match content:
        case {
            "type": "adjust",
            "group": str(group),
            "quantity": str(quantity),
            "value": [*numbers],
            "schedule": schedule,
        } if quantity in QUANTITIES:
            value = numbers if quantity == "betas" else numbers[0] if numbers else None
            values: Any = {quantity: value}
            adjustment = checked_adjustment(group, values, schedule)
            return change_requests.request_adjustment(run, adjustment)
        case {"type": "freeze", "module": str(path), "frozen": bool(frozen)}:
            request = change_requests.request_freeze if frozen else change_requests.request_thaw
            return request(run, path)
        case {"type": "budget", "budget": budget}:
            return change_requests.request_budget(run, checked_budget(budget))
        case {"type": "undo", "event": int(id)}:
            return change_requests.request_undo(run, id)
    return None
