"""Each test begins as a process does of which no page has requested text."""

import pytest

from labkit.views import text_buffers


@pytest.fixture(autouse=True)
def binary_buffers(monkeypatch):
    monkeypatch.setattr(text_buffers, "_requested", [])
