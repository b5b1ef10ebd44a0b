"""Decides what the next snapshot or frame of a run contains."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import psutil

from labkit.run import ComputationGraph, Finding, Run, RunState, SeriesTable
from labkit.run.configuration import configuration_of
from labkit.run.series.kinds import WHOLE_KINDS
from labkit.run.series.series_table import Whole
from labkit.views import sample_messages, snapshots_and_frames, tuning
from labkit.views.course import course_folder
from labkit.views.flow_control import FlowControl
from labkit.views.marimo_notebook import is_marimo
from labkit.views.message_builders import Message
from labkit.views.messages.kernel import MessageHandler
from labkit.views.messages.run import FindingsHistory
from labkit.views.messages.samples import SampleSeries
from labkit.views.past_findings import findings_history
from labkit.views.progress import progress

MAX_COMPLETE_BYTES = 800_000
"""Maximum size of the complete tables in one message, unless a single table is larger."""
_MAX_REPLACED_BYTES = 800_000
"""Maximum size of a table that replaces its merged rows at the end of a run."""
_FINDINGS_SECONDS = 1.0
"""Shortest time between two evaluations of the rules for pages while the loop trains, in s."""
_FINDINGS_SHARE = 0.005
"""The same as a share of the time: an evaluation takes some milliseconds."""
_NARROW_COLUMNS = 64
"""Maximum number of columns of a table with priority: losses, rates, metrics, small models."""


class _SentRows(NamedTuple):
    """What was sent of a table: the total number of its rows, and its columns."""

    total: int
    columns: int


class RunUpdates:
    """Builds the snapshots and frames of a run, and records what they contained.

    The size of a message is bounded. New rows beyond `MAX_FRAME_BYTES` wait for later frames, or
    are merged. Complete tables beyond `MAX_COMPLETE_BYTES` are pending until later frames: those
    that did not fit into a snapshot, those with new columns, those whose new rows are already in
    buckets, and at the end of the run those up to 800 kB of which merged rows were sent.

    Parameters
    ----------
    run : Run

    Attributes
    ----------
    pending : set of str
        The ids of the tables that have to be sent completely.
    handler : str or None
        What handled the newest message of a page that was handled while a loop ran.
    flow : FlowControl
        While too much is on its way, frames contain no complete tables.
    """

    def __init__(self, run: Run) -> None:
        self.pending: set[str] = set()
        self.flow = FlowControl()
        self.handler: MessageHandler | None = None
        self._run = run
        self._seq = 0
        self._acknowledged: int | None = None
        self._sent: dict[str, _SentRows] = {}
        self._merged: set[str] = set()
        """The tables of which pages have merged rows."""
        self._rows_wait = False
        """Whether the last frame had no room for the new rows of some tables."""
        self._sent_at: dict[str, int] = {}
        """The number of the last message with rows of each table."""
        self._sent_state: RunState | None = None
        self._sent_graph: ComputationGraph | None = None
        self._sent_findings: tuple[Finding, ...] = ()
        self._sent_history: FindingsHistory | None = None
        self._sent_frozen: tuple[str, ...] = ()
        self._sent_configuration: dict[str, str] = {}
        self._sent_tuning = snapshots_and_frames.NO_TUNING
        self._sent_samples: dict[str, SampleSeries] = {}
        self._findings_due = -math.inf
        self._ignored: tuple[str, ...] = ()
        self._process = psutil.Process()

    @property
    def has_more(self) -> bool:
        """Whether further frames are needed before pages have all that is recorded."""
        return bool(self.pending) or self._rows_wait

    def acknowledge(self, seq: int) -> None:
        """Record that a page has received the messages up to a number."""
        self._acknowledged = max(seq, self._acknowledged or 0)
        self.flow.acknowledged(seq, time.monotonic())

    def _delivery(self) -> snapshots_and_frames.Delivery:
        return snapshots_and_frames.Delivery(self._acknowledged, self.handler, self.flow.is_awaited)

    def posted(self, size: int) -> None:
        """Record that the last message was sent, and its size in bytes."""
        self.flow.sent(self._seq, size, time.monotonic())

    def snapshot(self) -> Message:
        """Return the next message as a snapshot; tables that do not fit become pending.

        After an error the next frame has the contents that it would have had without the call.
        """
        run = self._run
        tables = run.tables
        complete = self._choose_complete(tables.values(), {})
        pending = set(tables) - {table.id for table, _ in complete}
        graph, findings, frozen = run.graph, run.findings, run.model.frozen
        history, present = findings_history(run), tuning.tuning(run)
        samples = sample_messages.series_by_name(run.sample_log)
        configuration = configuration_of(run)
        state = self._state()
        message = snapshots_and_frames.snapshot(
            self._seq + 1,
            state,
            snapshots_and_frames.Tables(complete, sorted(pending)),
            graph,
            findings,
            history,
            snapshots_and_frames.Setup(frozen, configuration),
            present,
            snapshots_and_frames.Notebook("marimo" if is_marimo() else "jupyter", course_folder()),
            progress=progress(run),
            samples=list(samples.values()),
            delivery=self._delivery(),
        )
        self._sent, self._sent_at, self.pending, self._merged = {}, {}, pending, set()
        self._rows_wait = False
        self._note_complete(complete)
        self._sent_state = state
        self._sent_graph, self._sent_findings, self._sent_history = graph, findings, history
        self._sent_frozen, self._sent_tuning, self._sent_samples = frozen, present, samples
        self._sent_configuration = configuration
        self._seq += 1
        return message

    def frame(self, *, draws_all: bool = True) -> Message:
        """Return the next message as a frame.

        Parameters
        ----------
        draws_all : bool
            Whether all views draw it, or only the status and the curves.

        Returns
        -------
        Message
            It contains new rows, some of the pending tables, and the graph, the findings, the
            frozen parameters, the configuration, the changes to the training and the samples if
            they changed. After an error the next frame has the same contents.
        """
        run = self._run
        tables = run.tables
        rows, totals = self._new_rows(tables)
        has_room = run.closed or not self.flow.is_full
        pending = [tables[id] for id in self.pending if has_room]
        complete = self._choose_complete(pending, self._sent_at)
        graph, frozen = run.graph, run.model.frozen
        findings, history = self._newest_findings()
        present = tuning.tuning(run)
        samples = sample_messages.changed_series(
            self._sent_samples, sample_messages.series_by_name(run.sample_log)
        )
        configuration = configuration_of(run)
        state = self._state()
        message = snapshots_and_frames.frame(
            self._seq + 1,
            state,
            self._sent_state,
            rows,
            None if graph is self._sent_graph else graph,
            None if findings == self._sent_findings else findings,
            None if history == self._sent_history else history,
            snapshots_and_frames.Setup(
                None if frozen == self._sent_frozen else frozen,
                None if configuration == self._sent_configuration else configuration,
            ),
            tuning.changes(self._sent_tuning, present),
            complete,
            samples=list(samples.values()),
            draws_all=draws_all,
            delivery=self._delivery(),
        )
        self._sent |= {id: _SentRows(totals[id], new.values.shape[1]) for id, new in rows.items()}
        self._sent_at |= dict.fromkeys(rows, self._seq)
        self._note_complete(complete)
        self._note_merged(message, rows)
        if run.closed:
            self._replace_merged(tables)
        self._sent_state = state
        self._sent_graph, self._sent_findings, self._sent_history = graph, findings, history
        self._sent_frozen, self._sent_tuning = frozen, present
        self._sent_configuration = configuration
        self._sent_samples = {**self._sent_samples, **samples}
        self._seq += 1
        return message

    def _newest_findings(self) -> tuple[tuple[Finding, ...], FindingsHistory | None]:
        """Return the findings and their history; those sent last if it is too soon."""
        run, now = self._run, time.monotonic()
        is_same = run.status in ("running", "pausing") and run.ignored == self._ignored
        if is_same and now < self._findings_due:
            return self._sent_findings, self._sent_history
        began, self._ignored = time.thread_time(), run.ignored
        findings, history = run.findings, findings_history(run)
        spent = time.thread_time() - began
        self._findings_due = now + max(_FINDINGS_SECONDS, spent / _FINDINGS_SHARE)
        return findings, history

    def _note_merged(
        self, frame: Message, rows: Mapping[str, snapshots_and_frames.NewRows]
    ) -> None:
        """Record the tables whose new rows are merged in a frame."""
        sent = {table["id"]: table["rows"] for table in frame.content["tables"]}
        self._merged |= {id for id, new in rows.items() if sent[id] < len(new.steps)}

    def _replace_merged(self, tables: Mapping[str, SeriesTable]) -> None:
        """Add the tables of which pages have merged rows to the pending ones, except large ones."""
        self.pending |= {
            id for id in self._merged if tables[id].content_bytes <= _MAX_REPLACED_BYTES
        }
        self._merged.clear()

    def _new_rows(
        self, tables: Mapping[str, SeriesTable]
    ) -> tuple[dict[str, snapshots_and_frames.NewRows], dict[str, int]]:
        """Return the new rows for one frame, and the totals of their tables."""
        rows: dict[str, snapshots_and_frames.NewRows] = {}
        totals: dict[str, int] = {}
        room = snapshots_and_frames.MAX_FRAME_BYTES
        self._rows_wait = False
        for id, table in self._longest_unsent_first(tables):
            if id in self.pending:
                continue
            sent = self._sent.get(id)
            new = table.rows_since(0 if sent is None else sent.total)
            if new is None or (sent is not None and new.values.shape[1] != sent.columns):
                self.pending.add(id)
                continue
            if not len(new.steps):
                continue
            row_bytes = 4 * new.values.shape[1] + 8
            if rows and row_bytes > room:
                self._rows_wait = True  # sent with a later frame, which may merge them
                continue
            room -= min(
                row_bytes * len(new.steps),
                max(row_bytes, snapshots_and_frames.MAX_FRAME_BYTES // 4),
            )
            rows[id] = snapshots_and_frames.NewRows(
                table, new.steps, new.values, is_known=sent is not None
            )
            totals[id] = new.total
        return rows, totals

    def _longest_unsent_first(
        self, tables: Mapping[str, SeriesTable]
    ) -> list[tuple[str, SeriesTable]]:
        """Return the tables: narrow ones first, then by the time since their last message."""

        def priority(item: tuple[str, SeriesTable]) -> tuple[bool, int]:
            id, table = item
            return len(table.names) > _NARROW_COLUMNS, self._sent_at.get(id, -1)

        return sorted(tables.items(), key=priority)

    @staticmethod
    def _choose_complete(
        pending: Iterable[SeriesTable], sent_at: Mapping[str, int]
    ) -> list[tuple[SeriesTable, Whole]]:
        """Return pending tables for one message, at least one if there are any.

        Losses, learning rates and metrics have priority, then the tables sent longest ago.
        """

        def priority(table: SeriesTable) -> tuple[bool, int, int]:
            return table.kind not in WHOLE_KINDS, sent_at.get(table.id, -1), len(table.names)

        chosen: list[tuple[SeriesTable, Whole]] = []
        room = MAX_COMPLETE_BYTES
        for table in sorted(pending, key=priority):
            room -= table.content_bytes
            if chosen and room < 0:
                break
            chosen.append((table, table.whole()))
        return chosen

    def _note_complete(self, complete: list[tuple[SeriesTable, Whole]]) -> None:
        """Record that the next message contains these tables."""
        for table, whole in complete:
            self.pending.discard(table.id)
            self._merged.discard(table.id)
            self._sent[table.id] = _SentRows(whole.total, len(whole.names))
            self._sent_at[table.id] = self._seq

    def _state(self) -> RunState:
        return self._run.state(self._process.memory_info().rss)
