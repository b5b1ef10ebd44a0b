"""Heavy use in a real kernel: two pages inspect parameters while a loop trains."""

import gc
import itertools
import json
import os
import queue
import threading
import time
import traceback
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from labkit.views.message_builders import PROTOCOL_VERSION
from tests.widgets.pages import received

from .scenarios import ANSWER_SECONDS, SECONDS

pytestmark = [
    pytest.mark.hammer,
    # of jupyter_client, in threads without an event loop
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # jupyter_client does not close the event loops that it creates in threads
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60

CELL = """
import faulthandler, json, sys, threading
faulthandler.enable(sys.__stderr__)
import labkit as lk
from tests.hammer.scenarios import TimedTraining
training, other = TimedTraining(1.0, {seconds}), TimedTraining(2.0, {seconds})
run = lk.watch(training.model, budget=0.3, show=True)
training.run_ = run
other.start()
"""
BLOCKING = """
training.run()
"""
ON_A_THREAD = """
training.start()
"""
END = """
training.is_alive() and training.join()
other.join()
run.close()
training.check()
other.check()
print("RESULT", json.dumps({"made": training.made, "steps": run.steps, "status": run.status}))
"""


class PageThread(threading.Thread):
    """Sends the messages of a page with an open panel, on a subshell if a cell is running.

    Parameters
    ----------
    client : BlockingKernelClient
        A separate client, as every page has a separate connection.
    comm : str
        The id of the channel of the run.
    numbers : iterator of int
        The request ids, shared by all pages.
    subshell : bool
    stop : Event
    """

    def __init__(self, client, comm, numbers, stop, *, subshell):
        super().__init__()
        self.client, self.comm, self.numbers, self.stop = client, comm, numbers, stop
        self.subshell = create_subshell(client) if subshell else None
        self.answered = self.refused = self.frames = 0
        self.error = None

    def run(self):
        try:
            self.send({"type": "hello", "protocol": PROTOCOL_VERSION, "again": True})
            for name in itertools.cycle(["0.weight", "2.bias", "3.weight", "0.bias"]):
                if self.stop.is_set():
                    return
                self.ask({"type": "inspect", "name": name})
                self.ask({"type": "histograms", "names": [name], "bins": "even", "step": None})
                self.ask({"type": "subjects"})
        except BaseException:  # noqa: BLE001 - shown by the test
            self.error = traceback.format_exc()

    def ask(self, content):
        request = next(self.numbers)
        self.send({**content, "request": request})
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            answer = self.receive(deadline - time.monotonic())
            if answer.get("request") == request:
                self.answered += 1
                self.refused += answer["type"] == "refused"
                return
        raise AssertionError(f"no answer to {content} within {ANSWER_SECONDS} s")

    def send(self, content):
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def receive(self, seconds):
        """Return the next message of the channel; acknowledge frames."""
        try:
            message = self.client.get_iopub_msg(timeout=max(0.01, seconds))
        except queue.Empty:
            return {}
        content = message["content"]
        if message["msg_type"] != "comm_msg" or content["comm_id"] != self.comm:
            return {}
        found = content["data"].get("content", {})
        if found.get("type") in ("frame", "snapshot"):
            self.frames += 1
            self.send(received(found["seq"]))
        return found


def create_subshell(client):
    client.control_channel.send(client.session.msg("create_subshell_request"))
    return client.get_control_msg(timeout=START_SECONDS)["content"]["subshell_id"]


class Kernel:
    """A separate kernel with its output in a file."""

    def __init__(self, folder):
        self.log = (folder / "kernel.log").open("w+")
        self.manager = KernelManager()
        variables = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(folder),
        }
        self.manager.start_kernel(env=variables, stdout=self.log, stderr=self.log, cwd=str(ROOT))
        self.clients = []
        self.client = self.connect()

    def connect(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            client = BlockingKernelClient()  # with a separate session, as another page has
            client.load_connection_info(self.manager.get_connection_info())
            client.start_channels()
            try:
                client.wait_for_ready(timeout=START_SECONDS)
            except RuntimeError:  # raised for a heartbeat that is a second late, too
                client.stop_channels()
                alive = self.manager.is_alive()
                assert alive, f"the kernel died as it started:\n{self.output()}"
                assert time.monotonic() < deadline, f"the kernel is not ready:\n{self.output()}"
                continue
            self.clients.append(client)
            return client

    def execute(self, code, seconds):
        """Run a cell; return the id of the channel that it opened, and its printed text."""
        sent = self.client.execute(code)
        return self.finish(sent, seconds)

    def finish(self, sent, seconds):
        opened, text, deadline = None, "", time.monotonic() + seconds
        while True:
            assert self.manager.is_alive(), f"the kernel died:\n{self.output()}"
            assert time.monotonic() < deadline, f"the cell hangs:\n{text}\n{self.output()}"
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            content, kind = message["content"], message["msg_type"]
            if kind == "comm_open" and "run_id" in content["data"].get("state", {}):
                opened = content["comm_id"]
            if message["parent_header"].get("msg_id") != sent:
                continue
            if kind == "stream":
                text += content["text"]
            elif kind == "error":
                text += "\n".join(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                return opened, text

    def drop_messages(self):
        """Read one message: messages of a client that does not read are lost."""
        try:
            self.client.get_iopub_msg(timeout=1)
        except queue.Empty:
            return

    def output(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()[-6000:]

    def end(self):
        for client in self.clients:
            client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel(now=True)
        self.log.close()


@pytest.fixture
def kernel(tmp_path):
    started = Kernel(tmp_path)
    yield started
    started.end()
    del started
    gc.collect()


@pytest.mark.parametrize("where", ["in-a-blocking-cell", "on-a-thread"])
def test_two_pages_inspect_parameters_during_training(kernel, where):
    blocking = where == "in-a-blocking-cell"
    channel, text = kernel.execute(CELL.format(seconds=SECONDS), START_SECONDS)
    assert channel is not None, text
    stop, numbers = threading.Event(), itertools.count(1)
    clients = [kernel.connect() for _ in range(2)]
    pages = [PageThread(each, channel, numbers, stop, subshell=blocking) for each in clients]
    sent = kernel.client.execute(BLOCKING if blocking else ON_A_THREAD)
    for page in pages:
        page.start()
    try:
        if blocking:
            kernel.finish(sent, SECONDS + START_SECONDS)
        else:
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends and kernel.manager.is_alive():
                kernel.drop_messages()
    finally:
        stop.set()
        for page in pages:
            page.join(2 * ANSWER_SECONDS)
    assert kernel.manager.is_alive(), f"the kernel died:\n{kernel.output()}"
    _, text = kernel.execute(END, START_SECONDS)
    assert "RESULT" in text, text
    result = json.loads(text[text.index("RESULT") + 6 :])
    assert result["made"] == result["steps"] >= 100, result
    assert result["status"] == "finished"
    for page in pages:
        assert not page.is_alive(), "a page waits for ever"
        assert page.error is None, f"{page.error}\n{kernel.output()}"
        assert page.answered >= 5
        assert page.refused < page.answered, "every question was refused"
        assert page.frames
