"""Builds the messages with the contents of a run: snapshots and frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labkit.run import ComputationGraph, Finding, RunState, SeriesTable
from labkit.run.series.kinds import WHOLE_KINDS
from labkit.run.series.series_table import Whole
from labkit.views.message_builders import Message, finite, graph_data
from labkit.views.messages.kernel import MessageHandler, NotebookKind
from labkit.views.messages.run import FindingsHistory, Progress
from labkit.views.messages.samples import SampleSeries
from labkit.views.messages.tuning import Tuning, TuningChanges

NO_HISTORY: FindingsHistory = {"rules": 0, "silenced": [], "past": [], "dropped": 0}
NO_PROGRESS: Progress = {
    "epochs": {"steps": [], "values": []},
    "seconds": {"steps": [], "values": []},
}
NO_TUNING: Tuning = {"groups": [], "modules": [], "events": []}
MAX_FRAME_BYTES = 56_000
"""Maximum size of the new rows in one frame.

Rows that exceed it are sent later, or merged by their maxima.
"""


class Notebook(NamedTuple):
    """The notebook that displays a run.

    Attributes
    ----------
    kind : str
        What executes it.
    course : str or None
        Folder of the course's notebooks.
    """

    kind: NotebookKind = "jupyter"
    course: str | None = None


JUPYTER = Notebook()


class Delivery(NamedTuple):
    """What is known of the messages between the kernel and the pages.

    Attributes
    ----------
    acknowledged : int or None
        The highest number that a page has acknowledged.
    handler : str or None
        What handled the newest message of a page that was handled while a loop ran.
    is_awaited : bool
        Whether a page has to acknowledge this frame at once.
    """

    acknowledged: int | None = None
    handler: MessageHandler | None = None
    is_awaited: bool = False


NOTHING_DELIVERED = Delivery()


class Setup(NamedTuple):
    """How the training is set up; of a frame, what of it changed.

    Attributes
    ----------
    frozen : sequence of str or None
        Names of the frozen parameters.
    configuration : mapping of str to str or None
        What the run was configured with, in the order in which it is displayed.
    """

    frozen: Sequence[str] | None = None
    configuration: Mapping[str, str] | None = None


UNKNOWN_SETUP = Setup()


class NewRows(NamedTuple):
    """Rows of a table that have not been sent.

    Attributes
    ----------
    table : SeriesTable
    steps : ndarray, shape (n_rows,), dtype int64
    values : ndarray, shape (n_rows, n_columns), dtype float32
    is_known : bool
        Whether the names of the columns have been sent.
    """

    table: SeriesTable
    steps: NDArray[np.int64]
    values: NDArray[np.float32]
    is_known: bool = False


class Tables(NamedTuple):
    """The tables of a run at the time of a snapshot.

    Attributes
    ----------
    complete : sequence of (SeriesTable, Whole)
        Tables and their contents.
    pending : sequence of str
        Ids of the tables that follow in frames.
    """

    complete: Sequence[tuple[SeriesTable, Whole]]
    pending: Sequence[str] = ()


def snapshot(
    seq: int,
    state: RunState,
    tables: Tables,
    graph: ComputationGraph | None,
    findings: Sequence[Finding] = (),
    history: FindingsHistory = NO_HISTORY,
    setup: Setup = UNKNOWN_SETUP,
    tuning: Tuning = NO_TUNING,
    notebook: Notebook = JUPYTER,
    *,
    progress: Progress = NO_PROGRESS,
    samples: Sequence[SampleSeries] = (),
    delivery: Delivery = NOTHING_DELIVERED,
    exported: float | None = None,
) -> Message:
    """Return a message with the complete state of a run.

    Parameters
    ----------
    seq : int
        Number of the message, counted together with the frames.
    state : RunState
    tables : Tables
    graph : ComputationGraph or None
    findings : sequence of Finding
    history : FindingsHistory
        The earlier findings, and the silenced rules.
    setup : Setup
        The frozen parameters and the configuration.
    tuning : Tuning
        The parameter groups, modules and events.
    notebook : Notebook
    progress : Progress
        The epochs and the time at some steps.
    samples : sequence of SampleSeries
        The logged images, texts and figures.
    delivery : Delivery
    exported : float or None
        When the page that contains it was exported, in s since 1970; None if it is sent.
    """
    message = Message({"type": "snapshot", "seq": seq, "acknowledged": delivery.acknowledged})
    message.content["handler"] = delivery.handler
    message.content["run"] = _state(state)
    message.content["progress"] = progress
    message.content["tables"] = [_complete_table(message, *each) for each in tables.complete]
    message.content["graph"] = None if graph is None else graph_data(graph)
    message.content["findings"] = [finding.to_json() for finding in findings]
    message.content["history"] = history
    message.content["frozen"] = list(setup.frozen or ())
    message.content["configuration"] = dict(setup.configuration or {})
    message.content["tuning"] = tuning
    message.content["samples"] = list(samples)
    message.content["course"] = notebook.course
    message.content["notebook"] = notebook.kind
    message.content["pending"] = list(tables.pending)
    message.content["exported"] = exported
    return message


def frame(
    seq: int,
    state: RunState,
    sent: RunState | None,
    rows: Mapping[str, NewRows],
    graph: ComputationGraph | None,
    findings: Sequence[Finding] | None = None,
    history: FindingsHistory | None = None,
    setup: Setup = UNKNOWN_SETUP,
    tuning: TuningChanges | None = None,
    complete: Sequence[tuple[SeriesTable, Whole]] = (),
    *,
    samples: Sequence[SampleSeries] = (),
    draws_all: bool = True,
    delivery: Delivery = NOTHING_DELIVERED,
) -> Message:
    """Return a message with the changes since the previous snapshot or frame.

    Parameters
    ----------
    seq : int
        Number of the previous snapshot or frame plus one.
    state : RunState
    sent : RunState or None
        The state in the previous snapshot or frame; None to send all of it.
    rows : mapping of str to NewRows
        New rows by the id of their table.
    graph : ComputationGraph or None
        The graph if its structure is new.
    findings : sequence of Finding or None
        The findings if they changed.
    history : FindingsHistory or None
        The earlier findings and the silenced rules if they changed.
    setup : Setup
        The frozen parameters and the configuration, as far as they changed.
    tuning : TuningChanges or None
        The parameter groups, modules and events, as far as they changed.
    complete : sequence of (SeriesTable, Whole)
        Tables that replace those of the page, and their contents.
    samples : sequence of SampleSeries
        The series of samples that changed.
    draws_all : bool
        Whether all views draw the frame, or only the status and the curves.
    delivery : Delivery
    """
    message = Message({"type": "frame", "seq": seq, "acknowledged": delivery.acknowledged})
    message.content["draws_all"] = draws_all
    message.content["awaited"] = delivery.is_awaited
    message.content["handler"] = delivery.handler
    message.content["run"] = _changes(state, sent)
    room = max(MAX_FRAME_BYTES // max(1, len(rows)), MAX_FRAME_BYTES // 4)
    message.content["tables"] = [
        _rows(
            message,
            new.table,
            *_merged(new.steps, new.values, room, sparse=new.table.kind not in WHOLE_KINDS),
            names=None if new.is_known else new.table.names[: new.values.shape[1]],
        )
        for new in rows.values()
    ]
    if complete:
        message.content["snapshots"] = [_complete_table(message, *each) for each in complete]
    if graph is not None:
        message.content["graph"] = graph_data(graph)
    if findings is not None:
        message.content["findings"] = [finding.to_json() for finding in findings]
    if history is not None:
        message.content["history"] = history
    if setup.frozen is not None:
        message.content["frozen"] = list(setup.frozen)
    if setup.configuration is not None:
        message.content["configuration"] = dict(setup.configuration)
    if tuning is not None:
        message.content["tuning"] = tuning
    if samples:
        message.content["samples"] = list(samples)
    return message


def _state(state: RunState) -> dict[str, Any]:
    return {name: finite(value) for name, value in asdict(state).items()}


def _changes(state: RunState, sent: RunState | None) -> dict[str, Any]:
    """Return the fields of a state that differ from those that were sent."""
    content = _state(state)
    if sent is None:
        return content
    return {
        name: value
        for name, value in content.items()
        if getattr(state, name) != getattr(sent, name)
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


def _complete_table(message: Message, table: SeriesTable, whole: Whole) -> dict[str, Any]:
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


def _merged(
    steps: NDArray[np.int64], values: NDArray[np.float32], room: int, *, sparse: bool
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Merge adjacent rows into their maxima until they are at most `room` bytes.

    The newest row is unchanged unless it is one of two. The maximum of a number and NaN is NaN; for
    `sparse` tables, in which NaN means "not read", it is the number.
    """
    larger = np.fmax if sparse else np.maximum
    while len(steps) > 1 and values.nbytes + 8 * len(steps) > room:
        older = max(len(steps) - 1, 2)
        even = older - older % 2
        joined = larger(values[0:even:2], values[1:even:2])
        values = np.concatenate([joined, values[even:]])
        steps = np.concatenate([steps[1:even:2], steps[even:]])
    return steps, values
