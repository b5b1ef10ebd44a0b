"""Calls of the model without gradients that are no validation, and validations that are right."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

import labkit as lk
from tests.unit.insight.loops import points, watched


def with_batch_norm():
    return nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3))


def with_dropout():
    return nn.Sequential(nn.Linear(10, 32), nn.Dropout(0.2), nn.ReLU(), nn.Linear(32, 3))


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def validated(model, validate, steps=200, every=20):
    """Train a classifier and call `validate(run)` every some steps."""
    x, y = points(256)

    def loss(step):
        rows = torch.randint(256, (32,))
        return F.cross_entropy(model(x[rows]), y[rows])

    def after(run, step):
        if step % every == every - 1:
            validate(run)

    return watched(model, loss, optimizer=adam(model), steps=steps, after=after)


def dropout_and_batch_norm_with_right_modes():
    model = nn.Sequential(
        nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 3)
    )
    x, y = points(256)

    def validate(run):
        model.eval()
        with torch.no_grad():
            run.log(val_loss=F.cross_entropy(model(x), y))
        model.train()

    return validated(model, validate)


def statistics_of_batch_norm_updated_at_the_end():
    model = with_batch_norm()
    x, y = points(256)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            loss = F.cross_entropy(model(x[:64]), y[:64])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        update_bn(x.split(32), model)
        model.eval()
        with torch.no_grad():
            model(x)
    return run


def statistics_of_batch_norm_updated_before_each_validation():
    model = with_batch_norm()
    x, y = points(256)

    def validate(run):
        update_bn(x.split(32), model)
        model.eval()
        with torch.no_grad():
            run.log(val_loss=F.cross_entropy(model(x), y))
        model.train()

    return validated(model, validate)


def averaged_weights():
    """Stochastic weight averaging; the average gets statistics of its own."""
    model = with_batch_norm()
    average = AveragedModel(model)
    x, y = points(256)

    def validate(run):
        average.update_parameters(model)
        update_bn(x.split(32), average)
        average.eval()
        with torch.no_grad():
            run.log(val_loss=F.cross_entropy(average(x), y))

    return validated(model, validate)


def moving_average_of_weights():
    model = with_dropout()
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.95))
    x, y = points(256)

    def validate(run):
        average.update_parameters(model)
        average.eval()
        with torch.no_grad():
            run.log(val_loss=F.cross_entropy(average(x), y))

    return validated(model, validate, every=1)


def dropout_for_uncertainty():
    """Dropout in training mode on purpose, many times on the same inputs, after a validation."""
    model = with_dropout()
    x, y = points(64)

    def validate(run):
        model.eval()
        with torch.no_grad():
            run.log(val_loss=F.cross_entropy(model(x), y))
        model.train()
        with torch.no_grad():
            samples = torch.stack([model(x).softmax(1) for _ in range(20)])
        run.log(uncertainty=samples.std(0).mean())

    return validated(model, validate)


def dropout_for_uncertainty_only():
    """The predictions are the mean of many passes with dropout."""
    model = with_dropout()
    x, y = points(64)

    def validate(run):
        with torch.no_grad():
            samples = torch.stack([model(x).softmax(1) for _ in range(20)])
        run.log(accuracy=(samples.mean(0).argmax(1) == y).float().mean())

    return validated(model, validate)


def consistency_with_own_targets():
    """Each step makes its own targets in training mode, without gradients."""
    model = with_dropout()
    x, y = points(256)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            rows = torch.randint(256, (32,))
            with torch.no_grad():
                goals = model(x[rows]).softmax(1)
            made = model(x[rows])
            loss = F.cross_entropy(made, y[rows]) + F.mse_loss(made.softmax(1), goals)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def accuracy_of_training_batches():
    """Every step looks at the predictions of its own batch, from the pass of the training."""
    model = with_dropout()
    x, y = points(256)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            rows = torch.randint(256, (32,))
            made = model(x[rows])
            loss = F.cross_entropy(made, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                run.log(accuracy=(made.argmax(1) == y[rows]).float().mean())
    return run


def noisy_validation():
    """A held-out loss over few samples that goes up and down, and accuracies of few samples."""
    model = with_dropout()

    def validate(run):
        x, y = points(16)
        model.eval()
        with torch.no_grad():
            made = model(x)
            run.log(val_loss=F.cross_entropy(made, y))
            run.log(val_accuracy=(made.argmax(1) == y).float().mean())
        model.train()

    return validated(model, validate, steps=300, every=10)


def negative_validation_loss():
    """A held-out likelihood that falls below 0, with a little noise; no sample is seen twice."""
    model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 2))

    def likelihood():
        x = torch.randn(64, 10)
        y = 0.3 * x[:, 0] + 0.05 * torch.randn(64)
        mean, log_std = model(x).unbind(1)
        return -torch.distributions.Normal(mean, log_std.exp()).log_prob(y).mean()

    def validate(run, step):
        if step % 10 == 9:
            with torch.no_grad():
                run.log(val_loss=likelihood())

    return watched(
        model, lambda step: likelihood(), optimizer=adam(model), steps=300, after=validate
    )


def forgotten_task():
    """The held-out loss of a first task rises while a second one is learned."""
    x, y = points(128)
    model = with_dropout()

    def validate(run, step):
        if step % 10 == 9:
            model.eval()
            with torch.no_grad():
                run.log(val_loss_of_first_task=F.cross_entropy(model(x), y))
            model.train()

    return watched(
        model,
        lambda step: F.cross_entropy(model(x), y if step < 100 else (y + 1) % 3),
        optimizer=adam(model),
        steps=250,
        after=validate,
    )


def accuracy_in_percent():
    """An accuracy of 50 samples in percent: one sample more or less is two points."""
    x, y = points(128)
    model = with_dropout()

    def validate(run):
        rows = torch.randint(128, (50,))
        model.eval()
        with torch.no_grad():
            run.log(val_acc=100 * (model(x[rows]).argmax(1) == y[rows]).float().mean())
        model.train()

    return validated(model, validate, steps=300, every=10)


RUNS = (
    dropout_and_batch_norm_with_right_modes,
    statistics_of_batch_norm_updated_at_the_end,
    statistics_of_batch_norm_updated_before_each_validation,
    averaged_weights,
    moving_average_of_weights,
    dropout_for_uncertainty,
    dropout_for_uncertainty_only,
    consistency_with_own_targets,
    accuracy_of_training_batches,
    noisy_validation,
    negative_validation_loss,
    forgotten_task,
    accuracy_in_percent,
)
