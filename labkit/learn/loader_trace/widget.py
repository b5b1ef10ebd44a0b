"""The widget that draws a trace: the dataset, the batches, and who did what when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets
from torch.utils.data import DataLoader

from labkit.learn.loader_trace.still import still_picture
from labkit.learn.loader_trace.tracing import BatchTrace, Step, trace_epochs, whole_dataset
from labkit.views.assets import small_script
from labkit.views.message_builders import PROTOCOL_VERSION
from labkit.views.messages.batches import TracedBatch
from labkit.views.saved_output import view_data

_MOST_SAMPLES, _MOST_EPOCHS = 1000, 8


class LoaderTrace(anywidget.AnyWidget):
    """The trace of a loader, as a view; `trace_loader` returns it.

    Attributes
    ----------
    batches : tuple of BatchTrace
        All batches, in the order of arrival.
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    size = traitlets.Int().tag(sync=True)
    workers = traitlets.Int().tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)
    epochs: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(
        self, batches: Sequence[BatchTrace], size: int, workers: int, labels: Sequence[int] = ()
    ) -> None:
        self.batches = tuple(batches)
        n_epochs = max((each.epoch for each in batches), default=-1) + 1
        epochs = [[_sent(b) for b in batches if b.epoch == epoch] for epoch in range(n_epochs)]
        super().__init__(
            size=size,
            workers=workers,
            labels=list(labels),
            epochs=epochs,
            _esm=small_script("batches.js"),
        )

    def __repr__(self) -> str:
        return _in_words(self.batches, self.size)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        still = {
            "text/plain": repr(self),
            "image/svg+xml": still_picture(self.batches, self.size, repr(self)),
        }
        return {**(data or {}), **view_data(self.model_id), **still}, metadata


def trace_loader(
    loader: DataLoader[Any],
    epochs: int = 1,
    step: Step = lambda batch: None,
    labels: Sequence[int] = (),
) -> LoaderTrace:
    """Run a data loader and draw which index went into which batch, fetched by whom and when.

    The loader is run as it is: a copy of it, with the same sampler, workers and collate function,
    notes what it does. Samples of a `Subset` are shown at their place in the whole dataset.

    Parameters
    ----------
    loader : DataLoader
        Its dataset has up to 1000 samples.
    epochs : int
        How many times it is run, up to 8.
    step : callable
        What the loop does with each batch; nothing by default.
    labels : sequence of int
        The class of each sample, by which the view can be coloured.

    Returns
    -------
    LoaderTrace
        A widget; its `batches` have the numbers.

    Raises
    ------
    ValueError
        If the dataset is too large to be drawn, or the loader makes no batches.
    TypeError
        If the dataset has no indices.

    Examples
    --------
    >>> import torch
    >>> trace_loader(DataLoader(torch.arange(10), batch_size=4))
    Batches of 4, 4, 2 of 10 samples, fetched by the loop's own process.
    """
    size = len(whole_dataset(loader.dataset))
    if size > _MOST_SAMPLES:
        raise ValueError(f"up to {_MOST_SAMPLES} samples are drawn; the dataset has {size}")
    if not 1 <= epochs <= _MOST_EPOCHS:
        raise ValueError(f"epochs is 1 to {_MOST_EPOCHS}; got {epochs}")
    batches = tuple(trace_epochs(loader, epochs, step))
    return LoaderTrace(batches, size, loader.num_workers, [int(each) for each in labels])


def _sent(batch: BatchTrace) -> TracedBatch:
    times = {
        name: round(1000 * getattr(batch, name), 3)
        for name in ("begin", "end", "asked", "arrived", "done")
    }
    return {"indices": list(batch.indices), "worker": batch.worker, **times}  # type: ignore[typeddict-item]


def _in_words(batches: Sequence[BatchTrace], size: int) -> str:
    first = [len(each.indices) for each in batches if each.epoch == 0]
    shown = ", ".join(map(str, first[:12])) + (", ..." if len(first) > 12 else "")  # noqa: PLR2004
    found = sorted({each.worker for each in batches if each.worker is not None})
    by = f"workers {', '.join(map(str, found))}" if found else "the loop's own process"
    n_epochs = max((each.epoch for each in batches), default=0) + 1
    often = f" in each of {n_epochs} epochs" if n_epochs > 1 else ""
    return f"Batches of {shown} of {size} samples{often}, fetched by {by}."
