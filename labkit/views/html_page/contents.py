"""What an exported page contains of a run: a snapshot, and the replies to what pages request.

The replies are those of `labkit.views.queries`, so that the page decodes them as in a notebook.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import replace
from itertools import chain, zip_longest
from typing import NamedTuple, cast

from labkit.run import Run
from labkit.run.configuration import configuration_of
from labkit.run.control.inspection_requests import (
    REQUEST_TIMEOUT_SECONDS,
    final_values,
    recorded_inspection,
)
from labkit.run.inspection import FROZEN, Inspection
from labkit.views import message_builders, queries, sample_messages, snapshots_and_frames, tuning
from labkit.views.message_builders import Message
from labkit.views.messages.exported import Question
from labkit.views.past_findings import findings_history
from labkit.views.progress import progress

MAX_INSPECTED = 2_000
"""Maximum number of tensors whose statistics a page contains."""
_HISTOGRAMS_AT_ONCE = 64
"""Number of parameters in one message of histograms; as many as a request of a page names."""
_HISTOGRAMS = {"grad": "magnitude", "grad_linear": "even"}
"""The bins of the recorded histograms, by the first part of their names."""


class Record(NamedTuple):
    """A request of a page, and the reply to it.

    Attributes
    ----------
    question : Question
        Its number is 0, as the page gives the reply the number of each request.
    reply : Message
    """

    question: Question
    reply: Message


def snapshot(run: Run) -> Record:
    """Return the complete state of a run at this moment, with all rows of all tables."""
    tables = [(table, table.whole()) for table in run.tables.values()]
    message = snapshots_and_frames.snapshot(
        1,
        run.state(),
        snapshots_and_frames.Tables(tables),
        run.graph,
        run.findings,
        findings_history(run),
        snapshots_and_frames.Setup(run.model.frozen, configuration_of(run)),
        tuning.tuning(run),
        progress=progress(run),
        samples=list(sample_messages.series_by_name(run.sample_log).values()),
        exported=time.time(),
    )
    version = message_builders.PROTOCOL_VERSION
    return Record({"type": "hello", "protocol": version, "again": False}, message)


def replies(run: Run) -> Iterator[Record]:
    """Yield the replies to what pages request of a run, the most important first.

    Of pictures, samples and histograms, the newest come first, then the oldest, then ever more of
    those between, so that any number of them covers the whole run.
    """
    newest_first = reversed(run.graphs)
    yield from _answered(
        run, ({"type": "graph", "signature": graph.signature} for graph in newest_first)
    )
    yield from _answered(run, [{"type": "subjects", "request": 0}])
    yield from _inspections(run)
    groups = chain(_pictures(run), _samples(run), _histograms(run))
    in_turn = chain.from_iterable(zip_longest(*groups))
    yield from _answered(run, (question for question in in_turn if question is not None))


def coarse_to_fine(steps: Sequence[int]) -> list[int]:
    """Return rising steps in an order of which every beginning covers all of them.

    Examples
    --------
    >>> coarse_to_fine([1, 2, 3, 4, 5])
    [5, 1, 3, 2, 4]
    """
    found = [steps[-1], steps[0]] if len(steps) > 1 else list(steps)
    gaps = [(0, len(steps) - 1)]
    for first, last in gaps:  # grows meanwhile
        middle = (first + last) // 2
        if first < middle < last:
            found.append(steps[middle])
            gaps += [(first, middle), (middle, last)]
    return found


def _answered(run: Run, questions: Iterable[Question]) -> Iterator[Record]:
    for question in questions:
        reply = queries.reply(run, question)
        if reply is not None:
            yield Record(question, reply)


def _pictures(run: Run) -> Iterator[list[Question]]:
    log = run.activations
    for module, kind in log.subjects():
        steps = coarse_to_fine(log.steps(module, kind))
        yield [
            {"type": "picture", "request": 0, "module": module, "kind": kind, "step": step}
            for step in steps
        ]


def _samples(run: Run) -> Iterator[list[Question]]:
    for series in run.sample_log.series():
        yield [
            {"type": "sample", "request": 0, "name": series.name, "step": step}
            for step in coarse_to_fine(series.steps)
        ]


def _histograms(run: Run) -> Iterator[list[Question]]:
    """Yield the questions for the histograms of parameters that were read at the same steps."""
    alike: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for recorded in run.histograms.names():
        prefix, _, name = recorded.partition("/")
        if prefix in _HISTOGRAMS:
            key = _HISTOGRAMS[prefix], run.histograms.steps(recorded)
            alike.setdefault(key, []).append(name)
    for (bins, steps), names in alike.items():
        for start in range(0, len(names), _HISTOGRAMS_AT_ONCE):
            chosen = names[start : start + _HISTOGRAMS_AT_ONCE]
            yield [
                cast(
                    "Question",
                    {"type": "histograms", "request": 0, "names": chosen, "bins": bins, "step": at},
                )
                for at in coarse_to_fine(steps)
            ]


def _inspections(run: Run) -> Iterator[Record]:
    """Yield the statistics of tensors: of the present or final values, or as recorded before."""
    present = _present_values(run)
    series = (name.partition("/") for name in run.names())
    recorded = (name for kind, _, name in series if kind in {"weight_norm", "grad_norm"})
    names = dict.fromkeys(chain(present, run.samples, run.final_values, recorded))
    for name in list(names)[:MAX_INSPECTED]:
        found = present.get(name) or recorded_inspection(run, name, f"At step {run.steps:,}")
        if not found.empty:
            question: Question = {"type": "inspect", "name": name, "request": 0}
            yield Record(question, message_builders.inspection(0, found))


def _present_values(run: Run) -> dict[str, Inspection]:
    """Return the values of the parameters of a run that has not ended, if they can be read now."""
    if run.closed or run.live is None:
        return {}
    request = run.control.submit(lambda: final_values(run))
    wait([request], timeout=REQUEST_TIMEOUT_SECONDS)
    found: dict[str, Inspection] = {}
    if not request.cancel():
        with suppress(Exception):  # the run has ended meanwhile
            found = request.result()
    now = f"The values at step {run.steps:,}, when the page was saved."
    return {name: replace(each, reason=_reason(each, now)) for name, each in found.items()}


def _reason(found: Inspection, now: str) -> str:
    is_frozen = found.reason is not None and found.reason.endswith(FROZEN)
    return f"{now} {FROZEN}" if is_frozen else now
