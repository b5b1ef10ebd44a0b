"""Replies to the queries of a page that need nothing but what was recorded."""

from __future__ import annotations

from typing import Any

from labkit.run import Run
from labkit.views import message_builders as wire
from labkit.views import sample_messages

_MAX_HISTOGRAMS = 64


def reply(run: Run, content: Any) -> wire.Message | None:
    """Return the reply to a query.

    Parameters
    ----------
    run : Run
    content : object
        The content of a message of a page, possibly malformed.

    Returns
    -------
    Message or None
        None if the message is no such query.
    """
    match content:
        case {"type": "graph", "signature": str(signature)}:
            same = (graph for graph in run.graphs if graph.signature == signature)
            return wire.older_graph(signature, next(same, None))
        case {"type": "subjects", "request": int(request)}:
            return wire.subjects(request, run.activations)
        case {"type": "histograms", "request": int(request), "names": [*names], "bins": bins}:
            named = [str(name) for name in names[:_MAX_HISTOGRAMS]]
            return wire.histograms(request, run.histograms, named, str(bins), content.get("step"))
        case {"type": "picture", "request": int(request), "module": str(path), "kind": kind}:
            found = run.activations.at(path, kind, content.get("step"))
            return wire.picture(request, found)
        case {
            "type": "sample",
            "request": int(request),
            "name": str(name),
            "step": int() | None as step,
        }:
            return sample_messages.sample(request, run.sample_log.at(name, step))
    return None
