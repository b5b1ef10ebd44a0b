"""Real data, common architectures and optimizers."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer, load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk
from labkit import learn
from tests.unit.insight.loops import Recurrent, classify, mlp, points, regress, watched


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


def half_precision():
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def loss(step):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return F.cross_entropy(model(x), y)

    return watched(model, loss, optimizer=optimizer)


RUNS = (
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
    half_precision,
)
