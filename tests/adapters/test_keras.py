"""Models of Keras on torch: steps, learning rates, epochs, metrics and stop."""

import os
from types import SimpleNamespace

os.environ["KERAS_BACKEND"] = "torch"  # before Keras is imported

import keras
import numpy as np
import pytest
import torch
from torch import nn

import labkit as lk
from tests.adapters import contract
from tests.adapters.contract import BATCH, EPOCHS, STEPS, Rows, loader
from tests.unit.capture.truth import Truth, assert_agrees

pytestmark = pytest.mark.filterwarnings("ignore")


class Training:
    """Trains a model; `net` has its weights and is what torch's tests of all adapters expect."""

    def __init__(self, *, fails=False, built=True, rate=0.1, optimizer=None):
        keras.utils.set_random_seed(0)
        self.rows = Rows(fails=fails)
        first = [keras.Input((6,))] if built else []
        self.trainer = keras.Sequential(
            [*first, keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)]
        )
        self.trainer.compile(
            optimizer=optimizer or keras.optimizers.SGD(rate, momentum=0.9),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )

    @property
    def net(self):
        return self.trainer

    def fit(self, **options):
        data = loader(self.rows, shuffle=True)
        self.trainer.fit(data, epochs=EPOCHS, validation_data=loader(Rows()), verbose=0, **options)


def test_a_model_is_recorded():
    training, run = contract.check_recording(Training, validation_loss="val_loss", name="classes")
    assert run.series("val_accuracy")[0].tolist() == [STEPS, 2 * STEPS]
    assert {name.partition("/")[0] for name in run.names()} >= {"grad_norm", "update_ratio"}
    assert "fit" not in vars(training.trainer)
    assert "apply" not in vars(training.trainer.optimizer)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_the_values_are_those_of_plain_torch(optimizer):
    training = Training(optimizer=optimizer)
    model, truth = training.trainer, Truth()

    class Expected(type(model.optimizer)):
        """Computes what is to be recorded, with plain torch."""

        def apply(self, gradients, variables=None):
            rate = {"lr": float(self.learning_rate)}
            truth.before_step(model, SimpleNamespace(param_groups=[rate]))
            super().apply(gradients, variables)
            truth.after_step(model)

    model.optimizer.__class__ = Expected
    compute_loss = model.compute_loss

    def compute(*args, training=True, **kwargs):
        loss = compute_loss(*args, training=training, **kwargs)
        if training:
            truth.add_loss(loss)
        return loss

    vars(model)["compute_loss"] = compute
    with lk.watch(model, show=False, budget=1.0) as run:
        training.fit()
    assert truth.steps == EPOCHS * STEPS
    assert_agrees(run, truth)


def test_the_length_is_known_from_the_first_step_on(monkeypatch):
    contract.check_plan(Training, monkeypatch)


def test_stop_ends_the_training():
    contract.check_stop(Training)


def test_a_fault_of_labkit_does_not_reach_the_model(monkeypatch):
    contract.check_faults(Training, monkeypatch)


def test_a_trainer_that_is_watched_anew_has_a_new_run():
    contract.check_second_watch(Training)


def test_an_error_of_the_user_is_raised_unchanged():
    contract.check_errors_of_the_user(lambda: Training(fails=True))


def test_a_model_that_is_built_by_its_data_is_recorded():
    _, run = contract.trained(lambda: Training(built=False), graph=False)
    assert (run.name, run.steps) == ("Sequential", EPOCHS * STEPS)


def test_callbacks_of_the_user_are_called_as_before():
    training = Training()
    seen = []
    one = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    with lk.watch(training.trainer, show=False):
        training.fit(callbacks=[one])
        training.fit(callbacks=one)
        training.trainer.fit(Rows().x, Rows().y, BATCH, 1, 0, one)
    assert seen == [0, 1, 0, 1, 0]


def test_a_list_of_keras_own_type_is_left_as_it_was():
    training = Training()
    seen = []
    one = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    callbacks = keras.callbacks.CallbackList([one], model=training.trainer, epochs=2, steps=STEPS)
    with lk.watch(training.trainer, show=False) as run:
        training.fit(callbacks=callbacks)
    assert (seen, run.epoch, callbacks.callbacks) == ([0, 1], 2, [one])


def test_a_changed_rate_is_used_by_the_steps_and_is_put_back_after_them():
    training = Training()
    training.trainer.optimizer.momentum = 0.0
    rates, weights = [], []

    def change(epoch, logs):
        rates.append(float(training.trainer.optimizer.learning_rate))
        weights.append(contract.weights(training))
        run.adjust("0", lr=0.0, schedule="hold")

    callback = keras.callbacks.LambdaCallback(on_epoch_end=change)
    with lk.watch(training.trainer, show=False) as run:
        training.fit(callbacks=[callback])
    assert rates == pytest.approx([0.1, 0.1])
    assert run.series("lr/0")[1] == pytest.approx(np.repeat([0.1, 0.0], STEPS))
    for before, after in zip(*weights, strict=True):
        assert torch.equal(before, after)


def test_a_rate_with_a_schedule_is_recorded_and_cannot_be_changed():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, STEPS, 0.5)
    training = Training(rate=schedule)
    reasons = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: reasons.append(run.parameter_groups[0].reason)
    )
    with lk.watch(training.trainer, show=False) as run:
        training.fit(callbacks=[callback])
    expected = [float(schedule(step)) for step in range(EPOCHS * STEPS)]
    assert run.series("lr/0")[1] == pytest.approx(np.array(expected))
    assert "schedule" in reasons[0]


def test_a_model_that_is_trained_by_a_loop_of_torch_is_recorded_as_any_module():
    training = Training()
    optimizer = torch.optim.SGD(training.trainer.parameters(), lr=0.1)
    with lk.watch(training.trainer, show=False) as run:
        for x, y in loader(Rows()):
            loss = nn.functional.cross_entropy(training.trainer(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.steps == len(Rows()) // BATCH
