"""The synchronised state of the traced data loader of the course; the page sends nothing."""

from __future__ import annotations

from typing import TypedDict


class TracedBatch(TypedDict):
    """One batch. `worker` is None if the loop's own process fetched it; times in ms.

    `begin` and `end` are those of fetching and collating, `asked` and `arrived` those of the loop's
    wait for this batch, `done` the end of the loop's work with it; all from the epoch's start.
    """

    indices: list[int]
    worker: int | None
    begin: float
    end: float
    asked: float
    arrived: float
    done: float


class BatchesState(TypedDict):
    """The state that the kernel sends.

    `size` is the number of samples in the dataset, `workers` that of worker processes, `labels` the
    class of each sample or nothing, `epochs` the batches of each epoch in the order of arrival.
    """

    protocol: int
    size: int
    workers: int
    labels: list[int]
    epochs: list[list[TracedBatch]]
