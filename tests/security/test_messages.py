"""Names of a million characters in the messages between kernel and page."""

import json

import pytest

from labkit.run import Run
from labkit.run.inspection import Inspection
from labkit.views.channel import RunChannel
from labkit.views.fragments import Fragmenter
from labkit.views.run_updates import RunUpdates
from tests.widgets.pages import HELLO, Page
from tests.widgets.reassembly import Reassembly

from .hostile import HOSTILE, LONG
from .hostile_run import hostile_graph, hostile_run

MAX_BYTES = 2_000_000


def snapshot_of(run):
    """Return the content of a snapshot as a page receives it, and the size of its messages."""
    reassembly, size, whole = Reassembly(), 0, None
    for part in Fragmenter().fragments(RunUpdates(run).snapshot()):
        size += len(json.dumps(part.content)) + sum(map(len, part.buffers))
        whole = reassembly.whole(part.content, part.buffers) if part.buffers else (part.content, [])
    return whole[0], size


def test_messages_are_bounded_and_names_remain_different():
    longest = tuple(f"{letter}{LONG[0]}" for letter in "ab")
    content, size = snapshot_of(hostile_run((*HOSTILE[:4], *longest)))
    assert size < MAX_BYTES
    graph = content["graph"]
    ids = {node["id"] for node in graph["nodes"]}
    assert len(ids) == len(graph["nodes"])
    assert {edge["source"] for edge in graph["edges"]} <= ids
    paths = {module["path"] for module in graph["modules"]}
    assert len(paths) == 4 + len(longest)
    assert sum("… (1,000,001 characters, " in path for path in paths) == len(longest)


def test_short_texts_are_unchanged():
    content, _ = snapshot_of(hostile_run())
    paths = [module["path"] for module in content["graph"]["modules"]]
    assert paths == [text.encode("utf-8", "replace").decode() for text in HOSTILE]


def test_a_page_asks_for_a_parameter_by_its_shortened_name(monkeypatch):
    run = Run("demo")
    run.add_graph(hostile_graph(LONG[:1]))
    run.final_values = {f"{LONG[0]}.w": Inspection(None, None, reason="found")}
    run.close()
    page = Page(run, monkeypatch)
    page.ask(HELLO)
    content = page.first(lambda content: content["type"] == "snapshot")
    name = next(name for node in content["graph"]["nodes"] for name in node["parameters"])
    assert len(name) < 4_000
    page.ask({"type": "inspect", "name": name, "request": 7})
    assert page.answer_to(7)["reason"] == "found"
    RunChannel.of(run).close()


@pytest.mark.parametrize("text", [*LONG, *HOSTILE])
def test_the_name_of_a_run_can_be_sent(text):
    content, size = snapshot_of(Run(text))
    assert size < MAX_BYTES
    content["run"]["name"].encode()
