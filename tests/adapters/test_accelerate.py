"""Loops with an Accelerator: what they log, their epochs and their length."""

import pytest
import torch
import torch.nn.functional as F
from accelerate import Accelerator

import labkit as lk
from tests.adapters import contract
from tests.adapters.contract import EPOCHS, STEPS, Rows, loader, network

pytestmark = pytest.mark.filterwarnings("ignore")


class Training:
    def __init__(self, *, fails=False):
        self.trainer = Accelerator(cpu=True)
        model = network()
        base = torch.optim.AdamW(model.parameters(), lr=0.01)
        batches = loader(Rows(fails=fails), shuffle=True)
        self.net, self.optimizer, self.batches = self.trainer.prepare(model, base, batches)

        self.on_step = lambda: None

    def fit(self):
        for epoch in range(EPOCHS):
            self.net.train()
            for x, y in self.batches:
                loss = F.cross_entropy(self.net(x), y)
                self.optimizer.zero_grad()
                self.trainer.backward(loss)
                self.optimizer.step()
                self.on_step()
            self.trainer.log({"val/loss": contract.last_loss(self), "epoch": epoch}, step=epoch)


@pytest.fixture(autouse=True)
def _free():
    yield
    Accelerator(cpu=True).free_memory()


def test_a_loop_is_recorded():
    training, run = contract.check_recording(Training, validation_loss="val/loss", name="classes")
    assert "epoch" not in run.names()
    assert run.series("val/loss")[0].tolist() == [STEPS, EPOCHS * STEPS]
    assert training.trainer.trackers == []


def test_the_length_is_read_from_a_loop_over_a_prepared_loader():
    training, totals = Training(), []
    training.on_step = lambda: totals.append(run.total_steps)
    with lk.watch(training.trainer, show=False) as run:
        training.fit()
    assert set(totals[2:]) == {EPOCHS * STEPS}


def test_the_configuration_of_the_trackers_is_that_of_the_run():
    training = Training()
    with lk.watch(training.trainer, show=False, config={"lr": 0.5}) as run:
        training.trainer.init_trackers("classes", config={"lr": 0.1, "batch_size": 8})
    assert run.config == {"lr": 0.5, "batch_size": 8}


def test_stop_ends_the_block():
    training = Training()
    with lk.watch(training.trainer, show=False) as run:
        run.stop()
        training.fit()
    assert (run.status, run.steps) == ("stopped", 1)


def test_a_trainer_that_is_watched_anew_has_a_new_run():
    contract.check_second_watch(Training)


def test_an_error_of_the_user_is_raised_unchanged():
    contract.check_errors_of_the_user(lambda: Training(fails=True))


def test_a_tracker_that_fails_is_a_notice(monkeypatch):
    def broken(*_args, **_options):
        raise OSError("no space")

    monkeypatch.setattr("labkit.integrations.Recording.log", broken)
    _, run = contract.trained(Training, graph=False)
    assert run.steps == EPOCHS * STEPS
    assert "no space" in run.notices[-1].text


def test_several_prepared_models_are_watched_by_name():
    accelerator = Accelerator(cpu=True)
    accelerator.prepare(torch.nn.Linear(2, 1), network())
    with lk.watch(accelerator, show=False) as run:
        assert run.name == "Linear + Sequential"


def test_an_accelerator_without_a_model_is_refused():
    with pytest.raises(ValueError, match="has prepared no model yet"):
        lk.watch(Accelerator(cpu=True), show=False)
