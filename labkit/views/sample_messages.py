"""Builds what pages display of the logged images, texts and figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from labkit.run.logged.sample import LoggedSample
from labkit.run.logged.sample_log import SampleLog
from labkit.views.message_builders import Message
from labkit.views.messages.samples import SampleSeries

MAX_CHANGED_STEPS = 1_500
"""Number of steps in a frame from which further series wait for the next one; some 10 kB."""


def series_by_name(log: SampleLog) -> dict[str, SampleSeries]:
    """Return what is stored under each name.

    Examples
    --------
    >>> log = SampleLog()
    >>> log.add(LoggedSample("prompt", 3, "text", b"a cat"))
    >>> series_by_name(log)
    {'prompt': {'name': 'prompt', 'kind': 'text', 'steps': [3], 'logged': 1}}
    """
    return {
        each.name: {
            "name": each.name,
            "kind": each.kind,
            "steps": list(each.steps),
            "logged": each.logged,
        }
        for each in log.series()
    }


def changed_series(
    sent: Mapping[str, SampleSeries], present: Mapping[str, SampleSeries]
) -> dict[str, SampleSeries]:
    """Return the series for the next frame: those that differ from what was sent.

    A series of which nothing is stored any more has no steps. At most about 1,500 steps are
    returned, and one series in any case.
    """
    gone: dict[str, SampleSeries] = {
        name: {**series, "steps": []}
        for name, series in sent.items()
        if name not in present and series["steps"]
    }
    changed: dict[str, SampleSeries] = {}
    room = MAX_CHANGED_STEPS
    for name, series in {**gone, **present}.items():
        if series == sent.get(name):
            continue
        room -= len(series["steps"])
        if changed and room < 0:
            break
        changed[name] = series
    return changed


def sample(request: int | None, found: LoggedSample | None) -> Message:
    """Return a sample; `request` is None without a request, `found` is None without a sample."""
    message = Message({"type": "sample", "request": request, "sample": None})
    if found is not None:
        message.content["sample"] = {
            "name": found.name,
            "step": found.step,
            "kind": found.kind,
            "description": found.description,
            "width": found.width,
            "height": found.height,
            "content": message.add(np.frombuffer(found.content, np.uint8), "u1"),
        }
    return message
