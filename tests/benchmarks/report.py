"""Turns what was measured into the tables of docs/cost.md."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import numpy as np
import torch

from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.intervals import Blocks, Figure, median_of_ratios, ratio_of_totals
from tests.benchmarks.live_turns import LiveSet
from tests.benchmarks.tasks import KINDS
from tests.benchmarks.turns import ProcessSet, Turns

PACKAGES = ("torch", "numpy", "jupyterlab", "ipykernel", "tensorboard", "wandb", "livelossplot")

_CONTROL_TELLS = 0.01
"""How narrow the interval of the bare loop against itself has to be."""
_ONE_POINT = 0.01
_PEER_TELLS = 0.1
"""What a peer's figure has to tell: peers are not a few percent dearer or cheaper."""


class Key(NamedTuple):
    """What was measured: names of a row and of a contender, and torch's threads (0: default)."""

    kind: str
    contender: str
    threads: int


Measured = Mapping[Key, Sequence[ProcessSet]]
Live = Mapping[Key, Sequence[LiveSet]]
RECORDINGS = {
    "labkit": "",
    "labkit-log": ", `run.log` at every step",
    "labkit-save": ", into a file",
}
"""The contenders that only record, and what their rows say."""
LIVE_AIMS = {"mlp": 1.10, "cnn": 1.05, "gpt2": 1.05}
"""The ratio that a live dashboard in sight may have, by row."""
AWAY_AIM = 1.03
"""The same for a dashboard that is scrolled away."""


def figure_text(figure: Figure, to_tell: float) -> str:
    """Return a figure with its interval, or the interval alone where it is too wide.

    Examples
    --------
    >>> figure_text(Figure(1.02, 1.01, 1.03), to_tell=0.03)
    'x1.020 (1.010 to 1.030)'
    >>> figure_text(Figure(1.02, 0.98, 1.06), to_tell=0.03)
    'unclear (0.980 to 1.060)'
    """
    interval = f"({figure.low:.3f} to {figure.high:.3f})"
    if figure.is_quotable(to_tell):
        return f"x{figure.middle:.3f} {interval}"
    return f"unclear {interval}"


def recording_table(measured: Measured, threads: int) -> str:
    """Return what recording costs in each loop, as Markdown.

    Parameters
    ----------
    measured : mapping of Key to sequence of ProcessSet
        All that was measured.
    threads : int
        Torch's threads in the rows to return; 0 for torch's default.
    """
    head = [
        f"recording, {_threads_text(threads)}",
        "a step",
        "bare against itself",
        "later steps",
        "aim",
        "first second",
        "whole run",
        "`run.cost` says",
        "memory added",
    ]
    if threads == 1:
        head.append("later steps by the clock")
    rows = [
        _recording_row(key, sets, threads)
        for key, sets in measured.items()
        if key.threads == threads and key.contender in RECORDINGS
    ]
    return _markdown(head, rows)


def live_table(live: Live) -> str:
    """Return what a live dashboard on the same machine costs, as Markdown."""
    head = ["dashboard", "loop", "threads", "a step", "bare against itself", "with the dashboard",
            "aim", "drawn a second, bare loops included: loss, all views"]  # fmt: skip
    rows = [_live_row(key, found) for key, found in live.items()]
    return _markdown(head, rows) if rows else ""


def _live_row(key: Key, found: Sequence[LiveSet]) -> list[str]:
    away = key.contender == "labkit-live-away"
    aim = AWAY_AIM if away else LIVE_AIMS[key.kind]
    sets = [each.turns for each in found]
    figure = later(sets)
    drawn = [mean(each.drawn.get(view, 0.0) for each in found) for view in ("curves", "graph")]
    return [
        "scrolled away" if away else "in sight",
        KINDS[key.kind].title,
        str(key.threads or "default"),
        f"{1000 * median(each.step for each in sets):.3g} ms",
        figure_text(control(sets), _CONTROL_TELLS),
        figure_text(figure, aim - 1),
        verdict(figure, aim),
        ", ".join(f"{each:.1f}" for each in drawn),
    ]


def peers_table(measured: Measured) -> str:
    """Return labkit beside its peers with one thread, as Markdown."""
    kinds = [
        kind
        for kind in KINDS
        if any(
            key.kind == kind and key.threads == 1 and key.contender not in RECORDINGS
            for key in measured
        )
    ]
    names = [
        name
        for name in CONTENDERS
        if not name.startswith(("labkit-log", "labkit-save", "labkit-live"))
    ]
    rows = []
    for name in names:
        cells = [_peer_cell(measured, kind, name) for kind in kinds]
        if any(cells):
            rows.append([CONTENDERS[name][0], *(cell or "not measured" for cell in cells)])
    return _markdown(["", *(KINDS[kind].title for kind in kinds)], rows) if rows else ""


def conditions(measured: Measured) -> str:
    """Return how, when and on what it was measured."""
    found = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    sets = [each for group in measured.values() for each in group]
    loads = [each.load for each in sets]
    load = f", load {min(loads):.1f} to {max(loads):.1f}" if loads else ""
    return (
        "Time of the loop against the bare loop, with the interval of 95 % (bootstrap over process "
        "sets and blocks). Watched, bare and bare as control are processes of their own that take "
        "turns in blocks of 40 ms, or of one step where that is longer. Bare against itself and "
        "later steps: medians of the ratios of neighbouring blocks. First second, whole run: "
        "ratios of all the time taken, so with every costly reading. With one thread recording is "
        "measured by the time that a process had on its core, which leaves out what other "
        "processes took; by the clock it takes longer where watching waits for something. Peers, "
        "and several threads, are measured by the clock. Unclear: the interval is wider than what "
        "the figure has to tell (its distance from 1, or its aim's). "
        f"{time.strftime('%Y-%m-%d')}, {_cpu()}, {os.cpu_count()} cores, "
        f"torch's default number of threads: {torch.get_num_threads()}{load}, "
        "glibc told to keep the memory that torch frees, "
        f"Python {platform.python_version()}, {', '.join(found)}."
    )


def control(sets: Iterable[ProcessSet], *, own_time: bool = False) -> Figure:
    """Return the bare loop against itself; `own_time` is the process's, not the clock's."""
    return median_of_ratios(
        [_blocks([each.steady], "control", "bare", own_time=own_time) for each in sets]
    )


def later(sets: Iterable[ProcessSet], *, own_time: bool = False) -> Figure:
    """Return a contender after its first steps against the bare loop."""
    return median_of_ratios(
        [_blocks([each.steady], "contender", own_time=own_time) for each in sets]
    )


def first(sets: Iterable[ProcessSet], *, own_time: bool = False) -> Figure:
    """Return a contender in its first steps against the bare loop."""
    return ratio_of_totals([_blocks(each.first, "contender", own_time=own_time) for each in sets])


def whole(sets: Iterable[ProcessSet], *, own_time: bool = False) -> Figure:
    """Return a contender from its first step on against the bare loop."""
    return ratio_of_totals(
        [_blocks([each.first[-1], each.steady], "contender", own_time=own_time) for each in sets]
    )


def memory_added(sets: Iterable[ProcessSet], *, device: bool = False) -> float:
    """Return how many more bytes the contender's process had at its peak than the bare loop's."""
    added = []
    for each in sets:
        peaks = {
            role: ending.device_peak_bytes if device else ending.peak_bytes
            for role, ending in each.endings.items()
        }
        added.append(peaks["contender"] - (peaks["bare"] + peaks["control"]) / 2)
    return median(added)


def verdict(figure: Figure, aim: float) -> str:
    """Return whether an aim is kept.

    Examples
    --------
    >>> verdict(Figure(1.02, 1.01, 1.03), 1.04), verdict(Figure(1.02, 1.01, 1.03), 1.02)
    ('x1.04 kept', 'x1.02 open')
    """
    if figure.high <= aim:
        return f"x{aim:g} kept"
    return f"x{aim:g} {'missed' if figure.low > aim else 'open'}"


def said_cost(sets: Iterable[ProcessSet], after: Figure) -> str:
    """Return what `run.cost` says, and how far it is off where that is more than a point.

    It says which part of the loop's time watching took, once the first steps are over.
    """
    costs = [each.endings["contender"].cost for each in sets]
    said = mean(cost for cost in costs if cost is not None)
    low, middle, high = (1 - 1 / ratio - said for ratio in (after.low, after.middle, after.high))
    text = f"{100 * said:.1f} %"
    if low > _ONE_POINT or high < -_ONE_POINT:
        return f"{text}, **off by {100 * middle:+.1f} points**"
    if low < -_ONE_POINT or high > _ONE_POINT:
        return f"{text}, unclear"
    return f"{text}, agrees"


def _recording_row(key: Key, sets: Sequence[ProcessSet], threads: int) -> list[str]:
    kind = KINDS[key.kind]
    aim = kind.aim if threads == 1 else kind.threaded_aim
    own_time = threads == 1
    after, took = later(sets, own_time=own_time), whole(sets, own_time=own_time)
    logged = RECORDINGS[key.contender]
    cells = [
        kind.title + logged,
        f"{1000 * median(each.step for each in sets):.3g} ms",
        figure_text(control(sets, own_time=own_time), _CONTROL_TELLS),
        figure_text(after, aim - 1),
        verdict(after, aim),
        figure_text(first(sets, own_time=own_time), aim - 1),
        figure_text(took, aim - 1),
        "of another loop" if key.kind.startswith("foreign") else said_cost(sets, after),
        f"{memory_added(sets) / 1e6:.0f} MB",
    ]
    return [*cells, figure_text(later(sets), aim - 1)] if own_time else cells


def _peer_cell(measured: Measured, kind: str, name: str) -> str:
    if name == "bare":
        sets = [
            each
            for key, group in measured.items()
            if key.kind == kind and key.threads == 1
            for each in group
        ]
        return figure_text(control(sets), _CONTROL_TELLS) if sets else ""
    sets = list(measured.get(Key(kind, name, 1), []))
    to_tell = KINDS[kind].aim - 1 if name == "labkit" else _PEER_TELLS
    return figure_text(later(sets), to_tell) if sets else ""


def _blocks(
    turns: Iterable[Turns], role: str, against: str | None = None, *, own_time: bool = False
) -> Blocks:
    """Return a process's blocks beside the bare loop's, by default the mean of both bare ones."""
    field = 1 if own_time else 0
    pairs = []
    for each in turns:
        times = {name: np.array(found)[:, field] for name, found in each.blocks.items()}
        bare = times[against] if against else (times["bare"] + times["control"]) / 2
        pairs.append(np.stack([times[role], bare], axis=1))
    return np.concatenate(pairs)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, ""])


def _threads_text(threads: int) -> str:
    if threads:
        return "one thread for torch" if threads == 1 else f"{threads} threads for torch"
    return "torch's default number of threads"


def _cpu() -> str:
    """Return the processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
