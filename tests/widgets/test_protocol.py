"""What goes to the page is written down, bounded, and valid JSON."""

import json

import numpy as np
import pytest

from labkit.run import Block
from labkit.views import protocol

from .fixtures import FOLDER, STATE, as_json, messages


@pytest.mark.parametrize("name", ["snapshot", "frame"])
def test_the_fixtures_that_typescript_reads_are_what_python_sends(name):
    message, expected = messages()[name]
    stored = json.loads((FOLDER / f"{name}.json").read_text())
    assert json.loads(json.dumps(as_json(message, expected))) == stored


def test_a_number_that_is_not_finite_never_travels_as_json():
    message = protocol.frame(1, STATE, {}, None)
    assert message.content["run"]["steps_per_second"] is None
    json.dumps(message.content, allow_nan=False)


def test_a_frame_is_bounded_and_keeps_the_largest_values():
    names = [f"layer{number}.weight" for number in range(1000)]
    block = Block("grad_norm", "grad_norm", names)
    values = np.random.default_rng(0).random((400, 1000), np.float32)
    values[17, 3], values[200, 5] = 99.0, np.nan
    rows = {"grad_norm": protocol.NewRows(block, np.arange(400), values)}
    message = protocol.frame(1, STATE, rows, None)
    (sent,) = message.content["blocks"]
    assert len(message.buffers[sent["values"]]) <= protocol.MOST_FRAME_BYTES
    decoded = np.frombuffer(message.buffers[sent["values"]], "<f4").reshape(sent["rows"], 1000)
    assert decoded[:, 3].max() == 99.0
    assert np.isnan(decoded[:, 5]).any()
    steps = np.frombuffer(message.buffers[sent["steps"]], "<f8")
    assert steps[-1] == 399
