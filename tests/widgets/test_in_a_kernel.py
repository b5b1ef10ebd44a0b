"""Views in a real kernel: freed when their cell runs again, and answering between cells."""

import os
import uuid
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from labkit.views.messages.protocol import PROTOCOL_VERSION

from .reassembly import Reassembly

TIMEOUT = 60

SETUP = """
import gc, threading, time, weakref
import torch
import labkit as lk
from labkit.views.channel import RunChannel

gone = []
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()

def collected():
    for _ in range(50):
        gc.collect()
        if all(each() is None for each in gone[:-1]):
            break
        time.sleep(0.1)
    return [each() is None for each in gone]
"""

WATCH = """
with lk.watch(model) as run:
    train(5)
gone.append(weakref.ref(run))
"""

GRAPH = """
view = lk.graph(model, torch.ones(1, 3))
display(view)
gone.append(weakref.ref(view.run))
del view
"""


STEPPER = """
w = torch.ones(2, requires_grad=True)
display(lk.stepper(w.square().sum()))
input()
"""


class Notebook:
    """Runs cells as a front end does, with cell ids."""

    def __init__(self, client, has_subshells):
        self.client = client
        self.has_subshells = has_subshells
        self.reassembly = Reassembly()

    def run(self, cell, code):
        """Run a cell; return its printed text."""
        return self.printed_by(self.start(cell, code))

    def start(self, cell, code):
        """Start a cell; return the message that did."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        }
        message = self.client.session.msg("execute_request", content)
        message["metadata"]["cellId"] = cell
        self.client.shell_channel.send(message)
        return message

    def send_to_widget(self, model_id, content):
        """Send a message of a page to a widget, as a front end without subshells does."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": model_id, "data": data})
        self.client.shell_channel.send(message)

    def sent_until(self, wanted):
        """Return the messages of widgets as (type, name of the script), the last one `wanted`."""
        sent = []
        while not sent or sent[-1] != wanted:
            message = self._whole(self.client.get_iopub_msg(timeout=TIMEOUT))
            if "type" in message:
                sent.append((message["type"], message.get("name")))
        return sent

    def _whole(self, sent):
        """Return the content of a message of a widget; nothing before its last fragment."""
        content = sent["content"].get("data", {}).get("content", {})
        whole = self.reassembly.whole(content, sent["buffers"], sent["content"].get("comm_id", ""))
        return {} if whole is None else whole[0]

    def printed_by(self, message):
        """Wait until a cell has ended; return its printed text."""
        printed = []
        while True:
            sent = self.client.get_iopub_msg(timeout=TIMEOUT)
            if sent["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, said = sent["msg_type"], sent["content"]
            assert kind != "error", said
            if kind == "stream":
                printed.append(said["text"])
            if kind == "status" and said["execution_state"] == "idle":
                return "".join(printed).strip()

    def await_print(self, beginning):
        """Wait for a printed line with the given beginning and return it."""
        while True:
            sent = self.client.get_iopub_msg(timeout=TIMEOUT)
            for line in sent["content"].get("text", "").splitlines():
                if line.startswith(beginning):
                    return line


IPYKERNEL_6 = Path(__file__).parents[2] / "build" / "ipykernel6"
"""`make test` installs an ipykernel without subshells there."""


@pytest.fixture(scope="module", params=["newest", "6"], ids="ipykernel-{}".format)
def kernel(request):
    paths = [str(IPYKERNEL_6)] if request.param == "6" else []
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    manager, client = start_new_kernel(startup_timeout=TIMEOUT, env=environment)
    notebook = Notebook(client, has_subshells=request.param != "6")
    version = notebook.run("version", "import ipykernel; print(ipykernel.version_info[0] == 6)")
    assert version == str(request.param == "6")
    notebook.run("setup", SETUP)
    yield notebook
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def notebook(kernel):
    kernel.run("start", "gone.clear()")
    return kernel


def test_a_shown_run_is_freed_when_its_cell_runs_again(notebook):
    notebook.run("a", WATCH)
    assert notebook.run("b", "print(gone[0]() is not None)") == "True"
    notebook.run("a", WATCH)
    assert notebook.run("b", "print(collected())") == "[True, False]"
    threads = "print([each.name for each in threading.enumerate() if 'labkit' in each.name])"
    assert notebook.run("b", threads) == "[]"
    notebook.run("b", "del run")
    # The output of the cell still shows the run.
    assert notebook.run("b", "print(collected()[-1])") == "False"
    notebook.run("a", "gone.append(lambda: None)")
    assert notebook.run("b", "print(collected())") == "[True, True, True]"


def test_a_shown_graph_is_freed_when_its_cell_runs_again(notebook):
    for _ in range(3):
        notebook.run("a", GRAPH)
    assert notebook.run("b", "print(collected())") == "[True, True, False]"


def test_a_graph_that_was_not_shown_is_freed_at_once(notebook):
    for _ in range(3):
        notebook.run("a", GRAPH.replace("display(view)", ""))
    assert notebook.run("b", "print(collected())") == "[True, True, True]"


ASK = """
run = lk.watch(model, show=False)
channel = RunChannel.of(run)

def send(content, buffers=None):
    if content["type"] == "inspection":
        print("answered with values:", content["value"] is not None)

def ask():
    data = {"method": "custom", "content": {"type": "inspect", "name": "weight", "request": 1}}
    channel.comm.handle_msg({"content": {"data": data}, "buffers": []})

channel.send = send
run.control.submit(lambda: None)
train(3)
get_ipython().kernel.io_loop.add_callback(threading.Thread(target=ask).start)
"""


def test_a_page_can_inspect_an_open_run_between_cells(notebook):
    notebook.run("a", ASK)
    assert notebook.await_print("answered") == "answered with values: True"
    notebook.run("b", "run.close()")


STOP = {"type": "control", "action": "stop", "request": 1}
TRAIN_UNTIL_STOPPED = """
with lk.watch(model, show={show}) as run:
    channel = RunChannel.of(run)
    print("channel", channel.model_id)
    while True:
        train(1)
print("status", run.status)
"""


def test_a_click_arrives_while_a_cell_runs_though_the_front_end_has_no_subshells(notebook):
    for _ in range(2):  # the second run uses the same subshell
        cell = notebook.start("a", TRAIN_UNTIL_STOPPED.format(show=False))
        model_id = notebook.await_print("channel").split()[1]
        notebook.send_to_widget(model_id, STOP)
        assert notebook.printed_by(cell) == "status stopped"


@pytest.fixture
def silent_page(notebook):
    """A page of which the kernel knows nothing yet."""
    notebook.client.session.session = str(uuid.uuid4())
    return notebook


PUSHED = [("frame", None), ("subjects", None), ("picture", None), ("histograms", None)]


def test_a_page_that_cannot_ask_in_a_running_cell_is_sent_what_it_needs(silent_page):
    cell = silent_page.start("a", TRAIN_UNTIL_STOPPED.format(show=True))
    model_id = silent_page.await_print("channel").split()[1]
    sent = silent_page.sent_until(("asset", "layout.js"))
    whole = [each for each in sent if each[0] != "frame"]
    assert whole == [
        ("asset", "labkit.js"),
        ("snapshot", None),
        ("asset", "plotly.js"),
        ("asset", "layout.js"),
    ]
    assert silent_page.sent_until(("frame", None))
    assert silent_page.sent_until(("picture", None))
    hello = {"type": "hello", "protocol": PROTOCOL_VERSION}
    for request in (
        {**hello, "again": False},  # delayed, and answered already
        {"type": "asset", "name": "plotly.js", "again": False},
        {**hello, "again": True},
    ):
        silent_page.send_to_widget(model_id, request)
    answers = silent_page.sent_until(("snapshot", None))
    assert [each for each in answers if each not in PUSHED] == [("snapshot", None)]
    silent_page.send_to_widget(model_id, STOP)
    assert silent_page.printed_by(cell) == "status stopped"


def test_a_page_that_was_heard_between_cells_is_sent_what_it_cannot_request(silent_page):
    silent_page.run("a", "run = lk.watch(model, show=False); channel = RunChannel.of(run)")
    model_id = silent_page.run("b", "print(channel.model_id)")
    for _ in range(3):
        hello = {"type": "hello", "protocol": PROTOCOL_VERSION, "again": True}
        silent_page.send_to_widget(model_id, hello)
        silent_page.sent_until(("snapshot", None))
    silent_page.run("c", "run.close()")
    cell = silent_page.start("d", TRAIN_UNTIL_STOPPED.format(show=True))
    model_id = silent_page.await_print("channel").split()[1]
    silent_page.sent_until(("asset", "layout.js"))
    silent_page.sent_until(("picture", None))
    silent_page.send_to_widget(model_id, STOP)
    assert silent_page.printed_by(cell) == "status stopped"


def test_a_page_whose_requests_arrive_is_sent_nothing_that_it_does_not_request(silent_page):
    cell = silent_page.start("a", TRAIN_UNTIL_STOPPED.format(show=True))
    model_id = silent_page.await_print("channel").split()[1]
    silent_page.send_to_widget(model_id, {"type": "asset", "name": "labkit.js", "again": False})
    silent_page.sent_until(("asset", "labkit.js"))
    hello = {"type": "hello", "protocol": PROTOCOL_VERSION, "again": False}
    silent_page.send_to_widget(model_id, hello)
    silent_page.sent_until(("snapshot", None))
    frames = [silent_page.sent_until(("frame", None)) for _ in range(3)]
    others = [each for some in frames for each in some if each[0] != "frame"]
    if silent_page.has_subshells:
        assert others == []
    else:  # the requests wait for the end of the first step; what was pushed is not sent again
        assert others in ([], [("asset", "plotly.js"), ("asset", "layout.js")])
    silent_page.send_to_widget(model_id, STOP)
    assert silent_page.printed_by(cell) == "status stopped"


def test_a_stepper_in_a_running_cell_is_sent_its_walk(silent_page):
    cell = silent_page.start("a", STEPPER)
    sent = silent_page.sent_until(("asset", "layout.js"))
    kinds = [each for each in sent if each[0] != "frame"]
    assert kinds == [
        ("asset", "labkit.js"),
        ("snapshot", None),
        ("walk", None),
        ("asset", "layout.js"),
    ]
    silent_page.client.get_stdin_msg(timeout=TIMEOUT)  # an answer sent before is thrown away
    silent_page.client.input("go on")
    assert silent_page.printed_by(cell) == ""
