"""Messages written by Python that the tests of Python and of TypeScript read.

Run ``python -m tests.widgets.fixtures`` after a change of the protocol.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from labkit.playing.maps import Maps
from labkit.playing.settings import Settings
from labkit.playing.training import Training
from labkit.playing.wire import frame_message, setup_message
from labkit.run import (
    ComputationGraph,
    Edge,
    EpochStart,
    Finding,
    GraphSpan,
    LoggedSample,
    ModuleCall,
    Node,
    Notice,
    RunState,
    SeriesTable,
)
from labkit.run.activations import ActivationLog, Picture
from labkit.run.file.summary import FindingSummary
from labkit.run.folder.listed_run import ListedRun
from labkit.run.graph.walk import Flow, Formula, Leaf, StepEvent, ValueSummary, Walk
from labkit.run.histograms import HISTOGRAM_BINS, HistogramLog
from labkit.run.inspection import Inspection, RecordedNorm, TensorStatistics
from labkit.run.model_input import ModelInput
from labkit.run.series.results import Outline, SeriesResult
from labkit.views import message_builders, runs_messages, sample_messages, snapshots_and_frames
from labkit.views.fragments import Fragmenter
from labkit.views.message_builders import Message
from labkit.views.messages import (
    batches,
    boundary,
    broadcast,
    line,
    loop,
    pad,
    page,
    playground,
    prediction,
    race,
    runs,
    sliding,
    stepper,
    storage,
    widgets,
)
from labkit.views.messages.run import FindingsHistory, Progress
from labkit.views.messages.samples import SampleSeries
from labkit.views.messages.tuning import Tuning
from labkit.views.snapshots_and_frames import NO_HISTORY, NewRows
from labkit.views.stepper import walk_message

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tests" / "fixtures" / "protocol"
TYPESCRIPT = ROOT / "frontend" / "tests" / "fixtures" / "messages.ts"
_TYPESCRIPT_HEAD = """\
/** All messages and widget states of Python; written by `python -m tests.widgets.fixtures`. */

import type { BatchesState } from "../../src/messages/batches";
import type {
  BoundaryViewState,
  MomentMessage,
  ThresholdViewState,
  WantMessage,
} from "../../src/messages/boundary";
import type { KernelMessage } from "../../src/messages/kernel";
import type { LoopState, LoopSwitched } from "../../src/messages/loop";
import type { PadDrawing, PadState } from "../../src/messages/pad";
import type { LockMessage, PredictionState } from "../../src/messages/prediction";
import type { PageMessage } from "../../src/messages/page";
import type { PlaygroundMessage, PlaygroundRequest } from "../../src/messages/playground";
import type { LineRequest, LineState } from "../../src/messages/line";
import type { RaceRequest, RaceState } from "../../src/messages/race";
import type { SlidingRequest, SlidingState } from "../../src/messages/sliding";
import type { RunsKernelMessage, RunsPageMessage } from "../../src/messages/runs";
import type { StepperMessage, StepperRequest } from "../../src/messages/stepper";
import type { BroadcastAsked, BroadcastState } from "../../src/messages/broadcast";
import type { StorageAsked, StorageState } from "../../src/messages/storage";
import type { ChannelState, ViewState } from "../../src/messages/widgets";

"""

STATE = RunState(
    name="<b>fixture</b>",
    status="running",
    message=None,
    step=3000,
    epoch=2,
    steps_per_epoch=1500,
    epoch_start=EpochStart(2, 1500, 1500),
    total_steps=6000,
    length_source="for epoch in range(4), for x, y in loader (line 3)",
    may_end_early=False,
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
    structures=(GraphSpan("abc", 1, 9),),
    pictures=1,
    skipped=(7,),
    pace=20.0,
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


FINDING = Finding(
    rule="dead-units",
    severity="warning",
    message="Half of the units of fc are dead.",
    where=("fc",),
    steps=(4, 9),
    cause="A step that was too large.",
    advice=("Lower the learning rate.",),
    series=("act_dead/fc",),
    node="fc#1/addmm:0",
)

HISTORY: FindingsHistory = {
    "rules": 24,
    "silenced": [
        {"rule": "plateau", "severity": None, "message": None, "holds": False},
        {
            "rule": "slow-loading",
            "severity": "hint",
            "message": "The loop waits for batches.",
            "holds": True,
        },
    ],
    "past": [
        {
            "id": 1,
            "rule": "vanishing-gradients",
            "severity": "warning",
            "message": "The gradient vanishes.",
            "steps": [3, 8],
            "step": 4,
            "ended_step": 20,
            "reason": "no longer holds",
        }
    ],
    "dropped": 0,
}

PROGRESS: Progress = {
    "epochs": {"steps": [0, 1500], "values": [0, 1]},
    "seconds": {"steps": [1, 1500, 1500, 3000], "values": [0.25, 5.0, 7.5, 12.5]},
}

TUNING: Tuning = {
    "groups": [
        {
            "name": "0",
            "parameters": 2,
            "values": [
                {"quantity": "lr", "used": [0.05], "own": [0.1], "varies": True},
                {"quantity": "betas", "used": [0.9, 0.99], "own": [0.9, 0.99], "varies": False},
            ],
            "reason": None,
        }
    ],
    "modules": [{"path": "fc", "type": "Linear", "parameters": 6, "frozen": 4, "frozen_here": 4}],
    "events": [
        {
            "id": 1,
            "step": 40,
            "kind": "lr",
            "where": "0",
            "text": "learning rate of group 0: 0.1 → 0.05",
            "taken_back": None,
        }
    ],
}

PICTURE = Picture(
    module="fc",
    kind="units",
    step=4,
    values=np.arange(4, dtype=np.float32).reshape(1, 2, 2),
    panels=("",),
    rows="sample",
    columns="unit",
    silent=(0,),
    whole=(2, 2),
    given=ModelInput("tokens", np.array([[[7, 9]]], np.float32), (2,), ("<b>a</b>", "cat")),
)

SAMPLE = LoggedSample("<i>made</i>", 4, "text", b"<b>a cat</b>", "12 characters")
SAMPLES: SampleSeries = {"name": SAMPLE.name, "kind": "text", "steps": [2, 4], "logged": 3}

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


def spiky_table() -> SeriesTable:
    """Return a table whose buckets contain a spike and a NaN."""
    table = SeriesTable("loss", "loss", ["loss"])
    for step in range(1, 6001):
        table.append(step, {700: 50.0, 900: float("nan")}.get(step, 1.0 / step))
    return table


def messages() -> dict[str, tuple[Message, dict[str, Any]]]:
    """Return the messages by name, each with the values that a decoder must return."""
    table = spiky_table()
    steps, values = table.points(0)
    found = {
        "points": len(steps),
        "first": int(steps[0]),
        "last": int(steps[-1]),
        "spike": [int(step) for step in steps[values == np.float32(50.0)]],
        "nan": [int(step) for step in steps[np.isnan(values)]],
    }
    accuracy = SeriesTable("metric/accuracy", "metric", ["accuracy"])
    accuracy.extend([1, 2], [0.25, 0.5])
    rows = {
        "loss": NewRows(
            table,
            np.array([6001, 6002]),
            np.array([[0.5], [np.inf]], np.float32),
            is_known=True,
        ),
        "grad_norm": NewRows(
            SeriesTable("grad_norm", "grad_norm", ["fc.weight", "fc.bias"]),
            np.array([6001]),
            np.array([[0.25, np.nan]], np.float32),
        ),
    }
    return {
        "snapshot": (
            snapshots_and_frames.snapshot(
                7,
                STATE,
                snapshots_and_frames.Tables([(table, table.whole())], ["metric/accuracy"]),
                GRAPH,
                [FINDING],
                HISTORY,
                snapshots_and_frames.Setup(["fc.weight"], {"optimizer": "SGD"}),
                TUNING,
                snapshots_and_frames.Notebook("marimo", "~/labkit"),
                progress=PROGRESS,
                samples=[SAMPLES],
                delivery=snapshots_and_frames.Delivery(6),
            ),
            found,
        ),
        "frame": (
            snapshots_and_frames.frame(
                8,
                STATE,
                replace(STATE, step=2999, elapsed=1.0),
                rows,
                None,
                complete=[(accuracy, accuracy.whole())],
            ),
            {"last": 6002, "accuracy": [0.25, 0.5]},
        ),
        "changes": (
            snapshots_and_frames.frame(
                9,
                STATE,
                None,
                {},
                GRAPH,
                [],
                NO_HISTORY,
                snapshots_and_frames.Setup(["fc.bias"], {"optimizer": "Adam"}),
                {"events": TUNING["events"]},
                samples=[SAMPLES],
            ),
            {},
        ),
        "inspection": (
            message_builders.inspection(3, Inspection(STATISTICS, None, NORMS, "so")),
            {
                "counts": [2, 0, 1],
                "norms": [
                    {"kind": "weight_norm", "step": 4, "value": 1.5},
                    {"kind": "grad_norm", "step": 4, "value": None},
                ],
            },
        ),
        "graph": (message_builders.older_graph(GRAPH.signature, GRAPH), {}),
        "subjects": (message_builders.subjects(4, pictures()), {}),
        "histograms": (
            message_builders.histograms(5, histograms(), ["fc.weight", "gone"], "magnitude", None),
            {"steps": [3, None]},
        ),
        "picture": (message_builders.picture(6, PICTURE), {"values": [0.0, 1.0, 2.0, 3.0]}),
        "sample": (sample_messages.sample(9, SAMPLE), {"text": SAMPLE.text}),
        "asset": (message_builders.asset("layout.js", b"compressed"), {}),
        "page": (message_builders.page_part(12, 0, 2, b"compressed"), {}),
        "acknowledged": (message_builders.acknowledged(7), {}),
        "refused": (message_builders.refused("No.", {"type": "graph", "signature": "abc"}), {}),
        "fragment": (fragments()[0], {}),
    }


def fragmented_message() -> Message:
    """Return a message with a name that is not ASCII, and with buffers, one of them empty."""
    message = message_builders.picture(8, replace(PICTURE, module="é" * 50))
    message.buffers += [b"", b"odd"]
    return message


def fragments() -> list[Message]:
    """Return the fragments of `fragmented_message`, as if it were too large."""
    return list(Fragmenter(max_bytes=300).fragments(fragmented_message()))


def page_messages() -> dict[str, page.PageMessage]:
    """Return the messages of a page by name."""
    return {
        "hello": {"type": "hello", "protocol": message_builders.PROTOCOL_VERSION, "again": False},
        "asset": {"type": "asset", "name": "layout.js", "again": False},
        "text": {"type": "text"},
        "received": {
            "type": "received",
            "seq": 7,
            "drawing": 0,
            "local": False,
            "in_sight": False,
            "in_place": False,
        },
        "graph": {"type": "graph", "signature": "abc"},
        "inspect": {"type": "inspect", "name": "fc.weight", "request": 1},
        "subjects": {"type": "subjects", "request": 2},
        "histograms": {
            "type": "histograms",
            "request": 3,
            "names": ["fc.weight"],
            "bins": "even",
            "step": 5,
        },
        "picture": {
            "type": "picture",
            "request": 4,
            "module": "fc",
            "kind": "units",
            "step": None,
        },
        "sample": {"type": "sample", "request": 11, "name": "samples", "step": None},
        "control": {"type": "control", "action": "pause", "request": 5},
        "pace": {"type": "pace", "pace": 20, "request": 7},
        "ignore": {"type": "ignore", "rule": "dead-units", "ignored": True, "request": 6},
        "export": {"type": "export", "request": 12},
        "adjust": {
            "type": "adjust",
            "group": "0",
            "quantity": "lr",
            "value": [0.01],
            "schedule": "scale",
            "request": 7,
        },
        "freeze": {"type": "freeze", "module": "fc", "frozen": True, "request": 8},
        "budget": {"type": "budget", "budget": 0.1, "request": 9},
        "undo": {"type": "undo", "event": 1, "request": 10},
    }


def stepper_messages() -> dict[str, tuple[Message, dict[str, Any]]]:
    """Return the messages of the stepper by name."""
    value = ValueSummary((2,), "float32", np.array([[1.0, np.nan]]), True, 1.0, 1.0, 1.0, 1.0, 0, 1)
    unknown = ValueSummary((2,), "float32", reason="It was not kept.")
    formula = Formula("self * 2", (("self", "grad * 2"),), "derivatives.yaml: mul.Tensor")
    leaf, product = "fc#1/weight:0", "fc#1/addmm:0"
    walk = Walk(
        graph=GRAPH,
        events=(
            StepEvent(
                "forward", product, "addmm.", (Flow(leaf, value),), (Flow(product, value),), formula
            ),
            StepEvent(
                "accumulate", leaf, "Adds.", (Flow(product, value),), (), None, unknown, value
            ),
        ),
        leaves=(Leaf(leaf, "fc.weight", value, editable=True),),
    )
    refusal = Message({"type": "refused", "request": 3, "reason": "No."})
    return {"walk": (walk_message(walk, 2), {}), "refused": (refusal, {})}


def stepper_requests() -> dict[str, stepper.StepperRequest]:
    """Return the messages of a page to the stepper by name."""
    return {
        "walk": {"type": "walk", "protocol": message_builders.PROTOCOL_VERSION, "again": False},
        "edit": {"type": "edit", "request": 1, "leaf": "w", "index": 0, "value": 2.5},
        "reset": {"type": "reset", "request": 2},
        "text": {"type": "text"},
    }


def runs_messages_by_name() -> dict[str, Message]:
    """Return the messages of a folder of runs by name."""
    listed = [
        ListedRun(
            "sub/mlp.lab",
            Path("sub/mlp.lab"),
            "<b>mlp</b>",
            status="running",
            steps=1_000,
            started=1.5e9,
            duration=12.5,
            note="a wider head",
            configuration={"lr": "0.1", "optimizer": "SGD"},
            results=(
                SeriesResult("loss", 0.5, 0.25, 2.0),
                SeriesResult("accuracy", float("nan"), 0.5, 0.75),
            ),
            outline=Outline((1, 501, 1_000), (2.0, 0.25, 0.5)),
            findings=(FindingSummary("warning", "Half of the units are dead."),),
        ),
        ListedRun("broken.lab", Path("broken.lab"), "broken", "broken.lab is damaged."),
    ]
    return {
        "runs": runs_messages.runs_message("/home/runs", None, listed),
        "run-rows": runs_messages.rows_message("It is gone.", listed[:1], ["broken.lab"]),
        "compared": runs_messages.compared_message(1, ["a.lab"], ["a"], ["abc"]),
        "refused": Message({"type": "refused", "request": 3, "reason": "No."}),
    }


def runs_requests() -> dict[str, runs.RunsPageMessage]:
    """Return the messages of a page to a folder of runs by name."""
    return {
        "runs": {"type": "runs", "protocol": message_builders.PROTOCOL_VERSION, "again": False},
        "compare": {"type": "compare", "request": 1, "keys": ["a.lab", "b.lab"]},
        "text": {"type": "text"},
    }


def playground_messages() -> dict[str, Message]:
    """Return the messages of a playground by name."""
    training = Training(Settings(hidden=(2,), features=("x1", "x1*x2")))
    maps = Maps(training, (-3.0, 3.0, -3.0, 3.0))
    frame = frame_message(training, maps)
    state = {"number": 4, "answer": True, "playing": "playing", "speed": "fast", "error": None}
    return {
        "setup": setup_message(training, maps),
        "frame": Message({**frame.content, **state}, frame.buffers),
        "code": Message({"type": "code", "text": "import torch\n", "call": "lk.playground('xor')"}),
        "refused": Message({"type": "refused", "reason": "No."}),
    }


def playground_requests() -> dict[str, playground.PlaygroundRequest]:
    """Return the messages of a page to a playground by name."""
    return {
        "hello": {
            "type": "hello",
            "protocol": message_builders.PROTOCOL_VERSION,
            "page": "a",
            "in_place": True,
        },
        "sight": {"type": "sight", "page": "a", "visible": True, "number": 4},
        "play": {"type": "play", "playing": True},
        "reset": {"type": "reset"},
        "step": {"type": "step", "of": "step"},
        "epoch": {"type": "step", "of": "epoch"},
        "speed": {"type": "speed", "speed": "slow"},
        "change": {"type": "change", "settings": {"hidden": [3, 2]}},
        "weight": {"type": "weight", "layer": 0, "unit": 1, "source": None, "value": 0.5},
        "code": {"type": "code"},
        "text": {"type": "text"},
    }


def channel_states() -> dict[str, widgets.ChannelState]:
    """Return the state of a run's channel."""
    return {"channel": {"protocol": message_builders.PROTOCOL_VERSION, "run_id": "abc"}}


def view_states() -> dict[str, widgets.ViewState]:
    """Return the states of the views by their names."""
    states: dict[str, widgets.ViewState] = {
        name: {"view": name, "channel": "IPY_MODEL_abc"} for name in get_args(widgets.ViewName)
    }
    states["dashboard"]["form"] = "compact"
    states["comparison"]["channels"] = ["IPY_MODEL_abc", "IPY_MODEL_def"]
    states["comparison"]["names"] = ["SGD", "Adam"]
    return states


def pad_states() -> dict[str, pad.PadState]:
    """Return the state of a drawing pad."""
    state: pad.PadState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "side": 2,
        "pixels": [0.0, 1.0, 0.25, 0.0],
        "said": "Two bright pixels",
        "tiles": {"count": 2, "rows": 1, "columns": 2, "values": [0.0, 1.0, 0.5, 0.25]},
    }
    return {"pad": state}


def pad_drawings() -> dict[str, pad.PadDrawing]:
    """Return the changes that a page sends after a stroke."""
    pixels = [0.0, 1.0, 0.95, 0.0]
    return {"drawing": {"page_protocol": message_builders.PROTOCOL_VERSION, "pixels": pixels}}


def batches_states() -> dict[str, batches.BatchesState]:
    """Return the trace of two epochs by two workers; the second draws one sample twice."""

    def traced(indices: list[int], worker: int, begin: float) -> batches.TracedBatch:
        return {
            "indices": indices,
            "worker": worker,
            "begin": begin,
            "end": begin + 4.0,
            "asked": 2 * begin,
            "arrived": begin + 4.5,
            "done": begin + 5.0,
        }

    state: batches.BatchesState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "size": 5,
        "workers": 2,
        "labels": [0, 0, 1, 1, 1],
        "epochs": [
            [traced([3, 0], 0, 0.0), traced([1, 2], 1, 4.0)],
            [traced([4, 4], 0, 0.0), traced([1, 2], 1, 4.0)],
        ],
    }
    return {"batches": state}


def boundary_states() -> dict[str, boundary.BoundaryViewState]:
    """Return the state of a boundary view of two samples."""
    plane: boundary.BoundaryPlane = {
        "names": ["radius", "texture"],
        "classes": ["benign", "malignant"],
        "x": [0.0, 2.0],
        "y": [0.0, 4.0],
        "side": 2,
        "points": _base64(np.array([[0.5, 1.0], [1.5, 3.0]], "<f4")),
        "labels": _base64(np.array([0, 1], np.uint8)),
        "pulls": True,
    }
    state: boundary.BoundaryViewState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "plane": plane,
        "moment": boundary_moment(1, 2, 2.0),
    }
    return {"boundary": state}


def threshold_states() -> dict[str, boundary.ThresholdViewState]:
    """Return the state of a threshold view of five samples."""
    state: boundary.ThresholdViewState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "classes": ["benign", "malignant"],
        "logits": _base64(np.array([4.0, -1.0, 1.0, -3.0, -6.0], "<f4")),
        "labels": _base64(np.array([1, 1, 0, 0, 0], np.uint8)),
        "price": 20.0,
    }
    return {"threshold": state}


def boundary_moment(index: int, count: int, logit: float) -> boundary.BoundaryMoment:
    """Return a moment with a boundary from top to bottom, in which sample 0 is wrong."""
    return {
        "index": index,
        "count": count,
        "step": 10 * index,
        "grid": _base64(np.array([-1.0, 1.0, -1.0, 1.0], "<f4")),
        "logits": _base64(np.array([0.5, logit], "<f4")),
        "losses": _base64(np.array([1.0, 0.25], "<f4")),
        "pulls": _base64(np.array([-0.5, 0.25], "<f4")),
        "directions": _base64(np.array([[1.0, 0.0], [1.0, 0.0]], "<f4")),
    }


def boundary_requests() -> dict[str, boundary.WantMessage]:
    """Return the message with which a page asks for a moment."""
    version = message_builders.PROTOCOL_VERSION
    return {"want": {"type": "want", "protocol": version, "index": 0}}


def boundary_messages() -> dict[str, boundary.MomentMessage]:
    """Return the message with a moment that was asked for."""
    return {"moment": {"type": "moment", "moment": boundary_moment(0, 2, -3.0)}}


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode()


def loop_states() -> dict[str, loop.LoopState]:
    """Return the state of a loop with one line off, whose run became NaN."""
    steps = [0, 1]
    state: loop.LoopState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "lines": [
            {"number": 1, "text": "def train(optimizer, loss, record):", "has_switch": False},
            {"number": 2, "text": "    loss.backward()  # the gradients", "has_switch": True},
            {"number": 3, "text": "    optimizer.step()", "has_switch": True},
        ],
        "off": [3],
        "answered": 0,
        "runs": [
            {
                "label": label,
                "series": [{"name": "loss", "steps": steps, "values": [2.3, last]}],
                "error": "",
            }
            for label, last in (("all lines", 0.5), ('without "optimizer.step()"', None))
        ],
        "said": "all lines: loss 0.5.",
    }
    return {"loop": state}


def loop_switches() -> dict[str, loop.LoopSwitched]:
    """Return the changes that a page sends after a switch."""
    query: loop.LoopQuery = {"number": 1, "off": [3, 2]}
    return {"switched": {"page_protocol": message_builders.PROTOCOL_VERSION, "query": query}}


def storage_states() -> dict[str, storage.StorageState]:
    """Return the state of six numbers, of which a table with two columns reads five."""
    state: storage.StorageState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "values": ["0.5", "1", "2", "3", "4", "5"],
        "recipes": [
            {"name": "t", "shape": [2, 3], "stride": [3, 1], "offset": 0},
            {"name": "windows", "shape": [3, 2], "stride": [1, 2], "offset": 1},
        ],
        "reading": {
            "shape": [3, 2],
            "stride": [1, 2],
            "offset": 1,
            "places": [1, 3, 2, 4, 3, 5],
            "said": "This is windows.",
        },
        "answered": 0,
        "said": "",
    }
    return {"storage": state}


def storage_queries() -> dict[str, storage.StorageAsked]:
    """Return the changes that a page sends for another recipe."""
    query: storage.StorageQuery = {"number": 1, "shape": "2, 3", "stride": "3, 1", "offset": "0"}
    return {"asked": {"page_protocol": message_builders.PROTOCOL_VERSION, "query": query}}


def broadcast_states() -> dict[str, broadcast.BroadcastState]:
    """Return the states of two shapes that fit, and of two that clash."""
    fits: broadcast.BroadcastReading = {
        "names": ["column", "row"],
        "shapes": [[3, 1], [4]],
        "result": [3, 4],
        "strides": [[1, 0], [0, 1]],
        "error": "",
        "clash": -1,
        "element": "result[i, j] comes from column[i, 0] and row[j]",
        "said": "They fit.",
    }
    clashes: broadcast.BroadcastReading = {
        "names": ["images", "colour"],
        "shapes": [[2, 3, 8], [1, 5]],
        "result": [],
        "strides": [],
        "error": "The size of tensor a (8) must match the size of tensor b (5)",
        "clash": 2,
        "element": "",
        "said": "They clash.",
    }
    pairs: list[broadcast.BroadcastPair] = [
        {"name": "(3, 1) and (4,)", "names": ["column", "row"], "shapes": [[3, 1], [4]]},
        {
            "name": "(2, 3, 8) and (5,)",
            "names": ["images", "colour"],
            "shapes": [[2, 3, 8], [5]],
        },
    ]
    version = message_builders.PROTOCOL_VERSION
    return {
        name: {
            "protocol": version,
            "pairs": pairs,
            "reading": reading,
            "said": "",
            "answered": 0,
        }
        for name, reading in (("fits", fits), ("clashes", clashes))
    }


def broadcast_queries() -> dict[str, broadcast.BroadcastAsked]:
    """Return the changes that a page sends for the shapes of a pair."""
    query: broadcast.BroadcastQuery = {"number": 1, "pair": 1, "shapes": ["2, 3, 8", "5"]}
    return {"asked": {"page_protocol": message_builders.PROTOCOL_VERSION, "query": query}}


def prediction_states() -> dict[str, prediction.PredictionState]:
    """Return the states of cards, one of each kind of question."""
    forms: dict[str, prediction.PredictionForm] = {
        "choice": {
            "kind": "choice",
            "options": [
                {"value": "a", "text": "On the GPU"},
                {"value": "b", "text": "On the `cpu`, *always*"},
            ],
        },
        "number": {"kind": "number", "low": 0.0, "high": 3.0, "unit": "s"},
        "exact": {"kind": "exact", "length": 2},
        "curve": {
            "kind": "curve",
            "x": [0.0, 100.0],
            "y": [0.01, 1.0],
            "x_label": "step",
            "y_label": "loss",
            "log": True,
        },
        "place": {
            "kind": "place",
            "picture": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40"/>',
            "description": "eight cells",
            "x": [-0.5, 3.5],
            "y": [1.5, -0.5],
            "cells": True,
            "names": ["column", "row"],
            "numbered": "",
        },
    }
    return {kind: _prediction_state(form) for kind, form in forms.items()}


def _prediction_state(form: prediction.PredictionForm) -> prediction.PredictionState:
    return {
        "protocol": message_builders.PROTOCOL_VERSION,
        "question": "What does `x` give?",
        "form": form,
        "locked": None,
        "is_open": True,
        "note": "",
        "said": "",
    }


def locked_predictions() -> dict[str, prediction.LockedPrediction]:
    """Return what a kernel sends after predictions of these kinds."""
    return {
        "choice": {"value": "b", "text": "Locked in: `b` (certain).", "sure": 3},
        "number": {"value": 1.5, "text": "Locked in: `1.5`.", "sure": None},
        "exact": {"value": [1, 4], "text": "Locked in: `(1, 4)` (guessing).", "sure": 1},
        "curve": {"value": [1.0, 0.1, 0.01], "text": "Locked in: a curve.", "sure": 2},
        "place": {"value": [2, 1], "text": "Locked in: column `2`, row `1`.", "sure": 2},
    }


def lock_messages() -> dict[str, prediction.LockMessage]:
    """Return what a page sends to lock a prediction in."""
    version = message_builders.PROTOCOL_VERSION
    return {
        "choice": {"type": "lock", "protocol": version, "value": "b", "sure": 3},
        "place": {"type": "lock", "protocol": version, "value": [2, 1], "sure": 1},
    }


def race_states() -> dict[str, race.RaceState]:
    """Return the state of a race of two optimizers, of which one has left after a step."""
    held: race.HeldValues = {"name": "momentum_buffer", "values": [None, None, -3.0, 40.0, -4.0, 2]}
    lane: race.RaceLane = {
        "name": "momentum",
        "kind": "SGD",
        "rate": 0.25,
        "places": [-4.0, 1.0, -3.0, 0.5, -1.0, 0.0],
        "losses": [33.0, 10.75, 0.5],
        "gradients": [-4.0, 50.0, -3.0, 25.0, -1.0, 0.0],
        "rates": [0.25, 0.25, 0.125],
        "state": [held],
        "ended": "",
    }
    left: race.RaceLane = {
        "name": "far",
        "kind": "Rprop",
        "rate": None,
        "places": [-4.0, 1.0, -9.0, 0.5],
        "losses": [33.0, 46.75],
        "gradients": [-4.0, 50.0, -9.0, 25.0],
        "rates": [0.0, 0.0],
        "state": [],
        "ended": "left the map for good at step 2",
    }
    drawn: race.RaceMap = {
        "first": {"name": "x", "low": -5.0, "high": 5.0},
        "second": {"name": "y", "low": -2.0, "high": 2.0},
        "image": "data:image/png;base64,",
        "lowest": 0.0,
        "highest": 112.5,
    }
    state: race.RaceState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "surface": "ravine",
        "surfaces": ["ravine", "saddle"],
        "map": drawn,
        "start": [-4.0, 1.0],
        "steps": 2,
        "lanes": [lane, left],
        "answered": 0,
        "said": "",
    }
    return {"race": state}


def race_requests() -> dict[str, race.RaceRequest]:
    """Return what a page sends after another learning rate."""
    query: race.RaceQuery = {
        "number": 1,
        "start": [-4.0, 1.0],
        "rates": {"momentum": 0.5},
        "surface": "ravine",
    }
    return {"rate": {"page_protocol": message_builders.PROTOCOL_VERSION, "query": query}}


def line_states() -> dict[str, line.LineState]:
    """Return the state of a line that was fitted for two steps, one point in each."""
    fit = race_states()["race"]
    lane: race.RaceLane = {
        **fit["lanes"][0],
        "name": "lr 0.1",
        "kind": "SGD",
        "rate": 0.1,
        "places": [4.0, 3.0, 3.0, 2.0, 2.0, 1.0],
        "losses": [30.0, 7.5, 0.0],
        "gradients": [20.0, 10.0, 10.0, 5.0, 0.0, 0.0],
        "rates": [0.1, 0.1, 0.1],
        "state": [],
    }
    drawn: race.RaceMap = {
        "first": {"name": "w", "low": -1.0, "high": 5.0},
        "second": {"name": "b", "low": -2.0, "high": 4.0},
        "image": "data:image/png;base64,",
        "lowest": 0.0,
        "highest": 120.0,
    }
    state: line.LineState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "plane": {
            "x": [0.0, 1.0, 2.0, 3.0],
            "y": [1.0, 3.0, 5.0, 7.0],
            "held_x": [4.0],
            "held_y": [9.0],
            "ends_x": [-0.25, 4.25],
            "ends_y": [-1.0, 11.0],
            "best": 0.0,
        },
        "map": drawn,
        "walks": [{"lane": lane, "held": [100.0, 25.0, 0.0], "batches": [[0], [3], [1]]}],
        "start": [4.0, 3.0],
        "rate": 0.1,
        "batch": 1,
        "batches": [0, 1],
        "answered": 0,
        "said": "",
    }
    return {"line": state}


def line_requests() -> dict[str, line.LineRequest]:
    """Return what a page sends after another learning rate."""
    query: line.LineQuery = {"number": 1, "start": [4.0, 3.0], "rate": 0.5, "batch": 1}
    return {"rate": {"page_protocol": message_builders.PROTOCOL_VERSION, "query": query}}


def sliding_table(side: int, *values: float) -> sliding.SlidingTable:
    """Return a square table."""
    return {"rows": side, "columns": side, "values": list(values)}


def sliding_states() -> dict[str, sliding.SlidingState]:
    """Return the state of a kernel of two by two on an image of three by three."""
    state: sliding.SlidingState = {
        "protocol": message_builders.PROTOCOL_VERSION,
        "image": sliding_table(3, 0, 1, 2, 3, 4, 5, 6, 7, 8),
        "filters": [
            {"name": "mean", "finds": "the mean", "kernel": sliding_table(2, *[0.25] * 4)},
            {"name": "slope", "finds": "a slope", "kernel": sliding_table(2, -1, 1, -1, 1)},
        ],
        "weights": sliding_table(2, -1, 1, -1, 1),
        "stride": 1,
        "padding": 0,
        "answers": sliding_table(2, 2, 2, 2, 2),
        "code": "F.conv2d(image, kernel)",
        "answered": 0,
        "said": "",
    }
    return {"sliding": state}


def sliding_requests() -> dict[str, sliding.SlidingRequest]:
    """Return what a page sends after another filter was chosen."""
    query: sliding.SlidingQuery = {
        "number": 1,
        "weights": sliding_table(2, *[0.25] * 4),
        "stride": 1,
        "padding": 0,
    }
    return {"filter": {"page_protocol": message_builders.PROTOCOL_VERSION, "query": query}}


def pictures() -> ActivationLog:
    """Return a log of one picture."""
    log = ActivationLog()
    log.add(PICTURE)
    return log


def histograms() -> HistogramLog:
    """Return a log of one histogram."""
    log = HistogramLog()
    log.add("grad/fc.weight", 3, np.ones(HISTOGRAM_BINS, np.float32))
    return log


def as_json(message: Message, expected: dict[str, Any]) -> dict[str, Any]:
    """Return a message in the format of the JSON fixtures."""
    buffers = [base64.b64encode(buffer).decode() for buffer in message.buffers]
    return {"message": message.content, "buffers": buffers, "expected": expected}


def fragments_as_json() -> dict[str, Any]:
    """Return the fragments of a message, and the message, in the format of the JSON fixtures."""
    return {
        "fragments": [as_json(fragment, {}) for fragment in fragments()],
        "message": as_json(fragmented_message(), {}),
    }


def write() -> None:
    """Write all fixtures: JSON files, and a TypeScript file for type checking."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (message, expected) in messages().items():
        text = json.dumps(as_json(message, expected), indent=1, allow_nan=False)
        (FOLDER / f"{name}.json").write_text(text + "\n")
    (FOLDER / "fragments.json").write_text(json.dumps(fragments_as_json(), indent=1) + "\n")
    TYPESCRIPT.write_text(as_typescript())


def as_typescript() -> str:
    """Return the contents of all messages as typed TypeScript constants."""
    kinds = {
        "kernelMessages": ("KernelMessage", {k: m.content for k, (m, _) in messages().items()}),
        "pageMessages": ("PageMessage", page_messages()),
        "stepperMessages": (
            "StepperMessage",
            {k: m.content for k, (m, _) in stepper_messages().items()},
        ),
        "stepperRequests": ("StepperRequest", stepper_requests()),
        "runsMessages": (
            "RunsKernelMessage",
            {k: m.content for k, m in runs_messages_by_name().items()},
        ),
        "runsRequests": ("RunsPageMessage", runs_requests()),
        "playgroundMessages": (
            "PlaygroundMessage",
            {k: m.content for k, m in playground_messages().items()},
        ),
        "playgroundRequests": ("PlaygroundRequest", playground_requests()),
        "channelStates": ("ChannelState", channel_states()),
        "viewStates": ("ViewState", view_states()),
        "loopStates": ("LoopState", loop_states()),
        "loopSwitches": ("LoopSwitched", loop_switches()),
        "storageStates": ("StorageState", storage_states()),
        "storageQueries": ("StorageAsked", storage_queries()),
        "broadcastStates": ("BroadcastState", broadcast_states()),
        "broadcastQueries": ("BroadcastAsked", broadcast_queries()),
        "padStates": ("PadState", pad_states()),
        "padDrawings": ("PadDrawing", pad_drawings()),
        "batchesStates": ("BatchesState", batches_states()),
        "boundaryStates": ("BoundaryViewState", boundary_states()),
        "thresholdStates": ("ThresholdViewState", threshold_states()),
        "boundaryRequests": ("WantMessage", boundary_requests()),
        "boundaryMessages": ("MomentMessage", boundary_messages()),
        "lineStates": ("LineState", line_states()),
        "lineRequests": ("LineRequest", line_requests()),
        "raceStates": ("RaceState", race_states()),
        "raceRequests": ("RaceRequest", race_requests()),
        "slidingStates": ("SlidingState", sliding_states()),
        "slidingRequests": ("SlidingRequest", sliding_requests()),
        "predictionStates": ("PredictionState", prediction_states()),
        "lockedPredictions": ('PredictionState["locked"]', locked_predictions()),
        "lockMessages": ("LockMessage", lock_messages()),
    }
    parts = [
        f"export const {name} = {json.dumps(content, indent=2, allow_nan=False)} "
        f"as const satisfies Record<string, {type}>;\n"
        for name, (type, content) in kinds.items()
    ]
    return _TYPESCRIPT_HEAD + "\n".join(parts)


if __name__ == "__main__":
    write()
