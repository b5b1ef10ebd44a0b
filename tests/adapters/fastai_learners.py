"""Learners of fastai: steps, learning rates, epochs, metrics and stop; run by `make adapters`."""

import pickle
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.callback.schedule import Learner  # with its methods for schedules
from fastai.callback.training import GradientAccumulation, GradientClip
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.metrics import accuracy
from fastai.optimizer import SGD, Adam, OptimWrapper, ranger

import labkit as lk
from tests.adapters import contract
from tests.adapters.contract import BATCH, EPOCHS, STEPS, Rows, network
from tests.unit.capture.truth import Truth, assert_agrees

pytestmark = pytest.mark.filterwarnings("ignore")


class Training:
    def __init__(self, *, fails=False, opt_func=SGD, cbs=(), splitter=None):
        training = DataLoader(Rows(fails=fails), bs=BATCH, shuffle=False)
        self.net = network()
        options = {} if splitter is None else {"splitter": splitter}
        self.trainer = Learner(
            DataLoaders(training, DataLoader(Rows(), bs=BATCH), device="cpu"),
            self.net,
            loss_func=F.cross_entropy,
            opt_func=opt_func,
            metrics=accuracy,
            cbs=list(cbs),
            **options,
        )
        self.trainer.logger = lambda *_: None

    def fit(self):
        self.trainer.fit(EPOCHS, lr=0.1)


def test_a_learner_is_recorded():
    training, run = contract.check_recording(Training, validation_loss="valid_loss", name="classes")
    assert run.series("accuracy")[0].tolist() == [STEPS, 2 * STEPS]
    assert {name.partition("/")[0] for name in run.names()} >= {"grad_norm", "update_ratio"}
    assert "step" not in vars(training.trainer.opt)
    assert not any("labkit" in type(each).__module__ for each in training.trainer.cbs)


def test_the_length_is_known_from_the_first_step_on(monkeypatch):
    contract.check_plan(Training, monkeypatch)


def test_stop_ends_the_training():
    contract.check_stop(Training)


def test_a_fault_of_labkit_does_not_reach_the_learner(monkeypatch):
    contract.check_faults(Training, monkeypatch)


def test_a_trainer_that_is_watched_anew_has_a_new_run():
    contract.check_second_watch(Training)


def test_an_error_of_the_user_is_raised_unchanged():
    contract.check_errors_of_the_user(lambda: Training(fails=True))


class Expected(Callback):
    """Computes what is to be recorded, with plain torch."""

    order = 90  # after clipping

    def __init__(self, truth, *, is_clipped):
        super().__init__()
        self.truth, self.is_clipped = truth, is_clipped

    def before_backward(self):
        self.truth.add_loss(self.learn.loss_grad)

    def after_backward(self):
        if self.is_clipped:
            self.truth.before_clipping(self.learn.model)

    def before_step(self):
        groups = [{"lr": hyper["lr"]} for hyper in self.learn.opt.hypers]
        self.truth.before_step(self.learn.model, SimpleNamespace(param_groups=groups))

    def after_step(self):
        self.truth.after_step(self.learn.model)


@pytest.mark.parametrize("clip", [None, 0.1])
@pytest.mark.parametrize("opt_func", [SGD, Adam, partial(SGD, mom=0.9, wd=0.1), ranger])
def test_the_values_are_those_of_plain_torch(opt_func, clip):
    torch.manual_seed(0)
    clipping = [] if clip is None else [GradientClip(clip)]
    truth = Truth()
    expected = Expected(truth, is_clipped=clip is not None)
    training = Training(opt_func=opt_func, cbs=[*clipping, expected])
    with lk.watch(training.trainer, show=False, budget=1.0) as run:
        training.trainer.fit_one_cycle(4, lr_max=0.05)
    assert truth.steps == 4 * STEPS
    assert_agrees(run, truth)


def test_rates_of_a_schedule_are_recorded():
    training = Training()
    rates = []

    class Rates(Callback):
        def before_step(self):
            rates.append(self.opt.hypers[-1]["lr"])

    training.trainer.add_cb(Rates())
    with lk.watch(training.trainer, show=False) as run:
        training.trainer.fit_one_cycle(EPOCHS, lr_max=0.1)
    assert run.series("lr/0")[1] == pytest.approx(np.array(rates), rel=1e-6)


def test_each_group_has_its_rate():
    training = Training(splitter=lambda net: [list(net[0].parameters()), list(net[3].parameters())])
    with lk.watch(training.trainer, show=False) as run:
        training.trainer.fit(1, lr=slice(0.01, 0.1))
    assert [run.series(f"lr/{n}")[1][0] for n in (0, 1)] == pytest.approx([0.01, 0.1])


def test_accumulated_batches_are_counted_in_steps():
    training = Training(cbs=[GradientAccumulation(2 * BATCH)])
    with lk.watch(training.trainer, show=False) as run:
        training.fit()
    assert (run.steps, run.steps_per_epoch, run.epoch) == (EPOCHS * STEPS // 2, STEPS // 2, EPOCHS)


def test_an_optimizer_of_torch_is_recorded():
    training = Training(opt_func=partial(OptimWrapper, opt=torch.optim.SGD))
    with lk.watch(training.trainer, show=False) as run:
        training.fit()
    assert (run.steps, len(run.series("lr/0")[0])) == (EPOCHS * STEPS,) * 2


def test_the_search_for_a_rate_is_not_recorded():
    training = Training()
    with lk.watch(training.trainer, show=False) as run:
        training.trainer.lr_find(num_it=20, show_plot=False)
        assert (run.steps, run.status) == (0, "waiting")
        training.fit()
    assert run.steps == EPOCHS * STEPS


def test_a_changed_rate_is_used_by_the_steps_and_is_put_back_after_them():
    training = Training()
    weights, rates = [], []

    class Change(Callback):
        def after_epoch(self):
            rates.append(self.opt.hypers[0]["lr"])
            weights.append(contract.weights(training))
            run.adjust("0", lr=0.0, schedule="hold")

    training.trainer.add_cb(Change())
    training.trainer.opt_func = partial(SGD, mom=0.0)
    with lk.watch(training.trainer, show=False) as run:
        training.fit()
    assert rates == pytest.approx([0.1, 0.1])
    assert run.series("lr/0")[1] == pytest.approx(np.repeat([0.1, 0.0], STEPS))
    for before, after in zip(*weights, strict=True):
        assert torch.equal(before, after)


def test_a_copy_of_the_callback_needs_no_labkit():
    """`Learner.export` stores the callbacks."""
    training = Training()
    with lk.watch(training.trainer, show=False):
        training.fit()
        (own,) = (each for each in training.trainer.cbs if "labkit" in type(each).__module__)
        stored = pickle.dumps(own)
    assert b"labkit" not in stored
    assert type(pickle.loads(stored)) is Callback
