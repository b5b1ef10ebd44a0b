"""The callback for new findings is called on the training thread between steps."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from labkit.run.observations import Frequency

from .faulty_loops import with_dropout
from .loops import mlp, points

RULE = "softmax-before-loss"


class Training:
    """A loop with a plain optimizer, which records whether a step is under way."""

    def __init__(self, model=None):
        torch.manual_seed(0)
        self.model = model or nn.Sequential(mlp(), nn.Softmax(1))
        self.x, self.y = points()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.within_step = False

    def step(self):
        self.within_step = True
        loss = F.cross_entropy(self.model(self.x), self.y)
        self.optimizer.zero_grad()
        loss.backward()
        self.within_step = False
        self.optimizer.step()

    def run(self, steps, on_finding, before_step=lambda step: None):
        with lk.watch(self.model, show=False, budget=1.0, on_finding=on_finding) as run:
            for step in range(steps):
                before_step(step)
                self.step()
        return run


def test_it_is_called_once_for_each_finding_on_the_training_thread_between_steps():
    training, calls = Training(), []

    def on_finding(finding):
        calls.append((finding.rule, threading.get_ident(), training.within_step))

    run = training.run(200, on_finding)
    rules = {entry.finding.rule for entry in run.findings_history}
    assert sorted(calls) == sorted((rule, threading.get_ident(), False) for rule in rules)
    assert RULE in rules


def test_it_is_called_for_what_another_thread_evaluates():
    training, calls = Training(), []

    def read(step):
        if step == 60:
            reader = threading.Thread(target=lambda: training.found.extend(run.findings))
            reader.start()
            reader.join()

    training.found = []
    with lk.watch(
        training.model,
        show=False,
        budget=1e-6,
        on_finding=lambda f: calls.append((f.rule, run.steps)),
    ) as run:
        for step in range(62):
            read(step)
            training.step()
    assert RULE in [finding.rule for finding in training.found]
    assert (RULE, 61) in calls


def test_it_is_called_before_a_short_run_ends_and_may_log():
    training = Training()

    def on_finding(finding):
        run.log(found=1.0)

    with lk.watch(training.model, show=False, budget=1e-6, on_finding=on_finding) as run:
        for _ in range(60):
            training.step()
        assert "found" not in run.names()
    assert run.series("found")[0].tolist() == [60]
    assert run.notices == ()


def test_it_may_stop_the_run():
    run = Training().run(5000, lambda finding: run_of(finding).stop())
    assert run.status == "stopped"
    assert run.steps < 5000


def run_of(_):
    (run,) = lk.Run.open_runs()
    return run


def test_an_error_in_it_becomes_a_notice_and_training_goes_on():
    calls = []

    def on_finding(finding):
        calls.append(finding.rule)
        raise ValueError("no room")

    run = Training().run(200, on_finding)
    assert run.steps == 200
    assert len(calls) == len(set(calls)) > 0
    assert any("no room" in notice.text for notice in run.notices)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, lk.Stopped])
def test_an_interrupt_in_it_ends_the_loop(interrupt):
    def on_finding(finding):
        raise interrupt

    training = Training()
    run = lk.watch(training.model, show=False, budget=1.0, on_finding=on_finding)
    with pytest.raises(interrupt):
        for _ in range(5000):
            training.step()
    assert run.steps < 5000
    run.close()


def test_it_is_not_called_while_it_is_running():
    training, depths = Training(), []
    running = []

    def on_finding(finding):
        running.append(finding)
        depths.append(len(running))
        for _ in range(100):
            training.step()
        _ = run_of(finding).findings
        running.pop()

    training.run(300, on_finding)
    assert depths
    assert set(depths) == {1}


def test_it_is_called_again_when_a_finding_returns():
    training, calls = Training(with_dropout().eval()), []

    def before_step(step):
        if step == 200:
            run_of(None).observations.trained_in_eval = Frequency(0, 100)
        training.model.train(200 <= step < 600)
        if step == 600:
            run_of(None).observations.trained_in_eval = Frequency(100, 100)

    run = training.run(1000, lambda finding: calls.append(finding.rule), before_step)
    assert calls.count("trained-in-evaluation-mode") == 2
    assert calls == [entry.finding.rule for entry in run.findings_history]


def test_it_must_be_callable():
    with pytest.raises(TypeError, match="on_finding="):
        lk.watch(nn.Linear(3, 1), on_finding=3, show=False)


def test_it_must_not_be_a_coroutine_function():
    async def report(finding):
        pass

    with pytest.raises(TypeError, match="async"):
        lk.watch(nn.Linear(3, 1), on_finding=report, show=False)


def test_it_may_watch_and_train_another_model():
    inner = []

    def compare(finding):
        other = Training(mlp())
        with lk.watch(other.model, show=False) as run:
            for _ in range(20):
                other.step()
        inner.append((run.steps, run.findings))

    training = Training()
    with lk.watch(training.model, on_finding=compare, show=False) as run:
        for _ in range(60):
            training.step()
    assert inner == [(20, ())]
    assert run.steps == 60
    assert [finding.rule for finding in run.findings] == [RULE]
