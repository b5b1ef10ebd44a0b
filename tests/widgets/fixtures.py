"""Messages that both test suites read: what Python writes, TypeScript must understand.

``python -m tests.widgets.fixtures`` writes them anew after a change of the protocol.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from labkit.run import Block, ComputationGraph, Edge, ModuleCall, Node, Notice, RunState
from labkit.run.inspection import Inspection, RecordedNorm, TensorStatistics
from labkit.views import protocol
from labkit.views.protocol import Message, NewRows

FOLDER = Path(__file__).parent.parent / "fixtures" / "protocol"

STATE = RunState(
    name="<b>fixture</b>",
    status="running",
    message=None,
    step=3000,
    epoch=2,
    steps_per_epoch=1500,
    total_steps=6000,
    steps_per_second=float("inf"),
    elapsed=12.5,
    remaining=12.5,
    device="cpu",
    process_memory=300_000_000,
    device_memory=None,
    getting_started=False,
    cost=0.02,
    budget=0.03,
    parameters=1234,
    trainable=1200,
    notices=(Notice("graph", "switched off"),),
)

GRAPH = ComputationGraph(
    nodes=(
        Node("fc#1/weight:0", "parameter", "parameter", "fc#1", (2, 2), parameters=("fc.weight",)),
        Node("fc#1/addmm:0", "op", "addmm", "fc#1", (1, 2), "float32", "cpu", 8),
        Node("/loss:0", "output", "loss", "", ()),
    ),
    edges=(Edge("fc#1/weight:0", "fc#1/addmm:0"), Edge("fc#1/addmm:0", "/loss:0")),
    modules=(
        ModuleCall("#1", "", 1, "Net", None, 6),
        ModuleCall("fc#1", "fc", 1, "Linear", "#1", 6),
    ),
    step=1,
)


STATISTICS = TensorStatistics(
    shape=(2, 2),
    dtype="float32",
    minimum=-1.0,
    maximum=2.0,
    mean=float("nan"),
    deviation=0.5,
    zeros=1,
    not_finite=1,
    edges=np.array([-1.0, 0.0, 1.0, 2.0]),
    counts=np.array([2, 0, 1]),
)


NORMS = (RecordedNorm("weight_norm", 1.5, 4), RecordedNorm("grad_norm", float("inf"), 4))


def spiky_block() -> Block:
    """Return a block whose older rows are folded, with a spike and a NaN among them."""
    block = Block("loss", "loss", ["loss"])
    for step in range(1, 6001):
        block.append(step, {700: 50.0, 900: float("nan")}.get(step, 1.0 / step))
    return block


def messages() -> dict[str, tuple[Message, dict[str, Any]]]:
    """Return the messages by name, each with what a reader must find in it."""
    block = spiky_block()
    steps, values = block.points(0)
    found = {
        "points": len(steps),
        "first": int(steps[0]),
        "last": int(steps[-1]),
        "spike": [int(step) for step in steps[values == np.float32(50.0)]],
        "nan": [int(step) for step in steps[np.isnan(values)]],
    }
    rows = {
        "loss": NewRows(
            block,
            np.array([6001, 6002]),
            np.array([[0.5], [np.inf]], np.float32),
            is_known=True,
        ),
        "grad_norm": NewRows(
            Block("grad_norm", "grad_norm", ["fc.weight", "fc.bias"]),
            np.array([6001]),
            np.array([[0.25, np.nan]], np.float32),
        ),
    }
    return {
        "snapshot": (protocol.snapshot(7, STATE, [(block, block.whole())], GRAPH), found),
        "frame": (protocol.frame(8, STATE, rows, None), {"last": 6002}),
        "inspection": (
            protocol.inspection(3, Inspection(STATISTICS, None, NORMS, "so")),
            {
                "counts": [2, 0, 1],
                "norms": [
                    {"kind": "weight_norm", "step": 4, "value": 1.5},
                    {"kind": "grad_norm", "step": 4, "value": None},
                ],
            },
        ),
    }


def as_json(message: Message, expected: dict[str, Any]) -> dict[str, Any]:
    """Return a message as a fixture's JSON."""
    buffers = [base64.b64encode(buffer).decode() for buffer in message.buffers]
    return {"message": message.content, "buffers": buffers, "expected": expected}


def write() -> None:
    """Write all fixtures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (message, expected) in messages().items():
        text = json.dumps(as_json(message, expected), indent=1, allow_nan=False)
        (FOLDER / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    write()
