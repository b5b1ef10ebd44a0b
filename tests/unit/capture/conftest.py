"""Fixtures of the capture tests."""

import sys

import pytest


@pytest.fixture
def loop():
    """Return a model to watch and to train in loops of any kind."""
    from .counted_loop import CountedLoop

    made = CountedLoop()
    yield made
    if made.run is not None:
        made.run.close()


@pytest.fixture(autouse=True)
def nothing_compiled():
    """Clear the counters of torch.compile: labkit registers fewer hooks after a compilation."""
    yield
    dynamo = sys.modules.get("torch._dynamo.utils")
    if dynamo is not None:
        dynamo.counters.clear()
