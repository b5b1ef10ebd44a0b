"""The still picture of a trace, for notebooks without a kernel: the first epoch's batches."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.learn.loader_trace.tracing import BatchTrace
from labkit.views.still.sheet import INSET, LINE, ROOM, Section, label, lines, paragraph, sheet

_MOST_ROWS, _LANE, _LEFT = 16, 20, 90


def still_picture(batches: Sequence[BatchTrace], size: int, said: str) -> str:
    """Return the batches of the first epoch, and when they were fetched and used, as SVG source."""
    first = [each for each in batches if each.epoch == 0]
    sections = [paragraph(lines(said, 100, 2)), _rows(first)]
    if first:
        sections.append(_lanes(first))
    return sheet("A traced data loader: the first epoch", f"{size} samples", sections)


def _rows(batches: Sequence[BatchTrace]) -> Section:
    body = ""
    for row, batch in enumerate(batches[:_MOST_ROWS]):
        by = "" if batch.worker is None else f" (worker {batch.worker})"
        indices = " ".join(map(str, batch.indices))
        y = LINE * (row + 1) - 4
        body += label(INSET, y, f"batch {batch.number}{by}", kind="k")
        body += label(INSET + 130, y, indices, room=ROOM - 130, kind="u")
    rows = min(len(batches), _MOST_ROWS)
    if len(batches) > rows:
        body += label(INSET, LINE * (rows + 1) - 4, f"and {len(batches) - rows} more")
        rows += 1
    return Section(body, LINE * rows)


def _lanes(batches: Sequence[BatchTrace]) -> Section:
    last = max(each.done for each in batches) or 1e-9
    workers = sorted({each.worker for each in batches}, key=lambda each: (each is None, each))
    body = ""

    def bar(lane: int, begin: float, end: float, place: int) -> str:
        x = INSET + _LEFT + (ROOM - _LEFT) * begin / last
        width = max((ROOM - _LEFT) * (end - begin) / last, 1)
        return (
            f'<rect class="s{place % 4}" x="{x:.1f}" y="{lane * _LANE + 3}" width="{width:.1f}" '
            f'height="{_LANE - 6}" fill="none"/>'
        )

    for lane, worker in enumerate(workers):
        name = "fetching" if worker is None else f"worker {worker}"
        body += label(INSET, (lane + 1) * _LANE - 5, name)
        for batch in batches:
            if batch.worker == worker:
                body += bar(lane, batch.begin, batch.end, batch.number)
    lane = len(workers)
    body += label(INSET, (lane + 1) * _LANE - 5, "loop")
    for batch in batches:
        body += bar(lane, batch.arrived, batch.done, batch.number)
    body += label(INSET + _LEFT, (lane + 2) * _LANE - 4, f"0 to {1000 * last:.3g} ms", kind="u")
    return Section(body, (lane + 2) * _LANE)
