"""Builds the messages from the kernel to the page, whose types are in `labkit.views.messages`.

A message consists of content that can be encoded as JSON, and a list of binary buffers. Numbers
that may be NaN or infinite are written to buffers, little endian; the content refers to a buffer by
its index.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.run import ComputationGraph
from labkit.run.activations import ActivationLog, Picture
from labkit.run.histograms import HISTOGRAM_BINS, HistogramLog
from labkit.run.inspection import Inspection, TensorStatistics
from labkit.run.model_input import ModelInput
from labkit.views.messages.protocol import PROTOCOL_VERSION

__all__ = [
    "PROTOCOL_VERSION",
    "Message",
    "acknowledged",
    "asset",
    "finite",
    "graph_data",
    "histograms",
    "inspection",
    "older_graph",
    "other_version",
    "page_part",
    "picture",
    "refused",
    "subjects",
]

_MAX_NODES = 20_000
"""Maximum number of nodes of a graph that a page draws."""
_MAX_ECHO = 200
"""Maximum number of characters of a request that its refusal repeats."""


@dataclass
class Message:
    """The content and the buffers of a message to the page."""

    content: dict[str, Any]
    buffers: list[bytes] = field(default_factory=list)

    def add(self, values: NDArray[Any], dtype: str) -> int:
        """Append an array as a buffer of the given dtype and return the index of the buffer."""
        self.buffers.append(np.ascontiguousarray(values, dtype).tobytes())
        return len(self.buffers) - 1


def finite(value: Any) -> Any:
    """Return None for NaN and infinity, which JSON cannot contain; any other value unchanged."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def graph_data(graph: ComputationGraph) -> dict[str, Any]:
    """Return a graph for the page; of a graph with more than 20,000 nodes, only the reason."""
    if len(graph.nodes) <= _MAX_NODES:
        return graph.to_json()
    reason = (
        f"The graph has {len(graph.nodes):,} nodes; more than {_MAX_NODES:,} are not drawn. "
        "As plain data it is whole: lk.graph.capture(...).to_json(), to_dot(), to_networkx()."
    )
    empty = ComputationGraph((), (), (), graph.step, reason)
    return {**empty.to_json(), "signature": graph.signature}


def older_graph(signature: str, graph: ComputationGraph | None) -> Message:
    """Return the reply to a request for an earlier structure; `graph` is None without one."""
    data = None if graph is None else graph_data(graph)
    return Message({"type": "graph", "signature": signature, "graph": data})


def inspection(request: int, found: Inspection | None) -> Message:
    """Return statistics of a parameter or of a node, and of its gradient."""
    message = Message({"type": "inspection", "request": request})
    for name in ("value", "gradient"):
        statistics: TensorStatistics | None = getattr(found, name, None)
        message.content[name] = None if statistics is None else _statistics(message, statistics)
    norms = () if found is None else found.norms
    message.content["norms"] = [
        {"kind": norm.kind, "step": norm.step, "value": finite(norm.value)} for norm in norms
    ]
    message.content["reason"] = None if found is None else found.reason
    return message


def histograms(
    request: int | None, log: HistogramLog, names: Sequence[str], bins: str, step: int | None
) -> Message:
    """Return gradient histograms.

    Parameters
    ----------
    request : int or None
        None without a request.
    log : HistogramLog
    names : sequence of str
        Names of parameters.
    bins : str
        "even" for bins of equal width; otherwise powers of two of the magnitude.
    step : int or None
        The newest histograms up to this step are returned; the newest of all for None.
    """
    bins = "even" if bins == "even" else "magnitude"
    content = {"type": "histograms", "request": request, "names": list(names), "bins": bins}
    message = Message(content)
    prefix = "grad_linear" if bins == "even" else "grad"
    found = [log.at(f"{prefix}/{name}", step) for name in names]
    steps = [float("nan") if each is None else each[0] for each in found]
    edges = [np.zeros(HISTOGRAM_BINS + 1) if each is None else each[1] for each in found]
    counts = [np.zeros(HISTOGRAM_BINS) if each is None else each[2] for each in found]
    message.content["steps"] = message.add(np.array(steps), "<f8")
    message.content["edges"] = message.add(np.array(edges), "<f8")
    message.content["counts"] = message.add(np.array(counts), "<f4")
    return message


def subjects(request: int | None, log: ActivationLog) -> Message:
    """Return the modules with pictures of activations, and the steps of these pictures.

    `request` is None without a request, as in `picture`.
    """
    found = [
        {
            "module": module,
            "kind": kind,
            "steps": list(log.steps(module, kind)),
            "range": log.range(module, kind),
        }
        for module, kind in log.subjects()
    ]
    return Message({"type": "subjects", "request": request, "subjects": found})


def picture(request: int | None, found: Picture | None) -> Message:
    """Return a picture of activations; `found` is None without one."""
    message = Message({"type": "picture", "request": request, "picture": None})
    if found is not None:
        message.content["picture"] = {
            "module": found.module,
            "kind": found.kind,
            "step": found.step,
            "shape": list(found.values.shape),
            "panels": list(found.panels),
            "rows": found.rows,
            "columns": found.columns,
            "silent": list(found.silent),
            "whole": list(found.whole),
            "values": message.add(found.values, "<f4"),
            "given": None if found.given is None else _model_input(message, found.given),
        }
    return message


def _model_input(message: Message, given: ModelInput) -> dict[str, Any]:
    return {
        "form": given.form,
        "shape": list(given.values.shape),
        "whole": list(given.whole),
        "tokens": list(given.tokens),
        "values": message.add(given.values, "<f4"),
    }


def acknowledged(request: int) -> Message:
    """Return the reply to a control request, or to a request to silence a rule."""
    return Message({"type": "acknowledged", "request": request})


def page_part(request: int, index: int, count: int, part: bytes) -> Message:
    """Return a part of an HTML page that is compressed with gzip."""
    about = {"type": "page", "request": request, "index": index, "count": count}
    return Message(about, [part])


def other_version(version: object) -> str:
    """Return the sentence that a page with another protocol version displays."""
    return (
        f"This page speaks version {str(version)[:_MAX_ECHO]} of labkit's protocol and the kernel "
        f"version {PROTOCOL_VERSION}. Restart the kernel and reload the page."
    )


def refused(reason: str, content: object = None) -> Message:
    """Return the reply to a request that labkit cannot fulfil.

    Parameters
    ----------
    reason : str
        A sentence.
    content : object, optional
        The request. Its number, type and subject are part of the reply. The subject of a ``hello``
        is the page's protocol version, by which other pages recognise that it is not theirs.
    """
    asked = content if isinstance(content, dict) else {}
    about: dict[str, Any] = dict.fromkeys(("request", "question", "subject"))
    if isinstance(asked.get("request"), int):
        about["request"] = asked["request"]
    if isinstance(asked.get("type"), str):
        about["question"] = asked["type"][:_MAX_ECHO]
    subject = asked.get("signature", asked.get("name", asked.get("protocol")))
    if isinstance(subject, (str, int)):
        about["subject"] = str(subject)[:_MAX_ECHO]
    return Message({"type": "refused", "reason": reason, **about})


def asset(name: str, compressed: bytes) -> Message:
    """Return a script of the frontend, compressed with gzip."""
    return Message({"type": "asset", "name": name}, [compressed])


def _statistics(message: Message, statistics: TensorStatistics) -> dict[str, Any]:
    numbers = (statistics.minimum, statistics.maximum, statistics.mean, statistics.deviation)
    return {
        "shape": list(statistics.shape),
        "dtype": statistics.dtype,
        "step": statistics.step,
        "sampled": statistics.sampled,
        "numbers": message.add(np.array(numbers), "<f8"),
        "zeros": statistics.zeros,
        "not_finite": statistics.not_finite,
        "edges": message.add(statistics.edges, "<f8"),
        "counts": message.add(statistics.counts, "<f8"),
    }
