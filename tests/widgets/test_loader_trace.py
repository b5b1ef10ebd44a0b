"""A traced data loader shows what the loader itself does."""

from xml.etree import ElementTree

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, Subset

from labkit.learn import trace_loader
from labkit.views.saved_output import VIEW_MIME_TYPE

# No class of this file, which workers that are not forked (from Python 3.14) could not import.
SQUARES = [index**2 for index in range(10)]


def indices(trace):
    return [list(each.indices) for each in trace.batches]


def test_a_trace_has_the_batches_that_the_loader_itself_gives():
    def loader():
        return DataLoader(
            SQUARES, batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(3)
        )

    straight = loader()
    expected = [batch.tolist() for _ in range(2) for batch in straight]
    used = []
    trace = trace_loader(loader(), epochs=2, step=lambda batch: used.append(batch.tolist()))
    assert used == expected == [[i**2 for i in batch] for batch in indices(trace)]
    assert [(each.epoch, each.number) for each in trace.batches] == [
        (epoch, number) for epoch in range(2) for number in range(3)
    ]


def test_worker_processes_take_turns_and_times_are_in_order():
    trace = trace_loader(DataLoader(SQUARES, batch_size=3, num_workers=2))
    assert [each.worker for each in trace.batches] == [0, 1, 0, 1]
    for each in trace.batches:
        assert 0 <= each.begin <= each.end <= each.arrived <= each.done
        assert each.asked <= each.arrived
    assert repr(trace) == "Batches of 3, 3, 3, 1 of 10 samples, fetched by workers 0, 1."


def test_samples_of_a_subset_have_their_index_in_the_whole_dataset():
    part = Subset(Subset(SQUARES, [9, 8, 7, 6]), [1, 3])
    trace = trace_loader(DataLoader(part, batch_size=2))
    assert (indices(trace), trace.size) == ([[8, 6]], 10)


def test_what_cannot_be_drawn_is_refused():
    class Endless(IterableDataset):
        def __len__(self):
            return 3

        def __iter__(self):
            yield from range(3)

    with pytest.raises(TypeError, match="no indices"):
        trace_loader(DataLoader(Endless()))
    with pytest.raises(ValueError, match="makes no batches"):
        trace_loader(DataLoader(SQUARES, batch_size=None))
    with pytest.raises(ValueError, match="up to 1000"):
        trace_loader(DataLoader(torch.zeros(1001)))
    with pytest.raises(ValueError, match="epochs is 1 to 8"):
        trace_loader(DataLoader(SQUARES), epochs=0)


def test_a_notebook_without_a_kernel_shows_the_batches():
    trace = trace_loader(DataLoader(SQUARES, batch_size=6, num_workers=2))
    data, _ = trace._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    words = "".join(picture.itertext())
    assert "batch 1 (worker 1)" in words
    assert "6 7 8 9" in words
    assert data["text/plain"] == repr(trace)
    assert VIEW_MIME_TYPE in data
