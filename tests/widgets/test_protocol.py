"""Messages have the types of `labkit.views.messages`, a bounded size, and no NaN in JSON."""

import ast
import json
import pkgutil
import re
from pathlib import Path
from typing import get_args, get_type_hints

import anywidget
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from labkit.learn import LineFit, OptimizerRace, chapter
from labkit.learn.boundary import BoundaryView, ThresholdView
from labkit.learn.broadcast_explorer import BroadcastExplorer
from labkit.learn.chapters import chapter_names
from labkit.learn.drawing_pad import DrawingPad
from labkit.learn.loader_trace import trace_loader
from labkit.learn.loop_switches import LoopSwitches
from labkit.learn.sliding import SlidingKernel
from labkit.learn.storage_explorer import StorageExplorer
from labkit.run import Run, SeriesTable
from labkit.run.folder.run_folder import RunFolder
from labkit.run.series.kinds import SAMPLED_KINDS, WHOLE_KINDS
from labkit.views import message_builders, publisher, snapshots_and_frames, views
from labkit.views import messages as types
from labkit.views.channel import RunChannel
from labkit.views.comparison import Comparison
from labkit.views.fragments import Fragmenter
from labkit.views.messages import (
    batches,
    boundary,
    broadcast,
    kernel,
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
    tables,
    widgets,
)
from labkit.views.runs import RunsView
from labkit.views.stepper import StepperView

from .fixtures import (
    FOLDER,
    ROOT,
    STATE,
    TYPESCRIPT,
    as_json,
    as_typescript,
    batches_states,
    boundary_messages,
    boundary_requests,
    boundary_states,
    broadcast_queries,
    broadcast_states,
    channel_states,
    fragments_as_json,
    line_requests,
    line_states,
    lock_messages,
    locked_predictions,
    loop_states,
    loop_switches,
    messages,
    pad_drawings,
    pad_states,
    page_messages,
    playground_messages,
    playground_requests,
    prediction_states,
    race_requests,
    race_states,
    runs_messages_by_name,
    runs_requests,
    sliding_requests,
    sliding_states,
    stepper_messages,
    stepper_requests,
    storage_queries,
    storage_states,
    threshold_states,
    view_states,
)
from .pages import Page


@pytest.mark.parametrize("name", messages())
def test_the_fixtures_that_typescript_reads_are_up_to_date(name):
    message, expected = messages()[name]
    stored = json.loads((FOLDER / f"{name}.json").read_text())
    assert json.loads(json.dumps(as_json(message, expected))) == stored


def test_the_fragments_that_typescript_reads_are_up_to_date():
    stored = json.loads((FOLDER / "fragments.json").read_text())
    assert json.loads(json.dumps(fragments_as_json())) == stored


def test_the_messages_that_typescript_type_checks_are_up_to_date():
    assert TYPESCRIPT.read_text() == as_typescript()


def check(content, type):
    """Check that the JSON of a message has a type, without additional keys."""
    sent = json.loads(json.dumps(content, allow_nan=False))
    check_type(sent, type, collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS)


TYPED = {
    "kernel": (
        kernel.KernelMessage,
        lambda: {name: message.content for name, (message, _) in messages().items()},
    ),
    "page": (page.PageMessage, page_messages),
    "stepper": (
        stepper.StepperMessage,
        lambda: {
            **{name: message.content for name, (message, _) in stepper_messages().items()},
            "fragment": messages()["fragment"][0].content,
        },
    ),
    "stepper-page": (stepper.StepperRequest, stepper_requests),
    "runs": (
        runs.RunsKernelMessage,
        lambda: {
            **{name: message.content for name, message in runs_messages_by_name().items()},
            "fragment": messages()["fragment"][0].content,
        },
    ),
    "runs-page": (runs.RunsPageMessage, runs_requests),
    "playground": (
        playground.PlaygroundMessage,
        lambda: {name: message.content for name, message in playground_messages().items()},
    ),
    "playground-page": (playground.PlaygroundRequest, playground_requests),
}
STATE_MESSAGES = {
    "boundary-page": (boundary.WantMessage, boundary_requests),
    "boundary": (boundary.MomentMessage, boundary_messages),
}
"""Messages of widgets that exchange only one kind in each direction."""


@pytest.mark.parametrize("name", STATE_MESSAGES)
def test_every_example_of_a_widget_message_has_its_type(name):
    type, examples = STATE_MESSAGES[name]
    for content in examples().values():
        check(content, type)


@pytest.mark.parametrize("side", TYPED)
def test_every_message_has_its_type(side):
    type, examples = TYPED[side]
    contents = examples()
    for content in contents.values():
        check(content, type)
    kinds = {get_args(get_type_hints(each)["type"])[0] for each in get_args(type)}
    assert {content["type"] for content in contents.values()} == kinds  # complete


def test_a_message_with_an_additional_key_is_rejected():
    content = {**page_messages()["hello"], "more": 1}
    with pytest.raises(TypeCheckError):
        check(content, page.PageMessage)


def test_the_kinds_of_tables_are_those_of_the_run():
    assert set(get_args(tables.TableKind)) == SAMPLED_KINDS | WHOLE_KINDS


STATES = {
    "batches": (batches.BatchesState, batches_states),
    "channel": (widgets.ChannelState, channel_states),
    "views": (widgets.ViewState, view_states),
    "loop": (loop.LoopState, loop_states),
    "loop-page": (loop.LoopSwitched, loop_switches),
    "storage": (storage.StorageState, storage_states),
    "storage-page": (storage.StorageAsked, storage_queries),
    "broadcast": (broadcast.BroadcastState, broadcast_states),
    "broadcast-page": (broadcast.BroadcastAsked, broadcast_queries),
    "pad": (pad.PadState, pad_states),
    "pad-page": (pad.PadDrawing, pad_drawings),
    "boundary": (boundary.BoundaryViewState, boundary_states),
    "threshold": (boundary.ThresholdViewState, threshold_states),
    "line": (line.LineState, line_states),
    "line-page": (line.LineRequest, line_requests),
    "race": (race.RaceState, race_states),
    "race-page": (race.RaceRequest, race_requests),
    "sliding": (sliding.SlidingState, sliding_states),
    "sliding-page": (sliding.SlidingRequest, sliding_requests),
    "prediction": (prediction.PredictionState, prediction_states),
    "prediction-locked": (prediction.LockedPrediction, locked_predictions),
    "prediction-page": (prediction.LockMessage, lock_messages),
}


@pytest.mark.parametrize("name", STATES)
def test_every_example_of_a_state_has_its_type(name):
    type, examples = STATES[name]
    for state in examples().values():
        check(state, type)


def synced(widget):
    """Return the state of a widget that labkit defines, not its base classes."""
    inherited = set(anywidget.AnyWidget.class_trait_names(sync=True))
    own = [name for name in widget.keys if name not in inherited and not name.startswith("_")]
    return widget.get_state(own)


def test_the_state_of_every_widget_has_its_type(tmp_path):
    run = Run("demo")
    run.close()
    channel = RunChannel.of(run)
    check(synced(channel), widgets.ChannelState)
    shown = {
        kind.kind: kind(run)
        for kind in views.View.__subclasses__()
        if kind not in (StepperView, RunsView)
    }
    shown[RunsView.kind] = RunsView(RunFolder(tmp_path), compare=lambda _: None)
    assert {*shown, StepperView.kind, Comparison.kind} == set(get_args(widgets.ViewName))
    shown[Comparison.kind] = Comparison([run, Run("other")], ["SGD", "Adam"])
    for view in shown.values():
        check(synced(view), widgets.ViewState)
        view.close()
    state = synced(DrawingPad())
    check({name: state[name] for name in get_type_hints(pad.PadState)}, pad.PadState)
    check({name: state[name] for name in get_type_hints(pad.PadDrawing)}, pad.PadDrawing)
    assert set(state) == {*get_type_hints(pad.PadState), *get_type_hints(pad.PadDrawing)}
    state = synced(trace_loader(DataLoader([1, 2, 3], batch_size=2), labels=[0, 1, 1]))
    check(state, batches.BatchesState)
    check_two_way(DrawingPad(), pad.PadState, pad.PadDrawing)
    check_two_way(SlidingKernel(torch.eye(4)), sliding.SlidingState, sliding.SlidingRequest)
    view = BoundaryView(lambda points: points.sum(dim=1), torch.eye(2), torch.tensor([0, 1]))
    check(synced(view), boundary.BoundaryViewState)
    view.close()
    decided = ThresholdView(torch.tensor([0.2, 0.7]), torch.tensor([0, 1]))
    check(synced(decided), boundary.ThresholdViewState)
    decided.close()
    switches = LoopSwitches(count_to_three, lambda: (1,))
    switches.off = [4]
    check_two_way(switches, loop.LoopState, loop.LoopSwitched)
    shapes = BroadcastExplorer({"a": (3, 1), "b": (4,)})
    check_two_way(shapes, broadcast.BroadcastState, broadcast.BroadcastAsked)
    check_two_way(StorageExplorer(torch.arange(6)), storage.StorageState, storage.StorageAsked)


def count_to_three(step, record):
    total = 0
    for _ in range(3):
        total += step
        record(total=total)


def check_two_way(widget, state_type, change_type):
    """Check the state of a widget whose page changes it."""
    state = synced(widget)
    check({name: state[name] for name in get_type_hints(state_type)}, state_type)
    check({name: state[name] for name in get_type_hints(change_type)}, change_type)
    assert set(state) == {*get_type_hints(state_type), *get_type_hints(change_type)}


@pytest.mark.parametrize("name", chapter_names())
def test_the_state_of_every_card_of_a_prediction_has_its_type(name, tmp_path):
    opened = chapter(name, tmp_path)
    for asked in opened.plan.predictions:
        card = opened.predict(asked.name)
        check(synced(card), prediction.PredictionState)
        for value in asked.misconceptions().values():
            card = opened.predict(asked.name, value, sure=1)
        check(synced(card), prediction.PredictionState)


def test_the_state_of_a_race_has_its_type():
    state = synced(OptimizerRace(steps=2))
    check({name: state[name] for name in get_type_hints(race.RaceState)}, race.RaceState)
    check({name: state[name] for name in get_type_hints(race.RaceRequest)}, race.RaceRequest)
    assert set(state) == {*get_type_hints(race.RaceState), *get_type_hints(race.RaceRequest)}


def test_the_state_of_a_line_has_its_type():
    fit = LineFit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], held_out=([4.0], [9.0]))
    fit.walk(steps=2, batch=1)
    state = synced(fit)
    check({name: state[name] for name in get_type_hints(line.LineState)}, line.LineState)
    check({name: state[name] for name in get_type_hints(line.LineRequest)}, line.LineRequest)
    assert set(state) == {*get_type_hints(line.LineState), *get_type_hints(line.LineRequest)}


def typescript_types():
    """Return the types that the files of the frontend's messages export, by the file's name."""
    folder = ROOT / "frontend" / "src" / "messages"
    pattern = re.compile(r"^export (?:interface|type) (\w+)", re.MULTILINE)
    return {path.stem: set(pattern.findall(path.read_text())) for path in folder.glob("*.ts")}


def python_types():
    """Return the types that the modules of `labkit.views.messages` define, by module."""
    found = {}
    for module in pkgutil.iter_modules(types.__path__):
        tree = ast.parse((Path(types.__path__[0]) / f"{module.name}.py").read_text())
        classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        aliases = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and not target.id.isupper()
        }
        found[module.name] = classes | aliases
    return found


def test_both_sides_define_the_same_types_in_files_of_the_same_names():
    assert python_types() == typescript_types()


def test_both_sides_have_the_same_protocol_version():
    text = (ROOT / "frontend" / "src" / "messages" / "protocol.ts").read_text()
    assert f"PROTOCOL_VERSION = {message_builders.PROTOCOL_VERSION};" in text


@pytest.mark.parametrize("content", page_messages().values(), ids=lambda content: content["type"])
def test_no_message_of_a_page_is_refused(content, monkeypatch):
    run = Run("demo")
    run.close()
    page = Page(run, monkeypatch)
    page.ask(content)
    refused = [each["reason"] for each in page.received if each["type"] == "refused"]
    changes = content["type"] in ("adjust", "freeze", "budget", "undo")
    assert len(refused) == changes  # an ended run cannot be changed
    assert all("has ended" in reason for reason in refused)


def test_non_finite_numbers_are_none_in_json():
    message = snapshots_and_frames.frame(1, STATE, None, {}, None)
    assert message.content["run"]["steps_per_second"] is None
    json.dumps(message.content, allow_nan=False)


def test_a_frame_is_bounded_and_contains_the_maxima():
    names = [f"layer{number}.weight" for number in range(1000)]
    table = SeriesTable("lr", "lr", names)
    values = np.random.default_rng(0).random((400, 1000), np.float32)
    values[17, 3], values[200, 5] = 99.0, np.nan
    rows = {"lr": snapshots_and_frames.NewRows(table, np.arange(400), values)}
    message = snapshots_and_frames.frame(1, STATE, None, rows, None)
    (sent,) = message.content["tables"]
    assert len(message.buffers[sent["values"]]) <= snapshots_and_frames.MAX_FRAME_BYTES
    decoded = np.frombuffer(message.buffers[sent["values"]], "<f4").reshape(sent["rows"], 1000)
    assert decoded[:, 3].max() == 99.0
    assert np.isnan(decoded[:, 5]).any()
    steps = np.frombuffer(message.buffers[sent["steps"]], "<f8")
    assert steps[-1] == 399
    np.testing.assert_array_equal(decoded[-1], values[-1])


def test_values_that_were_not_read_do_not_hide_maxima_in_merged_rows():
    names = [f"layer{number}" for number in range(1000)]
    values = np.full((400, 1000), np.nan, np.float32)
    values[17, 3] = 99.0
    rows = {
        "a": snapshots_and_frames.NewRows(
            SeriesTable("a", "act_mean", names), np.arange(400), values
        )
    }
    message = snapshots_and_frames.frame(1, STATE, None, rows, None)
    (sent,) = message.content["tables"]
    decoded = np.frombuffer(message.buffers[sent["values"]], "<f4").reshape(sent["rows"], 1000)
    assert np.nanmax(decoded[:, 3]) == 99.0


def test_frames_stay_within_64_kb_for_a_model_of_thousands_of_parameters(monkeypatch):
    posts = []

    def note(self, content, buffers):
        posts.append((content, buffers))

    monkeypatch.setattr(RunChannel, "send", note)
    monkeypatch.setattr(publisher, "MIN_INTERVAL_SECONDS", 3600.0)  # the test publishes frames
    run = Run("large")
    names = [f"layers.{number // 20}.part{number % 20}.weight" for number in range(5000)]
    loss = run.add_table("loss", "loss", ["loss"])
    kinds = ("grad_norm", "weight_norm", "update_ratio", "grad_zeros", "grad_cosine")
    wide = [run.add_table(kind, kind, names) for kind in kinds]
    channel = RunChannel(run)
    channel._fragmenter = Fragmenter(max_bytes=10_000_000)
    channel.publish()
    row = np.linspace(0, 1, 5000, dtype=np.float32)
    frames = []
    for step in range(1, 25):
        loss.append(step, 1.0 / step)
        for table in wide:
            table.append(step, row * step)
        channel.publish()
        frames.append(posts[-1])
    run.close()
    sizes = [len(json.dumps(content)) + sum(map(len, buffers)) for content, buffers in frames[3:]]
    assert max(sizes) <= 64_000
    sent = [{table["id"] for table in content["tables"]} for content, _ in frames]
    assert all("loss" in ids for ids in sent)
    assert set.union(*sent) == {"loss", *kinds}
    named = [table["id"] for content, _ in frames for table in content["tables"] if table["names"]]
    assert sorted(named) == sorted({"loss", *kinds})  # each named once
