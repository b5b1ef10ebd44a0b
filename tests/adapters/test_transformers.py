"""Trainers of Transformers: epochs, metrics, stop, and the table that labkit's views replace."""

import pytest
import torch.nn.functional as F
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments
from transformers.utils.notebook import NotebookProgressCallback

import labkit as lk
from tests.adapters import contract
from tests.adapters.contract import BATCH, EPOCHS, STEPS, Rows, network

pytestmark = pytest.mark.filterwarnings("ignore")


class Classifier(PreTrainedModel):
    config_class = PretrainedConfig

    def __init__(self, config):
        super().__init__(config)
        self.net = network()

    def forward(self, x, labels):
        logits = self.net(x)
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


class NamedRows(Rows):
    """The same rows, with the names of the model's arguments."""

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return {"x": x, "labels": y}


class Training:
    def __init__(self, folder, *, fails=False, model_init=None, **options):
        self._model = None if model_init else Classifier(PretrainedConfig())
        settings = {
            "num_train_epochs": EPOCHS,
            "per_device_train_batch_size": BATCH,
            "per_device_eval_batch_size": BATCH,
            "eval_strategy": "epoch",
            "logging_steps": 2,
            "report_to": [],
            "save_strategy": "no",
            "use_cpu": True,
            "disable_tqdm": True,
            "seed": 0,
        }
        self.trainer = Trainer(
            model=self._model,
            model_init=model_init,
            args=TrainingArguments(output_dir=str(folder), **{**settings, **options}),
            train_dataset=NamedRows(fails=fails),
            eval_dataset=NamedRows(),
        )

    @property
    def net(self):
        return self.trainer.model.net

    def fit(self):
        self.trainer.train()


def test_a_trainer_is_recorded(tmp_path):
    training, run = contract.check_recording(
        lambda: Training(tmp_path), validation_loss="eval_loss", name="classes"
    )
    assert {name for name in run.names() if "/" not in name} == {"loss", "eval_loss"}
    callbacks = training.trainer.callback_handler.callbacks
    assert not any("labkit" in type(each).__module__ for each in callbacks)


def test_the_length_is_known_from_the_first_step_on(tmp_path, monkeypatch):
    contract.check_plan(lambda: Training(tmp_path), monkeypatch)


def test_stop_ends_the_training(tmp_path):
    contract.check_stop(lambda: Training(tmp_path))


def test_a_fault_of_labkit_does_not_reach_the_trainer(tmp_path, monkeypatch):
    contract.check_faults(lambda: Training(tmp_path), monkeypatch)


def test_a_trainer_that_is_watched_anew_has_a_new_run(tmp_path):
    contract.check_second_watch(lambda: Training(tmp_path))


def test_an_error_of_the_user_is_raised_unchanged(tmp_path):
    contract.check_errors_of_the_user(lambda: Training(tmp_path, fails=True))


def test_accumulated_batches_are_counted_in_steps(tmp_path):
    training = Training(tmp_path, gradient_accumulation_steps=3, max_grad_norm=0.1)
    with lk.watch(training.trainer, show=False, budget=1.0) as run:
        training.fit()
    assert (run.steps, run.steps_per_epoch, run.epoch) == (2 * EPOCHS, 2, EPOCHS)
    assert [knot.step for knot in run.epochs.begun.knots()] == [0, 2]


def test_a_model_that_is_made_when_training_begins_is_recorded(tmp_path):
    training = Training(tmp_path, model_init=lambda: Classifier(PretrainedConfig()))
    with lk.watch(training.trainer, show=False) as run:
        training.fit()
    assert (run.name, run.steps) == ("Classifier", EPOCHS * STEPS)


def test_a_bad_argument_fails_at_once_and_leaves_no_callback(tmp_path):
    training = Training(tmp_path)
    before = list(training.trainer.callback_handler.callbacks)
    with pytest.raises(ValueError, match="cannot be called with activations="):
        lk.watch(training.trainer, show=False, activations=Rows().x[:1, :2])
    assert training.trainer.callback_handler.callbacks == before
    assert lk.Run.open_runs() == []


def test_the_table_is_taken_out_while_the_dashboard_is_displayed(tmp_path, capsys):
    training = Training(tmp_path)
    handler = training.trainer.callback_handler
    handler.add_callback(NotebookProgressCallback())

    def kinds():
        return [type(each) for each in handler.callbacks]

    with lk.watch(training.trainer, show=False):
        assert NotebookProgressCallback in kinds()
    with lk.watch(training.trainer, show=True):
        assert NotebookProgressCallback not in kinds()
    assert NotebookProgressCallback in kinds()
