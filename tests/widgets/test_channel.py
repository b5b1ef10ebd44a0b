"""Every request of a page receives a reply, and none blocks on the training thread."""

import threading

import pytest

from labkit.run import Finding, Run
from labkit.run.control.inspection_requests import NO_STEP_ENDED
from labkit.run.control.request_queue import MAX_REQUESTS
from labkit.run.inspection import Inspection
from labkit.views import assets, publisher, run_updates
from labkit.views.channel import RunChannel
from labkit.views.frame_rate import FrameRate

from .pages import HELLO, Page, received


class NoTuner:
    """Of a model without parameter groups and modules."""

    def groups(self):
        return ()

    def modules(self):
        return ()


class LiveModel:
    """A stub of a model that records the thread on which it is read."""

    def __init__(self):
        self.tuner = NoTuner()
        self.threads = []
        self.found = ()

    def write(self):
        """Do nothing: every row is in the run's tables."""

    def steps(self):
        return 7

    def device_memory(self):
        return None

    def inspect(self, name):
        self.threads.append(threading.current_thread())
        return Inspection(None, None, reason=name)

    def findings(self):
        return self.found

    def code_ended(self):
        """Do nothing: no passes follow."""

    def before_end(self):
        """Do nothing: there is no callback."""


@pytest.fixture
def run():
    """An open run with a series."""
    run = Run("demo")
    table = run.add_table("weight_norm", "weight_norm", ["w"])
    table.append(7, 1.5)
    run.attach(LiveModel())
    yield run
    run.close()


def question(type, **more):
    return {"type": type, "request": 41, **more}


QUESTIONS = [
    question("inspect", name="w"),
    question("subjects"),
    question("histograms", names=["w"], bins="magnitude", step=None),
    question("picture", module="fc", kind="maps", step=None),
    question("control", action="pause"),
    question("ignore", rule="plateau", ignored=True),
]
ILL_FORMED = [
    question("inspect", name=5),
    question("inspect"),
    question("histograms", names="w"),
    question("histograms", names=[None], bins=3, step="x"),
    question("picture", module=None, kind=[]),
    question("picture", module="fc", kind=["maps"], step={}),
    question("control", action="explode"),
    question("control"),
    question("ignore", rule="plateau"),
    question("ignore", rule=3, ignored=True),
    question("no-such-question"),
    {"type": None, "request": 41},
    {"request": 41},
]


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked["type"])
@pytest.mark.parametrize("ended", [False, True])
def test_every_request_receives_a_reply(run, asked, ended, monkeypatch):
    if ended:
        run.close()
    page = Page(run, monkeypatch)
    page.ask(asked)
    assert page.answer_to(41)["type"] != "refused"


@pytest.mark.parametrize("asked", ILL_FORMED, ids=str)
def test_an_ill_formed_request_receives_a_reply_or_a_refusal(run, asked, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask(asked)
    assert page.answer_to(41)


@pytest.mark.parametrize("asked", [None, 3, "hello", [], ["hello"], {}, {"type": "x" * 10**6}])
def test_an_unknown_message_is_refused_with_a_short_sentence(run, asked, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask(asked)
    refused = page.first(lambda content: content["type"] == "refused")
    assert len(str(refused)) < 1000


def failing(*_):
    raise RuntimeError("device error")


FAILURES = [
    (question("inspect", name="w"), lambda run: setattr(run.live, "inspect", failing)),
    (question("subjects"), lambda run: setattr(run.activations, "subjects", failing)),
    (QUESTIONS[2], lambda run: setattr(run.histograms, "at", failing)),
    (QUESTIONS[3], lambda run: setattr(run.activations, "at", failing)),
    (QUESTIONS[4], lambda run: setattr(run, "pause", failing)),
]


@pytest.mark.parametrize(("asked", "spoil"), FAILURES, ids=[each["type"] for each, _ in FAILURES])
def test_an_error_in_a_handler_is_a_refusal_with_its_request(run, asked, spoil, monkeypatch):
    page = Page(run, monkeypatch)
    run.control.owner = threading.get_ident()
    spoil(run)
    page.ask(asked)
    refused = page.answer_to(41)
    assert refused["type"] == "refused"
    assert refused["question"] == asked["type"]
    assert "device error" in refused["reason"]


def test_an_error_on_the_training_thread_is_a_refusal(run, monkeypatch):
    page = Page(run, monkeypatch)
    run.live.inspect = failing
    page.ask(question("inspect", name="w"))
    loop = threading.Thread(target=run.control.at_step_end)
    loop.start()
    loop.join(timeout=10)
    assert "device error" in page.answer_to(41)["reason"]


def test_the_refusal_of_a_graph_or_a_script_contains_its_name(run, monkeypatch):
    page = Page(run, monkeypatch)
    monkeypatch.setattr(Run, "graphs", property(failing))
    monkeypatch.setattr(assets, "compressed_asset", failing)
    page.ask({"type": "graph", "signature": "abc"})
    page.ask({"type": "asset", "name": "plotly.js"})
    for question, subject in (("graph", "abc"), ("asset", "plotly.js")):
        refused = page.first(lambda content, question=question: content["question"] == question)
        assert (refused["type"], refused["subject"]) == ("refused", subject)


def test_hello_is_answered_with_a_snapshot(run, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask(HELLO)
    assert page.first(lambda content: content["type"] == "snapshot")["run"]["name"] == "demo"


def test_a_page_of_another_version_is_refused(run, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask({"type": "hello", "protocol": 99})
    refused = page.first(lambda content: content["type"] == "refused")
    assert "version 99" in refused["reason"]
    assert (refused["question"], refused["subject"]) == ("hello", "99")


def test_values_are_read_only_on_the_training_thread(run, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask(question("inspect", name="w"))
    assert run.control.pending
    assert not run.live.threads
    loop = threading.Thread(target=run.control.at_step_end)
    loop.start()
    loop.join(timeout=10)
    assert page.answer_to(41)["reason"] == "w"
    assert run.live.threads == [loop]


def test_recorded_norms_are_the_reply_if_no_step_ends(run, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask(question("inspect", name="w"))
    answer = page.answer_to(41)
    assert NO_STEP_ENDED in answer["reason"]
    assert answer["norms"] == [{"kind": "weight_norm", "step": 7, "value": 1.5}]
    run.control.at_step_end()
    assert not run.live.threads
    assert not run.control.pending


def test_the_end_of_a_run_resolves_pending_requests(run, monkeypatch):
    page = Page(run, monkeypatch)
    page.ask(question("inspect", name="w"))
    live = run.live
    run.close()
    assert page.answer_to(41)["norms"]
    assert not live.threads


def test_every_one_of_very_many_requests_receives_a_reply(run, monkeypatch):
    page = Page(run, monkeypatch)
    count = 3 * MAX_REQUESTS
    for request in range(count):
        page.ask({"type": "inspect", "name": "w", "request": request})
    answers = [page.answer_to(request) for request in range(count)]
    kinds = [answer["type"] for answer in answers]
    assert kinds == ["inspection"] * MAX_REQUESTS + ["refused"] * (count - MAX_REQUESTS)
    assert "Ask again" in answers[-1]["reason"]


def test_simultaneous_hellos_share_a_snapshot_and_later_ones_do_not(run, monkeypatch):
    page = Page(run, monkeypatch)
    snapshots = lambda: [each for each in page.received if each["type"] == "snapshot"]  # noqa: E731
    with page.channel._lock:  # so that the publisher sends nothing
        for _ in range(100):
            page.ask(HELLO)
    page.first(lambda content: content["type"] == "snapshot")
    page.ask(question("inspect", name="w"))
    page.answer_to(41)
    assert 1 <= len(snapshots()) <= 2
    before = len(snapshots())
    page.ask(HELLO)
    page.first(lambda content: content["type"] == "snapshot" and len(snapshots()) > before)


def test_the_frame_after_a_control_has_its_effect(run, monkeypatch):
    run.begin()
    page = Page(run, monkeypatch)
    page.ask(question("control", action="pause"))
    frame = page.first(
        lambda content: content["type"] == "frame" and content["run"]["status"] == "pausing"
    )
    assert frame
    loop = threading.Thread(target=run.control.at_step_end)
    loop.start()
    assert run.control.submit(lambda: 1).result(timeout=10)
    page.first(lambda content: content.get("run", {}).get("status") == "paused")
    page.ask(question("control", action="resume"))
    loop.join(timeout=10)
    assert not loop.is_alive()


def test_a_control_delays_the_step_by_no_complete_frame_and_the_pause_has_one(run, monkeypatch):
    for name in ("MIN_INTERVAL_SECONDS", "_STILL_INTERVAL_SECONDS"):
        monkeypatch.setattr(publisher, name, 3600.0)  # no frame is due without a reason
    monkeypatch.setattr(FrameRate, "has_viewer", lambda rate, now: True)
    run.begin()
    page = Page(run, monkeypatch)
    monkeypatch.setattr(FrameRate, "draws_all", lambda rate, now, budget: False)

    def status(wanted):
        return lambda content: content.get("run", {}).get("status") == wanted

    page.ask(question("control", action="pause"))
    assert not page.first(status("pausing"))["draws_all"]
    loop = threading.Thread(target=run.control.at_step_end)
    loop.start()
    assert page.first(status("paused"))["draws_all"]
    run.resume()
    loop.join(timeout=10)
    assert not loop.is_alive()


def test_an_error_of_the_comm_is_not_raised(run, monkeypatch):
    page = Page(run, monkeypatch)
    monkeypatch.setattr(RunChannel, "send", failing)
    page.ask(question("subjects"))


@pytest.mark.parametrize("ended", [False, True])
def test_a_rule_is_silenced_by_a_page_and_reported_again(run, ended, monkeypatch):
    plateau = Finding("plateau", "warning", "The loss does not fall.", (), (1, 200), "", ())
    run.live.found = (plateau,)
    run.findings_log.rules = ("plateau", "no-change")
    run.findings_log.record([plateau], {}, step=200, seconds=1.0)
    if ended:
        run.close()
    page = Page(run, monkeypatch)
    page.ask(HELLO)
    snapshot = page.first(lambda content: content["type"] == "snapshot")
    assert [each["rule"] for each in snapshot["findings"]] == ["plateau"]
    assert snapshot["history"] == {"rules": 2, "silenced": [], "past": [], "dropped": 0}
    page.ask(question("ignore", rule="plateau", ignored=True))
    silenced = page.first(lambda content: content.get("history", {}).get("silenced"))
    assert silenced["findings"] == []
    assert silenced["history"]["silenced"] == [
        {
            "rule": "plateau",
            "severity": "warning",
            "message": "The loss does not fall.",
            "holds": True,
        }
    ]
    assert run.ignored == ("plateau",)
    page.ask(question("ignore", rule="plateau", ignored=False))
    page.first(lambda content: content.get("findings") and content["seq"] > silenced["seq"])
    assert run.ignored == ()


def test_an_unknown_rule_is_not_silenced(run, monkeypatch):
    run.findings_log.rules = ("plateau", "no-change")
    page = Page(run, monkeypatch)
    page.ask(question("ignore", rule="plato", ignored=True))
    assert (
        "'plato'; the rules that can be ignored are no-change, plateau"
        in (page.answer_to(41)["reason"])
    )


def test_findings_are_sent_after_changes_only(run, monkeypatch):
    finding = Finding("no-change", "warning", "The weights stand still.", (), (1, 3), "", ())
    page = Page(run, monkeypatch)
    page.ask(HELLO)
    assert page.first(lambda content: content["type"] == "snapshot")["findings"] == []
    run.live.found = (finding,)
    frame = page.first(lambda content: content["type"] == "frame" and "findings" in content)
    assert [each["rule"] for each in frame["findings"]] == ["no-change"]
    after = page.first(lambda content: content.get("seq") == frame["seq"] + 1)
    assert "findings" not in after
    run.live.found = ()
    empty = page.first(lambda content: content.get("findings") == [] and content["seq"] > 2)
    assert empty["seq"] > after["seq"]


@pytest.fixture
def large_run(run, monkeypatch):
    """An open run whose tables are sent in separate messages."""
    monkeypatch.setattr(run_updates, "MAX_COMPLETE_BYTES", 0)
    for number in range(5):
        run.add_table(f"metric/{number}", "metric", [str(number)]).append(1, 1.0)
    return run


def complete_tables(page):
    """Return the ids of the complete tables in the messages of a page."""
    sent = [content.get("snapshots", []) for content in page.received]
    return {table["id"] for tables in sent for table in tables}


def test_the_tables_that_a_snapshot_lacks_follow_in_frames(large_run, monkeypatch):
    page = Page(large_run, monkeypatch)
    page.ask(HELLO)
    pending = set(page.first(lambda content: content["type"] == "snapshot")["pending"])
    assert len(pending) == len(large_run.tables) - 1
    page.first(lambda _: complete_tables(page) == pending)


def test_the_tables_that_a_snapshot_lacks_follow_at_once_when_the_run_ends(large_run, monkeypatch):
    page = Page(large_run, monkeypatch)
    page.ask(HELLO)
    pending = set(page.first(lambda content: content["type"] == "snapshot")["pending"])
    large_run.close()
    assert complete_tables(page) == pending


def test_an_acknowledged_frame_is_followed_at_once_while_tables_are_missing(large_run, monkeypatch):
    page = Page(large_run, monkeypatch)
    hurried = []
    monkeypatch.setattr(page.channel._publisher, "publish_soon", lambda: hurried.append(True))
    page.channel._updates.pending = {"metric/0"}
    page.ask(received(1))
    assert hurried == [True]
    page.channel._updates.pending = set()
    page.ask(received(2))
    assert hurried == [True]


def test_the_frames_of_an_idle_run_are_no_cost_of_its_loop(run, monkeypatch):
    run.begin()
    page = Page(run, monkeypatch)
    run.code_ended("the cell ended at step 0")
    page.first(lambda content: content.get("run", {}).get("status") == "idle")
    before = run.cost_totals.publishing_ns
    seen = len(page.received)
    page.channel._publisher.publish_soon()
    page.first(lambda content: content["type"] == "frame" and len(page.received) > seen)
    run.close()  # the publisher has counted
    assert run.cost_totals.publishing_ns == before
