"""Losses of many kinds: of sequences, ranks, equations, margins and several tasks."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.insight.loops import mlp, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def alignment_of_sequences():
    """CTC predicts blanks only for a while, which is how it begins."""

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent, self.head = nn.GRU(5, 24, batch_first=True), nn.Linear(24, 5)

        def forward(self, x):
            return self.head(self.recurrent(x)[0]).log_softmax(2)

    model = Reader()

    def loss(step):
        labels = torch.randint(1, 5, (16, 4))
        frames = F.one_hot(labels.repeat_interleave(3, 1), 5) + 0.3 * torch.randn(16, 12, 5)
        made = model(frames).transpose(0, 1)
        return F.ctc_loss(made, labels, torch.full((16,), 12), torch.full((16,), 4))

    return watched(model, loss, optimizer=adam(model, 1e-2), steps=120)


def ranked_pairs():
    model = mlp(outputs=1)

    def loss(step):
        a, b = torch.randn(64, 10), torch.randn(64, 10)
        order = torch.sign(a[:, 0] - b[:, 0])
        return F.margin_ranking_loss(model(a)[:, 0], model(b)[:, 0], order, margin=0.1)

    return watched(model, loss, optimizer=adam(model), steps=250)


def ranked_lists():
    """ListNet: the cross entropy of two softmaxes, bounded below by an entropy."""
    model = mlp(outputs=1)

    def loss(step):
        x = torch.randn(16, 8, 10)
        wanted = x[..., 0].softmax(1)
        return -(wanted * model(x)[..., 0].log_softmax(1)).sum(1).mean()

    return watched(model, loss, optimizer=adam(model), steps=250)


def hinges_that_reach_zero():
    """Separable data with a multi-class margin: losses and gradients become exactly 0."""
    model = mlp()
    x = torch.randn(48, 10)
    y = x[:, :3].argmax(1)
    x[torch.arange(48), y] += 3
    return watched(
        model, lambda step: F.multi_margin_loss(model(x), y), optimizer=adam(model, 1e-2), steps=300
    )


def support_vectors():
    """A linear machine: a hinge and a penalty, by gradient descent with a falling rate."""
    model = nn.Linear(4, 1)
    x = torch.randn(200, 4)
    y = (x[:, 0] + 0.2 * torch.randn(200)).sign()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + 0.1 * step))

    def loss(step):
        return F.relu(1 - y * model(x)[:, 0]).mean() + 1e-2 * model.weight.pow(2).sum()

    return watched(
        model, loss, optimizer=optimizer, steps=250, after=lambda run, step: schedule.step()
    )


def focal_loss_of_rare_positives():
    """The bias begins at the rate of positives, so that the loss begins near 0."""
    model = mlp(outputs=1)
    nn.init.constant_(model[-1].bias, -3.0)

    def loss(step):
        x = torch.randn(256, 10)
        y = (x[:, 0] > 1.6).float()
        logits = model(x)[:, 0]
        plain = F.binary_cross_entropy_with_logits(logits, y, reduction="none")
        right = torch.where(y > 0, logits.sigmoid(), 1 - logits.sigmoid())
        return (torch.where(y > 0, 0.75, 0.25) * (1 - right).pow(2) * plain).mean()

    return watched(model, loss, optimizer=adam(model), steps=250)


def overlap_and_cross_entropy():
    """Segmentation of small squares: most pixels are background."""
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))

    def loss(step):
        mask = torch.zeros(8, 1, 16, 16)
        corner = torch.randint(0, 11, (8, 2)).tolist()
        for i, (a, b) in enumerate(corner):
            mask[i, 0, a : a + 4, b : b + 4] = 1
        logits = model(mask + 0.5 * torch.randn(8, 1, 16, 16))
        made = logits.sigmoid()
        dice = 1 - (2 * (made * mask).sum() + 1) / (made.sum() + mask.sum() + 1)
        return F.binary_cross_entropy_with_logits(logits, mask) + dice

    return watched(model, loss, optimizer=adam(model), steps=120)


def equation_of_an_oscillator():
    """A physics-informed loss: residual of the equation, and initial values with weights."""
    model = mlp(outputs=1, inputs=1, activation=nn.Tanh)

    def loss(step):
        t = (2 * torch.rand(64, 1)).requires_grad_()
        u = model(t)
        (first,) = torch.autograd.grad(u.sum(), t, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), t, create_graph=True)
        start = torch.zeros(1, 1, requires_grad=True)
        value = model(start)
        (slope,) = torch.autograd.grad(value.sum(), start, create_graph=True)
        return (second + u).pow(2).mean() + 10 * ((value - 1).pow(2) + slope.pow(2)).mean()

    return watched(model, loss, optimizer=adam(model, 5e-3), steps=150)


def neural_differential_equation():
    """Ten steps of Runge-Kutta through one small network."""
    model = mlp(outputs=2, inputs=2, activation=nn.Tanh, depth=1)
    rotation = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])

    def loss(step):
        x = torch.randn(32, 2)
        wanted = x @ torch.linalg.matrix_exp(rotation)
        for _ in range(10):
            middle = x + 0.05 * model(x)
            x = x + 0.1 * model(middle)
        return F.mse_loss(x, wanted)

    return watched(model, loss, optimizer=adam(model, 5e-3), steps=120)


class FixedPoint(nn.Module):
    """A deep equilibrium: the fixed point is found without gradients, one step has them."""

    def __init__(self):
        super().__init__()
        self.inside, self.outside = nn.Linear(16, 16), nn.Linear(10, 16)
        self.head = nn.Linear(16, 3)
        with torch.no_grad():
            self.inside.weight.mul_(0.5)

    def forward(self, x):
        z = torch.zeros(len(x), 16)
        with torch.no_grad():
            for _ in range(15):
                z = torch.tanh(self.inside(z) + self.outside(x))
        return self.head(torch.tanh(self.inside(z) + self.outside(x)))


def deep_equilibrium():
    model = FixedPoint()

    def loss(step):
        x = torch.randn(64, 10)
        return F.cross_entropy(model(x), x[:, :3].argmax(1))

    return watched(model, loss, optimizer=adam(model, 5e-3), steps=150)


RUNS = (
    alignment_of_sequences,
    ranked_pairs,
    ranked_lists,
    hinges_that_reach_zero,
    support_vectors,
    focal_loss_of_rare_positives,
    overlap_and_cross_entropy,
    equation_of_an_oscillator,
    neural_differential_equation,
    deep_equilibrium,
)
