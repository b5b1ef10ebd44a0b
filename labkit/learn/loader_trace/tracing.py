"""Runs a copy of a data loader whose dataset and collate function note what they do.

The copy has the same batch sampler, collate function and settings; only the samples come with
their index, the worker and the times. Both classes are importable, so that worker processes can be
started by any method.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, get_worker_info

Step = Callable[[Any], object]


@dataclass(frozen=True)
class BatchTrace:
    """What happened to one batch. Times are seconds from the start of its epoch.

    Attributes
    ----------
    epoch, number : int
        Counted from 0, in the order of arrival.
    indices : tuple of int
        The samples, in the order in which they were collated.
    worker : int or None
        The process that fetched them; None for the loop's own.
    begin, end : float
        When the batch began to be fetched, and when it was collated.
    asked, arrived, done : float
        When the loop asked for it, received it, and had used it.
    """

    epoch: int
    number: int
    indices: tuple[int, ...]
    worker: int | None
    begin: float
    end: float
    asked: float
    arrived: float
    done: float


class _Fetched(NamedTuple):
    sample: Any
    place: int
    worker: int | None
    begin: float


class _Collated(NamedTuple):
    batch: Any
    indices: tuple[int, ...]
    worker: int | None
    begin: float
    end: float


class _TracedDataset(Dataset[_Fetched]):
    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> _Fetched:
        begin = time.time()
        worker = get_worker_info()
        sample = self.dataset[index]
        place = original_index(self.dataset, index)
        return _Fetched(sample, place, None if worker is None else worker.id, begin)


class _TracedCollate:
    def __init__(self, collate: Callable[[list[Any]], Any]) -> None:
        self._collate = collate

    def __call__(self, fetched: list[_Fetched]) -> _Collated:
        batch = self._collate([each.sample for each in fetched])
        indices = tuple(each.place for each in fetched)
        return _Collated(batch, indices, fetched[0].worker, fetched[0].begin, time.time())


def original_index(dataset: Any, index: int) -> int:
    """Return the index in the whole dataset of a sample of a subset.

    Examples
    --------
    >>> original_index(Subset(["a", "b", "c"], [2, 0]), 0)
    2
    """
    while isinstance(dataset, Subset):
        index, dataset = int(dataset.indices[index]), dataset.dataset
    return int(index)


def whole_dataset(dataset: Any) -> Any:
    """Return the dataset of which this one is a subset."""
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    return dataset


def traced_copy(loader: DataLoader[Any]) -> DataLoader[Any]:
    """Return a loader with the same settings that notes what it does.

    Raises
    ------
    TypeError
        If the dataset has no indices.
    ValueError
        If the loader makes no batches.
    """
    if isinstance(loader.dataset, IterableDataset):
        raise TypeError("an IterableDataset has no indices to trace; pass a dataset with them")
    if loader.batch_sampler is None:
        raise ValueError("a loader with batch_size=None makes no batches; give it a batch size")
    settings = {
        name: getattr(loader, name)
        for name in ("num_workers", "timeout", "worker_init_fn", "generator", "in_order")
        if hasattr(loader, name)
    }
    if loader.num_workers:
        settings["multiprocessing_context"] = loader.multiprocessing_context
        settings["prefetch_factor"] = loader.prefetch_factor
        settings["persistent_workers"] = loader.persistent_workers
    return DataLoader(
        _TracedDataset(loader.dataset),
        batch_sampler=loader.batch_sampler,
        collate_fn=_TracedCollate(loader.collate_fn),
        **settings,
    )


def trace_epochs(loader: DataLoader[Any], epochs: int, step: Step) -> Iterator[BatchTrace]:
    """Run the loader, call `step` with each batch, and yield what happened."""
    traced = traced_copy(loader)
    for epoch in range(epochs):
        start = time.time()
        asked = start
        for number, collated in enumerate(traced):
            arrived = time.time()
            step(collated.batch)
            done = time.time()
            begin, end, *waited = (
                each - start for each in (collated.begin, collated.end, asked, arrived, done)
            )
            yield BatchTrace(epoch, number, collated.indices, collated.worker, begin, end, *waited)
            asked = time.time()
