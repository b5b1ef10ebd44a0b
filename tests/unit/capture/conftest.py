"""What the capture tests share."""

import sys

import pytest


@pytest.fixture(autouse=True)
def nothing_compiled():
    """Clear what torch.compile counted, as hooks stay away where something was compiled."""
    yield
    dynamo = sys.modules.get("torch._dynamo.utils")
    if dynamo is not None:
        dynamo.counters.clear()
