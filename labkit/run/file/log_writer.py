"""Writes what a run has besides its series into its file: graphs, pictures, findings and so on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import fields

from labkit.run.activations import Picture
from labkit.run.file.arrays import to_bytes
from labkit.run.file.json_values import to_text
from labkit.run.file.saved_run import SavedRun
from labkit.run.incident import Incident
from labkit.run.inspection import Inspection, TensorStatistics
from labkit.run.model_input import ModelInput
from labkit.run.printable import encodable
from labkit.run.series.journal import LogKey, LogName

_INCIDENT_FIELDS = ("step", "kind", "explanation", "node", "module", "line", "indices")
_PICTURE_FIELDS = ("panels", "rows", "columns", "silent", "whole")


class LogWriter:
    """Adds what is new in the logs of a run to its file.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a file with the tables of the schema; the caller begins and commits transactions.
    run : SavedRun
    """

    def __init__(self, connection: sqlite3.Connection, run: SavedRun) -> None:
        self._connection = connection
        self._run = run
        self._written: dict[tuple[str, object], object] = {}
        """What was written last, by table and key."""
        self._facts: dict[str, str] = {}

    def write_facts(self, facts: Mapping[str, object]) -> None:
        """Write what is known of the run as a whole, as far as it has changed."""
        for name, value in facts.items():
            text = to_text(value)
            if self._facts.get(name) != text:
                self._execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, text)
                self._facts[name] = text

    def write_changes(self) -> None:
        """Write the graphs, findings, events and the incident, as far as they have changed."""
        run = self._run
        for position, graph in enumerate(run.graph_log.graphs):
            if self._is_new("graphs", graph.structure, graph):
                self._execute(
                    "INSERT OR REPLACE INTO graphs VALUES (?, ?, ?)",
                    graph.structure,
                    position,
                    to_text(graph.to_json()),
                )
        self._write_spans()
        for entry in run.findings_log.entries():
            if self._is_new("findings", entry.id, entry):
                found = entry.finding
                self._execute(
                    "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?, ?, ?)",
                    entry.id,
                    found.rule,
                    found.severity,
                    encodable(found.message),
                    entry.step,
                    entry.ended_step,
                    to_text(entry),
                )
        for event in run.event_log.all():
            if self._is_new("events", event.id, event):
                self._execute(
                    "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?)",
                    event.id,
                    event.step,
                    encodable(event.text),
                    to_text(event),
                )
        for name, inspection in run.final_values.items():
            if self._is_new("parameters", name, inspection):
                self._execute(
                    "INSERT OR REPLACE INTO parameters VALUES (?, ?)",
                    encodable(name),
                    to_text(_inspection(inspection)),
                )
        incident = run.incident
        if incident is not None and self._is_new("incidents", 0, incident):
            self._write_incident(incident)

    def write_items(self, keys: Mapping[LogName, Iterable[LogKey]]) -> None:
        """Write histograms, pictures and samples that were added, unless they were discarded."""
        run = self._run
        for (name,), step in keys.get("histograms", ()):
            found = run.histograms.stored(name, step)
            if found is not None:
                low, high = found.ends or (None, None)
                counts = to_text(found.counts.tolist())
                self._execute(_HISTOGRAM, encodable(name), step, low, high, counts)
        for (module, kind), step in keys.get("activations", ()):
            picture = run.activations.stored(module, kind, step)
            if picture is not None:
                self._write_picture(picture)
        for (name,), step in keys.get("samples", ()):
            sample = run.sample_log.at(name, step)
            if sample is None or sample.step != step:
                continue
            self._execute(
                _SAMPLE,
                encodable(name),
                step,
                sample.kind,
                encodable(sample.description),
                sample.width,
                sample.height,
                sample.content,
            )

    def write_all_items(self) -> None:
        """Replace the histograms, pictures and samples of the file by those that are stored."""
        for table in ("histograms", "activations", "samples"):
            self._execute(f"DELETE FROM {table}")  # noqa: S608 - names from above
        self.write_items(all_keys(self._run))

    def _is_new(self, table: str, key: object, item: object) -> bool:
        written = self._written.get((table, key))
        self._written[table, key] = item
        return written is not item and (written is None or written != item)

    def _write_spans(self) -> None:
        spans = self._run.graph_log.spans
        before = self._written.get(("graph_spans", 0), ())
        if spans == before:
            return
        self._written["graph_spans", 0] = spans
        self._execute("DELETE FROM graph_spans")
        self._connection.executemany(
            "INSERT INTO graph_spans VALUES (?, ?)",
            ((position, to_text(span)) for position, span in enumerate(spans)),
        )

    def _write_picture(self, picture: Picture) -> None:
        facts = {
            field.name: getattr(picture, field.name)
            for field in fields(picture)
            if field.name in _PICTURE_FIELDS
        }
        self._execute(
            _PICTURE,
            encodable(picture.module),
            picture.kind,
            picture.step,
            to_text({**facts, "shape": picture.values.shape, "input": _input(picture.given)}),
            to_bytes(picture.values, "<f4"),
            None if picture.given is None else to_bytes(picture.given.values, "<f4"),
        )

    def _write_incident(self, incident: Incident) -> None:
        state = incident.random_state
        self._execute("DELETE FROM incidents")
        self._execute("DELETE FROM incident_rows")
        self._execute(
            "INSERT INTO incidents VALUES (?, ?, ?)",
            incident.step,
            to_text({name: getattr(incident, name) for name in _INCIDENT_FIELDS}),
            None if state is None else to_bytes(state, "u1"),
        )
        for table, (labels, steps, values) in incident.history.items():
            self._execute(
                "INSERT INTO incident_rows VALUES (?, ?, ?, ?)",
                encodable(table),
                to_text(labels),
                to_bytes(steps, "<i8"),
                to_bytes(values, "<f4"),
            )

    def _execute(self, statement: str, *values: object) -> None:
        self._connection.execute(statement, values)


_HISTOGRAM = "INSERT INTO histograms (name, step, low, high, counts) VALUES (?, ?, ?, ?, ?)"
_PICTURE = (
    "INSERT INTO activations (module, kind, step, picture, data, input) VALUES (?, ?, ?, ?, ?, ?)"
)
_SAMPLE = (
    "INSERT OR REPLACE INTO samples (name, step, kind, description, width, height, content)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def all_keys(run: SavedRun) -> dict[LogName, list[LogKey]]:
    """Return the keys of all stored histograms, pictures and samples."""
    histograms, activations = run.histograms, run.activations
    return {
        "histograms": [
            LogKey((name,), step) for name in histograms.names() for step in histograms.steps(name)
        ],
        "activations": [
            LogKey(subject, step)
            for subject in activations.subjects()
            for step in activations.steps(*subject)
        ],
        "samples": [
            LogKey((series.name,), step)
            for series in run.sample_log.series()
            for step in series.steps
        ],
    }


def _input(given: ModelInput | None) -> dict[str, object] | None:
    if given is None:
        return None
    return {
        "form": given.form,
        "whole": given.whole,
        "tokens": given.tokens,
        "shape": given.values.shape,
    }


def _inspection(inspection: Inspection) -> dict[str, object]:
    return {
        "value": _statistics(inspection.value),
        "gradient": _statistics(inspection.gradient),
        "norms": inspection.norms,
        "reason": inspection.reason,
    }


def _statistics(statistics: TensorStatistics | None) -> dict[str, object] | None:
    if statistics is None:
        return None
    facts = {field.name: getattr(statistics, field.name) for field in fields(statistics)}
    return {**facts, "edges": statistics.edges.tolist(), "counts": statistics.counts.tolist()}
