"""Training runs without a defect: real data, common architectures and optimizers."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer, load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk
from labkit import learn

from .loops import Recurrent, classify, mlp, points, regress, watched


def scaled(x):
    """Return features of mean 0 and standard deviation 1."""
    return (x - x.mean(0)) / x.std(0)


def epochs(model, optimizer, x, y, loss_fn, *, count=6, size=32, clip=None, validate=None):
    """Train over a DataLoader, with a correct validation after every epoch."""
    loader = DataLoader(TensorDataset(x, y), batch_size=size, shuffle=True)
    with lk.watch(model, show=False) as run:
        for _ in range(count):
            model.train()
            for inputs, labels in loader:
                loss = loss_fn(model(inputs), labels)
                optimizer.zero_grad()
                loss.backward()
                if clip is not None:
                    nn.utils.clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
            if validate is not None:
                model.eval()
                with torch.no_grad():
                    run.log(val_loss=loss_fn(model(validate[0]), validate[1]))
    return run


def two_moons():
    data = learn.moons()
    x, y = data.x_train, data.y_train
    model = nn.Sequential(
        nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)
    )
    return watched(model, classify(model, x, y), lr=0.1, steps=400)


def linear_regression():
    x = torch.linspace(-1, 1, 64)[:, None]
    model = nn.Linear(1, 1)
    target = 3 * x + 2 + 0.1 * torch.randn_like(x)
    return watched(model, regress(model, x, target), lr=0.05, steps=1000)


def digits_mlp():
    data = learn.digits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    held_out = (data.x_test, data.y_test)
    return epochs(model, optimizer, data.x_train, data.y_train, F.cross_entropy, validate=held_out)


def digits_cnn():
    data = learn.digits()
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(),
        nn.Linear(256, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    held_out = (data.x_test, data.y_test)
    return epochs(model, optimizer, data.x_train, data.y_train, F.cross_entropy, validate=held_out)


def logistic_regression():
    bunch = load_breast_cancer()
    x = scaled(torch.tensor(bunch.data, dtype=torch.float32))
    y = torch.tensor(bunch.target, dtype=torch.float32)[:, None]
    model = nn.Linear(30, 1)
    loss = F.binary_cross_entropy_with_logits
    return watched(model, lambda step: loss(model(x), y), lr=0.3, steps=400)


def diabetes():
    bunch = load_diabetes()
    x = scaled(torch.tensor(bunch.data, dtype=torch.float32))
    y = scaled(torch.tensor(bunch.target, dtype=torch.float32)[:, None])
    model = mlp(outputs=1, activation=nn.Tanh)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    return epochs(model, optimizer, x, y, F.mse_loss, count=15)


def lstm():
    x = torch.randn(256, 10, 1)
    y = (x[:, 5:, 0].sum(1) > 0).long()
    model = Recurrent(nn.LSTM, hidden=24)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return epochs(model, optimizer, x, y, F.cross_entropy, count=25, clip=1.0)


def gru():
    time = torch.arange(0, 60, 0.1)
    wave = torch.sin(time)
    windows = wave.unfold(0, 21, 3)
    model = Recurrent(nn.GRU, hidden=16, outputs=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return epochs(model, optimizer, windows[:, :20, None], windows[:, 20:], F.mse_loss, count=15)


def transformer():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(12, 32)
            layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(32, 12)

        def forward(self, tokens):
            return self.head(self.encoder(self.embedding(tokens))).transpose(1, 2)

    tokens = torch.randint(12, (256, 10))
    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    return epochs(model, optimizer, tokens, tokens.flip(1), F.cross_entropy, count=20)


def autoencoder():
    data = learn.digits()
    x = data.x_train.flatten(1)
    model = nn.Sequential(
        nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 8), nn.Linear(8, 32), nn.ReLU(),
        nn.Linear(32, 64), nn.Sigmoid(),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    return epochs(model, optimizer, x, x, F.mse_loss, count=6)


def frozen_backbone():
    x, y = points(256)
    backbone, head = mlp(outputs=32), nn.Linear(32, 3)
    backbone.requires_grad_(requires_grad=False)
    model = nn.Sequential(backbone, nn.ReLU(), head)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    return watched(model, classify(model, x, y), optimizer=optimizer, steps=400)


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


def gan():
    torch.set_default_dtype(torch.float32)
    generator, critic = mlp(outputs=2, inputs=4), mlp(outputs=1, inputs=2)
    moves = torch.optim.Adam(generator.parameters(), lr=1e-3)
    judges = torch.optim.Adam(critic.parameters(), lr=1e-3)
    loss = F.binary_cross_entropy_with_logits
    ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
    with lk.watch({"G": generator, "D": critic}, show=False) as run:
        for _ in range(300):
            real = torch.randn(64, 2) * 0.5 + 1
            made = generator(torch.randn(64, 4))
            judged = loss(critic(real), ones) + loss(critic(made.detach()), zeros)
            judges.zero_grad()
            judged.backward()
            judges.step()
            fooled = loss(critic(made), ones)
            moves.zero_grad()
            fooled.backward()
            moves.step()
    return run


def half_precision():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def loss(step):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return F.cross_entropy(model(x), y)

    return watched(model, loss, optimizer=optimizer)


def warm_up_and_cosine():
    x, y = points(256)
    model = mlp(depth=4, activation=nn.GELU)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    warm = torch.optim.lr_scheduler.LinearLR(optimizer, 1e-3, total_iters=40)
    down = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 260)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, down], [40])
    return watched(
        model,
        classify(model, x, y),
        optimizer=optimizer,
        steps=300,
        after=lambda run, step: schedule.step(),
    )


class Heads(nn.Module):
    """One of four heads is used at each step; the others get no gradient."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(10, 16), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(16, 3) for _ in range(4))

    def forward(self, x, head):
        return self.heads[head](self.trunk(x))


def heads_in_turn():
    x, y = points()
    model = Heads()
    return watched(model, lambda step: F.cross_entropy(model(x, step % 4), y), steps=400)


def heads_in_turn_on_a_frozen_trunk():
    x, y = points()
    model = Heads()
    model.trunk.requires_grad_(False)
    return watched(model, lambda step: F.cross_entropy(model(x, step % 4), y), steps=400)


def pretrained():
    """A pretrained model: its loss is low from the first step."""
    x, y = points(256)
    model = mlp()
    for _ in range(600):
        loss = F.cross_entropy(model(x), y)
        model.zero_grad()
        loss.backward()
        torch.optim.SGD(model.parameters(), lr=0.5).step()
    return watched(model, classify(model, x, y), lr=0.01, steps=400)


SOUND = [
    two_moons,
    linear_regression,
    digits_mlp,
    digits_cnn,
    logistic_regression,
    diabetes,
    lstm,
    gru,
    transformer,
    autoencoder,
    frozen_backbone,
    gradient_accumulation,
    gan,
    half_precision,
    warm_up_and_cosine,
    pretrained,
    heads_in_turn,
    heads_in_turn_on_a_frozen_trunk,
]
