"""Loops of other forms: updates and clearing by hand, several passes a step, changing tasks."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, regress, watched


def gradient_accumulation():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for step in range(800):
            rows = torch.randint(256, (32,))
            (F.cross_entropy(model(x[rows]), y[rows]) / 4).backward()
            if step % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
    return run


def updates_by_hand():
    """No optimizer: the gradients are subtracted and filled with zeros."""
    model = nn.Linear(3, 1)
    x = torch.randn(32, 3)
    y = x.sum(1, keepdim=True)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            loss = F.mse_loss(model(x), y)
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.sub_(0.1 * parameter.grad)
                    parameter.grad.zero_()
    return run


def cleared(clear):
    """Train with a way of clearing gradients, called after each step."""
    x, y = points(128)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return watched(
        model,
        classify(model, x, y),
        optimizer=optimizer,
        clear=False,
        after=lambda run, step: clear(model),
    )


def cleared_by_the_model():
    return cleared(lambda model: model.zero_grad())


def cleared_by_none():
    def clear(model):
        for parameter in model.parameters():
            parameter.grad = None

    return cleared(clear)


def cleared_in_place():
    def clear(model):
        for parameter in model.parameters():
            parameter.grad.zero_()

    return cleared(clear)


def cleared_through_data():
    def clear(model):
        for parameter in model.parameters():
            parameter.grad.data.zero_()

    return cleared(clear)


def cleared_by_zeros_through_the_model():
    return cleared(lambda model: model.zero_grad(set_to_none=False))


def only_one_of_two_models_watched():
    """A model that is not watched trains in the same loop."""
    models = [mlp(), mlp()]
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in models]
    x, y = points()
    with lk.watch(models[0], show=False) as run:
        for _ in range(200):
            for model, optimizer in zip(models, optimizers, strict=True):
                loss = F.cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return run


def sharpness_aware():
    """Each step has two passes, the second at weights that are moved uphill."""
    x, y = points(128)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            gradients = [parameter.grad.clone() for parameter in model.parameters()]
            norm = torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients]))
            with torch.no_grad():
                for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                    parameter.add_(0.05 * gradient / norm)
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            with torch.no_grad():
                for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                    parameter.sub_(0.05 * gradient / norm)
            optimizer.step()
    return run


def meta_learning():
    """The outer loss is that after an inner step on another task, through copies of the weights."""
    model = mlp(inputs=1, outputs=1, activation=nn.Tanh)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def loss(step):
        phase = 6 * torch.rand(())
        x, held_out = torch.rand(2, 16, 1) * 4 - 2
        weights = dict(model.named_parameters())
        inner = F.mse_loss(functional_call(model, weights, (x,)), (x + phase).sin())
        slopes = torch.autograd.grad(inner, tuple(weights.values()), create_graph=True)
        moved = {n: w - 0.05 * g for (n, w), g in zip(weights.items(), slopes, strict=True)}
        return F.mse_loss(functional_call(model, moved, (held_out,)), (held_out + phase).sin())

    return watched(model, loss, optimizer=optimizer, steps=200)


def growing_batches():
    """A curriculum: batches grow, and the samples get harder."""
    x, y = points(512)
    margin = x[:, :3].topk(2).values
    easy_first = (margin[:, 1] - margin[:, 0]).argsort()
    model = mlp()

    def loss(step):
        size = 4 * 2 ** (step // 50)
        rows = easy_first[torch.randint(128 + step, (size,))]
        return F.cross_entropy(model(x[rows]), y[rows])

    return watched(model, loss, optimizer=torch.optim.Adam(model.parameters(), 3e-3), steps=300)


def continual_learning():
    """The task changes every 80 steps, and the loss jumps back to where it was, or higher."""
    x, y = points(128)
    model = mlp()

    def loss(step):
        return F.cross_entropy(model(x), (y + step // 80) % 3)

    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return watched(model, loss, optimizer=optimizer, steps=320)


def clipped_at_every_step():
    """Each gradient is longer than the limit, so that each step has the same length."""
    x, _ = points(128)
    y = 30 * x[:, :1]
    model = mlp(outputs=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    with lk.watch(model, show=False) as run:
        for _ in range(300):
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return run


def quasi_newton():
    """LBFGS with a line search converges in a few steps, and is called on."""
    x, y = points(128)
    y[:20] = torch.randint(3, (20,))
    model = nn.Linear(10, 3)
    optimizer = torch.optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y) + 1e-3 * model.weight.pow(2).sum()
        loss.backward()
        return loss

    with lk.watch(model, show=False) as run:
        for _ in range(60):
            optimizer.step(closure)
    return run


def resilient_propagation():
    """Rprop takes the sign of the gradients, with steps that grow and shrink."""
    x, y = points(256)
    model = mlp(activation=nn.Tanh)
    optimizer = torch.optim.Rprop(model.parameters(), lr=1e-3)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=150)


def adafactor():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.Adafactor(model.parameters(), lr=0.02)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=200)


def single_sample():
    """One sample is learned by heart on purpose, until the loss is 0."""
    x, y = points(1)
    model = mlp()
    return watched(model, classify(model, x, y), lr=0.1, steps=300)


def one_sample_at_a_time():
    """Batches of one, with noise in the targets."""
    model = mlp(outputs=1)

    def loss(step):
        x = torch.randn(1, 10)
        return F.mse_loss(model(x), x[:, :1] + 0.5 * torch.randn(1, 1))

    return watched(model, loss, lr=0.01, steps=300)


def one_optimizer_per_layer():
    x, _ = points(128)
    model = mlp(outputs=1)
    optimizers = [torch.optim.SGD(model[n].parameters(), lr=0.02) for n in (0, 2, 4)]
    of_batch = regress(model, x, x[:, :1])
    with lk.watch(model, show=False) as run:
        for step in range(200):
            for optimizer in optimizers:
                optimizer.zero_grad()
            of_batch(step).backward()
            for optimizer in optimizers:
                optimizer.step()
    return run


RUNS = (
    gradient_accumulation,
    updates_by_hand,
    cleared_by_the_model,
    cleared_by_none,
    cleared_in_place,
    cleared_through_data,
    cleared_by_zeros_through_the_model,
    only_one_of_two_models_watched,
    sharpness_aware,
    meta_learning,
    growing_batches,
    continual_learning,
    clipped_at_every_step,
    quasi_newton,
    resilient_propagation,
    adafactor,
    single_sample,
    one_sample_at_a_time,
    one_optimizer_per_layer,
)
