"""Builds the messages to the page; `labkit.views.messages` has their types.

A message is JSON-ready content and a list of binary buffers. Numbers that can be NaN or
infinite travel in buffers, little endian; the content names them by their index.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labkit.run import ComputationGraph, Finding, RunState, SeriesTable
from labkit.run.activations import ActivationLog, Picture
from labkit.run.histograms import HISTOGRAM_BINS, HistogramLog
from labkit.run.inspection import Inspection, TensorStatistics
from labkit.run.kinds import WHOLE_KINDS
from labkit.run.series_table import Whole

PROTOCOL_VERSION = 3
"""Of the messages in `labkit.views.messages` and `labkit.views.stepper_messages`."""

_MOST_ECHO = 200
"""So many characters of a refused question are sent back at most."""
MOST_FRAME_BYTES = 56_000
"""Bound on the rows of all tables in one frame: what does not fit waits, or is sent as maxima."""


@dataclass
class Message:
    """Content and buffers of one message to the page."""

    content: dict[str, Any]
    buffers: list[bytes] = field(default_factory=list)

    def add(self, values: NDArray[Any], dtype: str) -> int:
        """Append an array as a buffer and return its index."""
        self.buffers.append(np.ascontiguousarray(values, dtype).tobytes())
        return len(self.buffers) - 1


class NewRows(NamedTuple):
    """Rows of one table that a page has not got yet.

    Attributes
    ----------
    table : SeriesTable
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
    is_known : bool
        Whether the page knows the names of its columns.
    """

    table: SeriesTable
    steps: NDArray[np.int64]
    values: NDArray[np.float32]
    is_known: bool = False


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _state(state: RunState) -> dict[str, Any]:
    return {name: _finite(value) for name, value in asdict(state).items()}


def snapshot(
    seq: int,
    state: RunState,
    tables: Sequence[tuple[SeriesTable, Whole]],
    graph: ComputationGraph | None,
    findings: Sequence[Finding] = (),
    course: str | None = None,
) -> Message:
    """Return everything a page needs to show a run from its beginning.

    `tables` are the tables and what each held when it was read; `course` is the folder of the
    course's notebooks, if they are at hand.
    """
    message = Message({"type": "snapshot", "seq": seq, "run": _state(state)})
    message.content["tables"] = [_whole_table(message, *each) for each in tables]
    message.content["graph"] = None if graph is None else graph.to_json()
    message.content["findings"] = [asdict(finding) for finding in findings]
    message.content["course"] = course
    return message


def frame(
    seq: int,
    state: RunState,
    rows: Mapping[str, NewRows],
    graph: ComputationGraph | None,
    findings: Sequence[Finding] | None = None,
) -> Message:
    """Return what is new since the message before.

    `graph` is None unless its structure is new, `findings` unless they changed.
    """
    message = Message({"type": "frame", "seq": seq, "run": _state(state)})
    room = max(MOST_FRAME_BYTES // max(1, len(rows)), MOST_FRAME_BYTES // 4)
    message.content["tables"] = [
        _rows(
            message,
            new.table,
            *_bounded(new.steps, new.values, room, sparse=new.table.kind not in WHOLE_KINDS),
            names=None if new.is_known else new.table.names[: new.values.shape[1]],
        )
        for new in rows.values()
    ]
    if graph is not None:
        message.content["graph"] = graph.to_json()
    if findings is not None:
        message.content["findings"] = [asdict(finding) for finding in findings]
    return message


def older_graph(signature: str, graph: ComputationGraph | None) -> Message:
    """Return the answer to a page that asks for a structure that was seen before."""
    data = None if graph is None else graph.to_json()
    return Message({"type": "graph", "signature": signature, "graph": data})


def inspection(request: int, found: Inspection | None) -> Message:
    """Return what a page asked for: a parameter's or an operation's values, and a gradient's."""
    message = Message({"type": "inspection", "request": request})
    for name in ("value", "gradient"):
        statistics: TensorStatistics | None = getattr(found, name, None)
        message.content[name] = None if statistics is None else _statistics(message, statistics)
    norms = () if found is None else found.norms
    message.content["norms"] = [
        {"kind": norm.kind, "step": norm.step, "value": _finite(norm.value)} for norm in norms
    ]
    message.content["reason"] = None if found is None else found.reason
    return message


def histograms(
    request: int, log: HistogramLog, names: Sequence[str], bins: str, step: int | None
) -> Message:
    """Return the histograms of some parameters' gradients, the newest not after a step."""
    message = Message({"type": "histograms", "request": request, "names": list(names)})
    prefix = "grad_linear" if bins == "even" else "grad"
    found = [log.at(f"{prefix}/{name}", step) for name in names]
    steps = [float("nan") if each is None else each[0] for each in found]
    edges = [np.zeros(HISTOGRAM_BINS + 1) if each is None else each[1] for each in found]
    counts = [np.zeros(HISTOGRAM_BINS) if each is None else each[2] for each in found]
    message.content["steps"] = message.add(np.array(steps), "<f8")
    message.content["edges"] = message.add(np.array(edges), "<f8")
    message.content["counts"] = message.add(np.array(counts), "<f4")
    return message


def subjects(request: int, log: ActivationLog) -> Message:
    """Return the modules of which there are pictures of activations."""
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


def picture(request: int, found: Picture | None) -> Message:
    """Return one picture of activations."""
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
        }
    return message


def acknowledged(request: int) -> Message:
    """Return the answer to a control message."""
    return Message({"type": "acknowledged", "request": request})


def other_version(version: object) -> str:
    """Return the sentence for a page that speaks another version of the protocol."""
    return (
        f"This page speaks version {str(version)[:_MOST_ECHO]} of labkit's protocol and the kernel "
        f"version {PROTOCOL_VERSION}. Restart the kernel and reload the page."
    )


def refused(reason: str, content: object = None) -> Message:
    """Return the answer to a message that labkit cannot take.

    Parameters
    ----------
    reason : str
        A sentence.
    content : object, optional
        The message: what tells one question from another is sent back.
    """
    asked = content if isinstance(content, dict) else {}
    about: dict[str, Any] = dict.fromkeys(("request", "question", "subject"))
    if isinstance(asked.get("request"), int):
        about["request"] = asked["request"]
    if isinstance(asked.get("type"), str):
        about["question"] = asked["type"][:_MOST_ECHO]
    subject = asked.get("signature", asked.get("name"))
    if isinstance(subject, str):
        about["subject"] = subject[:_MOST_ECHO]
    return Message({"type": "refused", "reason": reason, **about})


def asset(name: str, compressed: bytes) -> Message:
    """Return a built script, compressed with gzip."""
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


def _rows(
    message: Message,
    table: SeriesTable,
    steps: NDArray[np.int64],
    values: NDArray[np.float32],
    *,
    names: Sequence[str] | None,
) -> dict[str, Any]:
    return {
        "id": table.id,
        "kind": table.kind,
        "names": None if names is None else list(names),
        "columns": values.shape[1],
        "rows": len(steps),
        "steps": message.add(steps, "<f8"),
        "values": message.add(values, "<f4"),
    }


def _whole_table(message: Message, table: SeriesTable, whole: Whole) -> dict[str, Any]:
    buckets = whole.buckets
    first = buckets.first[:, None]
    return {
        **_rows(message, table, whole.steps, whole.values, names=whole.names),
        "stride": whole.stride,
        "buckets": len(buckets),
        "first": message.add(buckets.first, "<f8"),
        "low": message.add(buckets.low, "<f4"),
        "low_at": message.add(buckets.low_at - first, "<f4"),
        "high": message.add(buckets.high, "<f4"),
        "high_at": message.add(buckets.high_at - first, "<f4"),
        "tail_limit": whole.limit,
        "bucket_limit": whole.limit,
    }


def _bounded(
    steps: NDArray[np.int64], values: NDArray[np.float32], room: int, *, sparse: bool
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Join neighbouring rows, keeping each column's maximum, until they fit into so many bytes.

    NaN counts as the maximum; where it stands for "not read" (`sparse`), as less than any number.
    """
    larger = np.fmax if sparse else np.maximum
    while len(steps) > 1 and values.nbytes + 8 * len(steps) > room:
        even = len(steps) - len(steps) % 2
        joined = larger(values[0:even:2], values[1:even:2])
        values = np.concatenate([joined, values[even:]])
        steps = np.concatenate([steps[1:even:2], steps[even:]])
    return steps, values
