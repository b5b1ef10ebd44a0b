"""Trainers of Lightning: epochs, metrics, stop, and the entry point."""

import gc
import logging
import tomllib
import weakref
from pathlib import Path

import lightning as L
import pytest
import pytorch_lightning
import torch
import torch.nn.functional as F

import labkit as lk
from tests.adapters import contract
from tests.adapters.contract import EPOCHS, STEPS, Rows, loader, network

pytestmark = pytest.mark.filterwarnings("ignore")
OPTIONS = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def classifier(package=L):
    class Classifier(package.LightningModule):
        def __init__(self, width=8):
            super().__init__()
            self.save_hyperparameters()
            self.net = network()

        def training_step(self, batch, index):
            loss = F.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train_loss", loss)
            self.log("train_mean", loss, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch, index):
            self.log("val/loss", F.cross_entropy(self.net(batch[0]), batch[1]))

        def on_validation_epoch_end(self):
            self.log("val/late", float(self.current_epoch))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)

    return Classifier()


class Training:
    def __init__(self, folder, *, package=L, fails=False, **options):
        logging.getLogger(f"{package.__name__}.pytorch").setLevel(logging.ERROR)
        logging.getLogger(package.__name__).setLevel(logging.ERROR)
        self.module, self.rows = classifier(package), Rows(fails=fails)
        settings = {"max_epochs": EPOCHS, "num_sanity_val_steps": 0 if fails else 2, **OPTIONS}
        self.trainer = package.Trainer(default_root_dir=folder, **settings, **options)

    @property
    def net(self):
        return self.module.net

    def fit(self):
        self.trainer.fit_loop.max_epochs = self.trainer.current_epoch + EPOCHS
        self.trainer.fit(self.module, loader(self.rows, shuffle=True), loader(Rows()))


@pytest.mark.parametrize("package", [L, pytorch_lightning], ids=lambda each: each.__name__)
def test_a_trainer_is_recorded(tmp_path, package):
    training, run = contract.check_recording(
        lambda: Training(tmp_path, package=package), validation_loss="val/loss", name="classes"
    )
    assert run.series("val/late")[1].tolist() == [0, 1]
    assert run.series("train_mean")[0].tolist() == [STEPS, 2 * STEPS]
    assert run.graph.nodes
    assert run.config == {"width": 8}
    assert not any("labkit" in type(each).__module__ for each in training.trainer.callbacks)


def test_the_length_is_known_from_the_first_step_on(tmp_path, monkeypatch):
    contract.check_plan(lambda: Training(tmp_path), monkeypatch)


def test_stop_ends_the_training_without_an_exit(tmp_path):
    contract.check_stop(lambda: Training(tmp_path))


def test_one_of_several_processes_is_not_stopped_alone(tmp_path, monkeypatch):
    training = Training(tmp_path)
    with lk.watch(training.trainer, show=False) as run:
        run.stop()
        training.net.register_forward_hook(
            lambda *_: monkeypatch.setattr(L.Trainer, "world_size", 2)
        )
        training.fit()
    assert (run.steps, run.status) == (EPOCHS * STEPS, "finished")
    assert "2 processes" in run.notices[0].text


def test_a_fault_of_labkit_does_not_reach_the_trainer(tmp_path, monkeypatch):
    contract.check_faults(lambda: Training(tmp_path), monkeypatch)


def test_a_training_that_cannot_be_watched_trains_as_without_labkit(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError("no space")

    plain, _ = contract.trained(lambda: Training(tmp_path))
    monkeypatch.setattr("labkit.integrations.Recording.watch", broken)
    training, run = contract.trained(lambda: Training(tmp_path), graph=True)
    contract.assert_same_weights(training, plain)
    assert (run.steps, run.status) == (0, "finished")
    assert "no space" in run.notices[0].text


def test_an_argument_that_does_not_fit_the_module_is_a_notice(tmp_path):
    few = torch.zeros(1, 2)
    _, run = contract.trained(lambda: Training(tmp_path), activations=few)
    (notice,) = run.notices
    assert "cannot be called with activations=" in notice.text


def test_a_trainer_that_is_watched_anew_has_a_new_run(tmp_path):
    contract.check_second_watch(lambda: Training(tmp_path))


def test_an_error_of_the_user_is_raised_unchanged(tmp_path):
    contract.check_errors_of_the_user(lambda: Training(tmp_path, fails=True))


def test_metrics_of_single_steps_are_recorded_as_often_as_by_loggers(tmp_path):
    _, run = contract.trained(lambda: Training(tmp_path, log_every_n_steps=2), graph=False)
    steps, values = run.series("train_loss")
    assert steps.tolist() == [2, 4, 6, 8]
    assert values.tolist() == run.series("loss")[1][steps - 1].tolist()


def test_accumulated_batches_are_counted_in_steps(tmp_path):
    training = Training(tmp_path, accumulate_grad_batches=3)
    totals = []
    with lk.watch(training.trainer, show=False) as run:
        run.on_close(lambda: totals.append(run.steps))
        training.fit()
    assert (run.steps_per_epoch, totals) == (2, [EPOCHS * 2])


def test_a_training_that_a_checkpoint_continues_has_the_steps_that_are_left(tmp_path):
    first = Training(tmp_path)
    first.fit()
    first.trainer.save_checkpoint(tmp_path / "half.ckpt")
    second, totals = Training(tmp_path), []
    second.trainer.fit_loop.max_epochs = 2 * EPOCHS
    with lk.watch(second.trainer, show=False) as run:
        second.net.register_forward_hook(lambda *_: totals.append(run.total_steps))
        rows = loader(second.rows)
        second.trainer.fit(second.module, rows, ckpt_path=tmp_path / "half.ckpt")
    assert (run.steps, set(totals)) == (EPOCHS * STEPS, {EPOCHS * STEPS})
    assert run.epoch == 2 * EPOCHS


def test_manual_optimization_of_two_optimizers_is_planned_by_batches(tmp_path):
    class Pair(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False
            self.first, self.second = network(), network()

        def training_step(self, batch, index):
            for part, optimizer in zip((self.first, self.second), self.optimizers(), strict=True):
                optimizer.zero_grad()
                self.manual_backward(F.cross_entropy(part(batch[0]), batch[1]))
                optimizer.step()
            totals.append(run.total_steps)

        def configure_optimizers(self):
            parts = (self.first, self.second)
            return [torch.optim.SGD(part.parameters(), lr=0.05) for part in parts]

    training, totals = Training(tmp_path), []
    training.module = Pair()
    training.module.validation_step = None
    with lk.watch(training.trainer, show=False) as run:
        training.trainer.fit(training.module, loader(Rows()))
    assert (run.steps, run.steps_per_epoch) == (EPOCHS * STEPS, STEPS)
    assert set(totals) == {EPOCHS * STEPS}


def test_another_model_is_not_recorded_in_the_same_run(tmp_path):
    training = Training(tmp_path)
    with lk.watch(training.trainer, show=False) as run:
        training.fit()
        first, training.module = training.module, classifier()
        training.fit()
    assert run.steps == EPOCHS * STEPS
    assert first is not training.module
    assert "another model" in run.notices[-1].text


def test_an_interrupt_that_lightning_turns_into_an_exit_is_an_interrupt(tmp_path):
    training = Training(tmp_path)

    def interrupted(*_):
        raise KeyboardInterrupt

    training.net.register_forward_hook(interrupted)
    with pytest.raises(SystemExit), lk.watch(training.trainer, show=False) as run:
        training.fit()
    assert run.status == "interrupted"


def test_a_training_in_the_background_is_stopped(tmp_path):
    training = Training(tmp_path)
    task = None

    def train():
        with lk.watch(training.trainer, show=False) as run:
            training.fit()
        return run

    def stop(*_):
        if training.trainer.global_step == 1:
            task.stop()

    training.net.register_forward_hook(stop)
    task = lk.background(train)
    run = task.result(30)
    assert (run.status, run.steps) == ("stopped", 2)


def test_a_run_ends_with_its_trainer(tmp_path):
    training = Training(tmp_path)
    run = lk.watch(training.trainer, show=False)
    training.fit()
    reference = weakref.ref(run)
    del run
    assert reference().steps == EPOCHS * STEPS
    del training
    gc.collect()
    assert reference() is None


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Make the entry points known, as an installation does."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    folder = tmp_path / "labkit_entry_points-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: labkit_entry_points\nVersion: 1\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("package", [L, pytorch_lightning], ids=lambda each: each.__name__)
def test_every_trainer_is_watched_if_the_variable_is_set(tmp_path, monkeypatch, installed, package):
    monkeypatch.setenv("LABKIT_WATCH", "1")
    training = Training(tmp_path, package=package)
    seen = []
    training.net.register_forward_hook(lambda *_: seen.extend(lk.Run.open_runs()))
    training.fit()
    (run,) = {id(each): each for each in seen}.values()
    assert (run.name, run.status, run.steps) == ("Classifier", "finished", EPOCHS * STEPS)


def test_the_variable_names_the_folder_in_which_each_run_is_saved(tmp_path, monkeypatch, installed):
    monkeypatch.setenv("LABKIT_WATCH", str(tmp_path / "runs"))
    training = Training(tmp_path)
    training.fit()
    training.fit()
    first, second = (lk.load(path) for path in sorted((tmp_path / "runs").glob("*.lab")))
    assert (first.name, first.status, first.steps) == ("Classifier", "finished", EPOCHS * STEPS)
    assert second.series("val/loss")[0].tolist() == [STEPS, EPOCHS * STEPS]


def test_a_run_of_a_trainer_is_saved_from_its_first_step_on(tmp_path):
    _, run = contract.trained(lambda: Training(tmp_path), save=tmp_path / "classes.lab")
    saved = lk.load(tmp_path / "classes.lab")
    assert (saved.name, saved.status, saved.steps) == (run.name, run.status, run.steps)
    assert saved.epoch == EPOCHS
    for name in ("loss", "val/loss", "grad_norm/net.0.weight"):
        assert saved.series(name)[1].tolist() == run.series(name)[1].tolist()


def test_nothing_is_watched_if_the_variable_is_not_set(tmp_path, monkeypatch, installed):
    monkeypatch.setenv("LABKIT_WATCH", "0")
    training = Training(tmp_path)
    training.net.register_forward_hook(lambda *_: seen.extend(lk.Run.open_runs()))
    seen = []
    training.fit()
    assert seen == []
