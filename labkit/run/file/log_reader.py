"""Reads what the file of a run has besides its series, and checks it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.run.activations import MAX_VALUES, Picture, PictureKind
from labkit.run.file.arrays import from_bytes
from labkit.run.file.errors import DamagedError
from labkit.run.file.json_values import decoded, parsed
from labkit.run.file.sample_contents import checked_content
from labkit.run.findings_log import FindingEntry
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.parts import Edge, GraphSpan, ModuleCall, Node
from labkit.run.histograms import HISTOGRAM_BINS, StoredHistogram
from labkit.run.incident import Incident
from labkit.run.inspection import Inspection, RecordedNorm, TensorStatistics
from labkit.run.logged.sample import LoggedSample, SampleKind
from labkit.run.model_input import InputForm, ModelInput
from labkit.run.run_event import RunEvent
from labkit.run.series.buckets import Floats

_MAX_BINS = 1_000
_MAX_SIZE = 2**62


@dataclass(frozen=True)
class _InputFacts:
    form: InputForm
    whole: tuple[int, ...]
    tokens: tuple[str, ...]
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class _PictureFacts:
    panels: tuple[str, ...]
    rows: str
    columns: str
    silent: tuple[int, ...]
    whole: tuple[int, ...]
    shape: tuple[int, int, int]
    input: _InputFacts | None


class LogReader:
    """Reads the logs of a run from its file; those that grow from the newest item that was read.

    Parameters
    ----------
    connection : sqlite3.Connection

    Notes
    -----
    All methods raise `DamagedError` for contents that labkit would not have written, and
    `sqlite3.Error` for those that SQLite cannot read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._newest: dict[str, int] = {}
        self._graphs: dict[str, ComputationGraph] = {}
        """The graphs that were read last, by their JSON."""

    def facts(self) -> dict[str, Any]:
        """Return what is known of the run as a whole, as data of JSON."""
        rows = self._connection.execute("SELECT name, value FROM facts")
        return {str(name): parsed(value, f"the fact {name!r}") for name, value in rows}

    def graphs(self) -> tuple[ComputationGraph, ...]:
        """Return the graphs, in the order in which their structures first occurred."""
        rows = self._connection.execute("SELECT graph FROM graphs ORDER BY position").fetchall()
        known = self._graphs
        self._graphs = {
            text: known[text] if text in known else _graph(parsed(text, "a graph"))
            for (text,) in rows
        }
        return tuple(self._graphs.values())

    def spans(self) -> tuple[GraphSpan, ...]:
        """Return the steps at which the graph had a structure."""
        rows = self._connection.execute("SELECT span FROM graph_spans ORDER BY position")
        return tuple(
            decoded(GraphSpan, parsed(text, "a span"), "a span") for (text,) in rows.fetchall()
        )

    def findings(self) -> tuple[FindingEntry, ...]:
        """Return when findings came and went."""
        rows = self._connection.execute("SELECT entry FROM findings ORDER BY id").fetchall()
        return tuple(
            decoded(FindingEntry, parsed(text, "a finding"), "a finding") for (text,) in rows
        )

    def events(self) -> tuple[RunEvent, ...]:
        """Return the changes to the training."""
        rows = self._connection.execute("SELECT event FROM events ORDER BY id").fetchall()
        return tuple(decoded(RunEvent, parsed(text, "an event"), "an event") for (text,) in rows)

    def new_histograms(self) -> Iterator[tuple[str, StoredHistogram]]:
        """Return the histograms that were added since the last call, with their names."""
        rows = self._new_rows("histograms", "name, step, low, high, counts")
        for name, step, low, high, text in rows:
            counts = decoded(tuple[int, ...], parsed(text, "a histogram"), "a histogram")
            if len(counts) != HISTOGRAM_BINS or not _are_numbers(low, high):
                raise DamagedError("a histogram has other bins than expected")
            ends = None if low is None or high is None else (float(low), float(high))
            array = np.array(counts, np.int64)
            yield _text(name), StoredHistogram(_step(step), array, ends)

    def new_pictures(self) -> Iterator[Picture]:
        """Return the pictures of activations that were added since the last call."""
        for module, kind, step, text, data, given in self._new_rows(
            "activations", "module, kind, step, picture, data, input"
        ):
            facts = decoded(_PictureFacts, parsed(text, "a picture"), "a picture")
            yield Picture(
                _text(module),
                decoded(PictureKind, kind, "the kind of a picture"),
                _step(step),
                _values(data, facts.shape),
                facts.panels,
                facts.rows,
                facts.columns,
                facts.silent,
                facts.whole,
                _input(facts.input, given),
            )

    def new_samples(self) -> Iterator[LoggedSample]:
        """Return the logged images, texts and figures that were added since the last call."""
        for name, step, kind, description, width, height, content in self._new_rows(
            "samples", "name, step, kind, description, width, height, content"
        ):
            checked: SampleKind = decoded(SampleKind, kind, "the kind of a sample")
            size = (_step(width), _step(height))
            whole = checked_content(checked, content, size)
            yield LoggedSample(_text(name), _step(step), checked, whole, _text(description), *size)

    def parameters(self) -> dict[str, Inspection]:
        """Return the statistics of the parameters at the end of the run."""
        rows = self._connection.execute("SELECT name, inspection FROM parameters").fetchall()
        return {_text(name): _inspection(parsed(text, "a parameter")) for name, text in rows}

    def incident(self) -> Incident | None:
        """Return the first step that went wrong."""
        row = self._connection.execute("SELECT incident, random_state FROM incidents").fetchone()
        if row is None:
            return None
        incident: Incident = decoded(_IncidentFacts, parsed(row[0], "the incident"), "the incident")
        state = row[1]
        if state is not None and not isinstance(state, bytes):
            raise DamagedError("the random state is no blob")
        return Incident(
            **vars(incident),
            random_state=None if state is None else np.frombuffer(state, np.uint8).copy(),
            history=self._incident_rows(),
        )

    def _incident_rows(self) -> dict[str, Any]:
        found = {}
        rows = self._connection.execute("SELECT table_name, labels, steps, data FROM incident_rows")
        for table, labels_text, steps, data in rows.fetchall():
            labels = decoded(tuple[str, ...], parsed(labels_text, "labels"), "labels")
            count = len(steps) // 8 if isinstance(steps, bytes) else -1
            found[_text(table)] = (
                labels,
                from_bytes(steps, "<i8", (count,), "the incident's steps"),
                from_bytes(data, "<f4", (count, len(labels)), "the incident's rows"),
            )
        return found

    def _new_rows(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        newest = self._newest.get(table, 0)
        rows = self._connection.execute(
            f"SELECT id, {columns} FROM {table} WHERE id > ? ORDER BY id",  # noqa: S608 - literals
            (newest,),
        )
        for id, *row in rows:
            self._newest[table] = id
            yield tuple(row)


@dataclass(frozen=True)
class _IncidentFacts:
    step: int
    kind: Any
    explanation: str | None
    node: str | None
    module: str | None
    line: str | None
    indices: tuple[int, ...] | None


@dataclass(frozen=True)
class _Statistics:
    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    deviation: float
    zeros: int | None
    not_finite: int | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    step: int | None
    sampled: int | None


@dataclass(frozen=True)
class _Inspection:
    value: _Statistics | None
    gradient: _Statistics | None
    norms: tuple[RecordedNorm, ...]
    reason: str | None


def _input(facts: _InputFacts | None, data: object) -> ModelInput | None:
    if facts is None:
        return None
    return ModelInput(facts.form, _values(data, facts.shape), facts.whole, facts.tokens)


def _values(data: object, shape: tuple[int, int, int]) -> Floats:
    if not all(0 < length <= 4 * MAX_VALUES for length in shape):
        raise DamagedError("a picture is too large or empty")
    return from_bytes(data, "<f4", shape, "a picture")


def _inspection(data: Any) -> Inspection:
    found = decoded(_Inspection, data, "a parameter")
    return Inspection(
        _statistics(found.value), _statistics(found.gradient), found.norms, found.reason
    )


def _statistics(found: _Statistics | None) -> TensorStatistics | None:
    if found is None:
        return None
    if len(found.counts) > _MAX_BINS or len(found.edges) != len(found.counts) + 1:
        raise DamagedError("the histogram of a parameter has other bins than expected")
    facts = vars(found) | {
        "edges": np.array(found.edges, np.float64),
        "counts": np.array(found.counts, np.int64),
    }
    return TensorStatistics(**facts)


@dataclass(frozen=True)
class _GraphFacts:
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    modules: tuple[ModuleCall, ...]
    step: int | None
    reason: str | None
    sizes: dict[str, tuple[int, ...]]
    more_sizes: bool


def _graph(data: Any) -> ComputationGraph:
    """Return a graph whose edges and calls refer to its own nodes and calls."""
    facts = decoded(_GraphFacts, data, "a graph")
    try:
        graph = ComputationGraph.from_json(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedError(f"a graph is damaged ({error})") from error
    nodes, calls = {node.id for node in facts.nodes}, {call.id for call in facts.modules}
    is_whole = (
        len(nodes) == len(facts.nodes)
        and len(calls) == len(facts.modules)
        and all({edge.source, edge.target} <= nodes for edge in facts.edges)
        and all(node.scope in calls or node.scope == "" for node in facts.nodes)
        and _parents_come_first(facts.modules)
        and all(_is_shape(part.shape) for part in (*facts.nodes, *facts.edges))
    )
    if not is_whole:
        raise DamagedError("a graph refers to what it does not contain")
    return graph


def _parents_come_first(calls: tuple[ModuleCall, ...]) -> bool:
    """Return whether each call comes after the call around it, so that there is no circle."""
    seen: set[str | None] = {None}
    for call in calls:
        if call.parent not in seen:
            return False
        seen.add(call.id)
    return True


def _is_shape(shape: tuple[int, ...] | None) -> bool:
    return shape is None or all(0 <= length < _MAX_SIZE for length in shape)


def _are_numbers(*values: object) -> bool:
    return all(value is None or isinstance(value, (int, float)) for value in values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise DamagedError("a name is no text")
    return value


def _step(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise DamagedError("a step is no whole number")
    return value
