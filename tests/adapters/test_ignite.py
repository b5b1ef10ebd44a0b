"""Engines of Ignite: the model is found, the metrics of an evaluator are recorded."""

import functools

import pytest
import torch
from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy, Loss
from torch import nn

import labkit as lk
from tests.adapters import contract
from tests.adapters.contract import EPOCHS, STEPS, Rows, loader, network

pytestmark = pytest.mark.filterwarnings("ignore")


class Training:
    def __init__(self, *, fails=False, **options):
        self.net, self.rows = network(), Rows(fails=fails)
        optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1, momentum=0.9)
        loss_fn = nn.CrossEntropyLoss()
        self.engine = create_supervised_trainer(self.net, optimizer, loss_fn, **options)
        Accuracy(output_transform=lambda loss: (torch.ones(1), torch.ones(1))).attach(
            self.engine, "trained"
        )
        self.evaluator = create_supervised_evaluator(
            self.net, {"loss": Loss(loss_fn), "accuracy": Accuracy()}
        )
        self.engine.add_event_handler(Events.EPOCH_COMPLETED, self.evaluate)
        self.trainer = {"train": self.engine, "val": self.evaluator}

    def evaluate(self, engine):
        self.evaluator.run(loader(Rows()))

    def fit(self):
        self.engine.run(loader(self.rows, shuffle=True), max_epochs=EPOCHS)


def test_an_engine_is_recorded():
    training, run = contract.check_recording(Training, validation_loss="val/loss", name="classes")
    assert run.series("val/accuracy")[0].tolist() == [STEPS, 2 * STEPS]
    assert run.series("trained")[0].tolist() == [STEPS, 2 * STEPS]
    before = len(training.evaluator.state.metrics)
    training.evaluate(None)
    assert len(training.evaluator.state.metrics) == before


def test_the_length_is_known_from_the_first_step_on(monkeypatch):
    contract.check_plan(Training, monkeypatch)


def test_stop_terminates_the_engine():
    contract.check_stop(Training)


def test_a_fault_of_labkit_does_not_reach_the_engine(monkeypatch):
    contract.check_faults(Training, monkeypatch)


def test_a_trainer_that_is_watched_anew_has_a_new_run():
    contract.check_second_watch(Training)


def test_an_error_of_the_user_is_raised_unchanged():
    contract.check_errors_of_the_user(lambda: Training(fails=True))


def test_accumulated_iterations_are_counted_in_steps():
    training = Training(gradient_accumulation_steps=2)
    with lk.watch(training.trainer, show=False) as run:
        training.fit()
    assert (run.steps, run.steps_per_epoch, run.epoch) == (EPOCHS * 2, 2, EPOCHS)


class Step:
    """A process function as a method, and as an object that is called."""

    def __init__(self):
        self.model, self.teacher = network(), network()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def __call__(self, engine, batch):
        return self.step(engine, batch, 1.0)

    def step(self, engine, batch, scale):
        x, _ = batch
        with torch.no_grad():
            wanted = self.teacher(x)
        self.optimizer.zero_grad()
        (scale * (self.model(x) - wanted).square().mean()).backward()
        self.optimizer.step()


def in_closure():
    step = Step()
    model, optimizer = step.model, step.optimizer

    def train(engine, batch):
        optimizer.zero_grad()
        model(batch[0]).square().mean().backward()
        optimizer.step()

    return step, train


def as_partial():
    step = Step()
    return step, functools.partial(step.step, scale=2.0)


def as_object():
    step = Step()
    return step, step


@pytest.mark.parametrize("make", [in_closure, as_partial, as_object])
def test_the_model_is_found_in_the_process_function(make):
    step, function = make()
    engine = Engine(function)
    with lk.watch(engine, show=False) as run:
        engine.run(loader(Rows()), max_epochs=1)
    assert run.steps == STEPS
    assert run.model.parameters == sum(p.numel() for p in step.model.parameters())


def test_an_engine_without_a_model_is_refused():
    with pytest.raises(ValueError, match="no model was found"):
        lk.watch(Engine(lambda engine, batch: None), show=False)
