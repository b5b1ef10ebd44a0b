"""Self-supervised learning, teachers and students: targets that models make."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import mlp, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def batch(rows=64):
    """Return samples around one of 8 centres, on a noisy line each."""
    generator = torch.Generator().manual_seed(3)
    centres = 2 * torch.randn(8, 10, generator=generator)
    return centres[torch.randint(8, (rows,))] + 0.3 * torch.randn(rows, 10)


def views(rows=64):
    x = batch(rows)
    return x + 0.1 * torch.randn_like(x), x + 0.1 * torch.randn_like(x)


def info_nce():
    """The contrastive loss over a batch, from about ln(batch size)."""
    model = mlp(outputs=8)

    def loss(step):
        first, second = (F.normalize(model(view), dim=1) for view in views())
        return F.cross_entropy(first @ second.T / 0.5, torch.arange(64))

    return watched(model, loss, optimizer=adam(model), steps=250)


class TwoTowers(nn.Module):
    """Two encoders with a learned temperature, as in CLIP."""

    def __init__(self):
        super().__init__()
        self.left, self.right = mlp(outputs=8), mlp(outputs=8, inputs=6)
        self.log_temperature = nn.Parameter(torch.tensor(2.6))

    def forward(self, left, right):
        left, right = F.normalize(self.left(left), dim=1), F.normalize(self.right(right), dim=1)
        return left @ right.T * self.log_temperature.exp()


def learned_temperature():
    model = TwoTowers()

    def loss(step):
        x = batch(32)
        logits, labels = model(x, x[:, :6] + 0.1 * torch.randn(32, 6)), torch.arange(32)
        return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2

    return watched(model, loss, optimizer=adam(model), steps=250)


def with_batch_norm(outputs=8, inputs=10):
    return nn.Sequential(
        nn.Linear(inputs, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, outputs)
    )


def simsiam():
    """A stopped gradient on one side; the loss is a negative cosine."""
    encoder, predictor = with_batch_norm(), with_batch_norm(inputs=8)
    model = nn.Sequential(encoder, predictor)

    def loss(step):
        (first, second) = (encoder(view) for view in views())
        pairs = ((predictor(first), second.detach()), (predictor(second), first.detach()))
        return -sum(F.cosine_similarity(*pair).mean() for pair in pairs) / 2

    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return watched(model, loss, optimizer=optimizer, steps=250)


def byol():
    """The target is the moving average of the encoder, called in training mode."""
    encoder, predictor = with_batch_norm(), with_batch_norm(inputs=8)
    model = nn.ModuleDict({"encoder": encoder, "predictor": predictor})
    target = copy.deepcopy(encoder)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(200):
            first, second = views()
            with torch.no_grad():
                goals = F.normalize(target(second), dim=1)
            made = F.normalize(predictor(encoder(first)), dim=1)
            loss = (2 - 2 * (made * goals).sum(1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for slow, fast in zip(target.parameters(), encoder.parameters(), strict=True):
                slow.data.lerp_(fast.data, 0.02)
    return run


def own_targets_in_training_mode():
    """The watched model makes its own targets under no_grad, at every step, as SimSiam may."""
    encoder, predictor = with_batch_norm(), mlp(inputs=8, outputs=8, depth=1)
    optimizer = adam(nn.ModuleList([encoder, predictor]))
    with lk.watch(encoder, show=False) as run:
        for _ in range(200):
            first, second = views()
            with torch.no_grad():
                goals = encoder(second)
            loss = -F.cosine_similarity(predictor(encoder(first)), goals).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def decorrelation():
    """VICReg: invariance, a hinge on standard deviations, and covariances."""
    model = mlp(outputs=8)

    def loss(step):
        first, second = (model(view) for view in views())
        total = 25 * F.mse_loss(first, second)
        for made in (first, second):
            total = total + 25 * F.relu(1 - (made.var(0) + 1e-4).sqrt()).mean()
            centred = made - made.mean(0)
            covariance = centred.T @ centred / 63
            total = total + (covariance - covariance.diag().diag()).pow(2).sum() / 8
        return total

    return watched(model, loss, optimizer=adam(model, 1e-3), steps=250)


def distillation():
    """The divergence from the softened predictions of a teacher is small from the start."""
    teacher, student = mlp(width=64), mlp(width=16)
    x = torch.randn(256, 10)
    with torch.no_grad():
        teacher[-1].weight *= 5
        soft = (teacher(x) / 4).softmax(1)

    def loss(step):
        rows = torch.randint(256, (64,))
        made = (student(x[rows]) / 4).log_softmax(1)
        return F.kl_div(made, soft[rows], reduction="batchmean") * 16

    return watched(student, loss, optimizer=adam(student), steps=300)


def masked_language_model():
    """A tiny transformer predicts masked tokens, a few of each batch."""

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = nn.Embedding(11, 16)
            self.places = nn.Parameter(0.02 * torch.randn(8, 16))
            layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
            self.head = nn.Linear(16, 11)

        def forward(self, tokens):
            return self.head(self.layers(self.tokens(tokens) + self.places))

    model = Encoder()

    def loss(step):
        tokens = (torch.randint(10, (64, 1)) + torch.arange(8)) % 10
        masked = torch.rand(64, 8) < 0.15
        made = model(tokens.masked_fill(masked, 10))
        return F.cross_entropy(made[masked], tokens[masked])

    return watched(model, loss, optimizer=adam(model, 2e-3), steps=200)


def mean_teacher():
    """A labelled loss plus the distance from an averaged teacher in training mode."""
    student = nn.Sequential(nn.Linear(10, 32), nn.Dropout(0.2), nn.ReLU(), nn.Linear(32, 3))
    teacher = copy.deepcopy(student)
    optimizer = adam(student)
    with lk.watch(student, show=False) as run:
        for _ in range(200):
            x, other = torch.randn(16, 10), torch.randn(64, 10)
            with torch.no_grad():
                goals = teacher(other).softmax(1)
            loss = F.cross_entropy(student(x), x[:, :3].argmax(1))
            loss = loss + F.mse_loss(student(other).softmax(1), goals)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
                slow.data.lerp_(fast.data, 0.05)
    return run


RUNS = (
    info_nce,
    learned_temperature,
    simsiam,
    byol,
    own_targets_in_training_mode,
    decorrelation,
    distillation,
    masked_language_model,
    mean_teacher,
)
