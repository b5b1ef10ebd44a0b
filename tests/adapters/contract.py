"""What holds for the adapter of every trainer."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

import labkit as lk
from labkit.integrations import Recording

ROWS, BATCH, EPOCHS = 32, 8, 2
STEPS = ROWS // BATCH


class UserError(Exception):
    """An error of the user's data."""


class Rows(Dataset):
    """Rows of six numbers and a class; reading the last row of the second pass may raise."""

    def __init__(self, *, fails=False):
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randn(ROWS, 6, generator=generator)
        self.y = self.x[:, :3].argmax(1)
        self.reads_left = 2 * ROWS if fails else -1

    def __len__(self):
        return ROWS

    def __getitem__(self, index):
        self.reads_left -= 1
        if self.reads_left == 0:
            raise UserError("this row cannot be read")
        return self.x[index], self.y[index]


def loader(rows, **options):
    return DataLoader(rows, batch_size=BATCH, **options)


def network():
    return nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.1), nn.ReLU(), nn.Linear(8, 3))


def trained(make, **options):
    """Return a training that has ended, and its run if it was watched with the options."""
    torch.manual_seed(0)
    training = make()
    if not options:
        training.fit()
        return training, None
    with lk.watch(training.trainer, show=False, budget=1.0, **options) as run:
        training.fit()
    return training, run


def weights(training):
    """Return the weights in their order; the names of Keras differ between equal models."""
    return [value.detach().clone() for value in training.net.state_dict().values()]


def assert_same_weights(training, other):
    for value, expected in zip(weights(training), weights(other), strict=True):
        assert torch.equal(value, expected)


def last_loss(training):
    """Return the loss of the trained network on all rows."""
    rows = Rows()
    training.net.eval()
    with torch.no_grad():
        return F.cross_entropy(training.net(rows.x), rows.y).item()


def check_recording(make, *, validation_loss, name):
    """Weights are unchanged; steps, epochs, the planned length and metrics are recorded."""
    plain, _ = trained(make)
    training, run = trained(make, name=name)
    assert_same_weights(training, plain)
    assert (run.name, run.status, run.notices) == (name, "finished", ())
    assert run.steps == EPOCHS * STEPS
    assert len(run.series("loss")[0]) == run.steps
    assert len(run.series("lr/0")[0]) == run.steps
    assert [(knot.step, knot.value) for knot in run.epochs.begun.knots()] == [(0, 0), (STEPS, 1)]
    assert (run.epoch, run.steps_per_epoch) == (EPOCHS, STEPS)
    steps, values = run.series(validation_loss)
    assert steps.tolist() == [STEPS, EPOCHS * STEPS]
    assert values[-1] == pytest.approx(last_loss(training), rel=1e-5)
    return training, run


def check_plan(make, monkeypatch):
    """The number of steps is known from the first step on, and nothing is planned at the end."""
    plans = []
    plan = Recording.plan

    def planned(recording, *args):
        plan(recording, *args)
        plans.append((recording.run.total_steps, recording.run.state().length_source))

    monkeypatch.setattr(Recording, "plan", planned)
    _, run = trained(make, graph=False)
    assert plans[0][0] == EPOCHS * STEPS
    assert plans[0][1]
    assert run.state().remaining is None


def check_stop(make):
    """Stop ends the loop as the trainer itself does, after a step; a later training goes on."""
    torch.manual_seed(0)
    training = make()
    run = lk.watch(training.trainer, show=False)
    run.stop()
    training.fit()
    assert (run.steps, run.message) == (1, "training was stopped at step 1")
    training.fit()
    assert run.steps >= 1 + STEPS  # Ignite continues in the epoch after the one that was ended
    run.close()
    assert run.status == "finished"


def check_faults(make, monkeypatch):
    """A fault of labkit's becomes a notice, and the trainer trains as without it."""
    plain, _ = trained(make)

    def broken(recording, *args, **options):
        raise OSError("no space")

    for method in ("begin_epoch", "log", "end", "plan"):
        monkeypatch.setattr(Recording, method, broken)
    training, run = trained(make, graph=True)
    assert_same_weights(training, plain)
    assert run.steps == EPOCHS * STEPS
    assert any("no space" in notice.text for notice in run.notices)


def check_errors_of_the_user(make_failing):
    """An error of the user's code is raised unchanged, and the run keeps what came before."""
    torch.manual_seed(0)
    training = make_failing()
    with (
        pytest.raises(UserError, match="this row cannot be read"),
        lk.watch(training.trainer, show=False) as run,
    ):
        training.fit()
    assert run.status == "failed"
    assert run.steps >= STEPS - 1


def check_second_watch(make):
    """A trainer that is watched anew is recorded by the new run."""
    torch.manual_seed(0)
    training = make()
    first = lk.watch(training.trainer, show=False)
    with lk.watch(training.trainer, show=False) as second:
        training.fit()
    assert (first.closed, first.steps, second.steps) == (True, 0, EPOCHS * STEPS)
    assert any("anew" in notice.text for notice in first.notices)
    assert any("already" in notice.text for notice in second.notices)
