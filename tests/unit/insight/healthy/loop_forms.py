"""Loops of unusual forms: rounds, phases, threads, precision and ways of clearing gradients."""

import itertools
import threading

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import mlp, points


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def accumulation_with_a_smaller_rest():
    """Three passes for each step, the last of an epoch from what remains."""
    model = mlp()
    x, y = points(7 * 16 + 5)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(25):
            batches = torch.randperm(len(x)).split(16)
            for i, rows in enumerate(batches):
                (F.cross_entropy(model(x[rows]), y[rows]) / 3).backward()
                if i % 3 == 2 or i == len(batches) - 1:
                    optimizer.step()
                    optimizer.zero_grad()
    return run


def cleared_at_the_end_of_the_loop():
    model = mlp()
    x, y = points(128)
    optimizer = adam(model)
    optimizer.zero_grad(set_to_none=False)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            for p in model.parameters():
                p.grad = None
    return run


def cleared_in_the_middle_of_forward():
    """Gradients are zeroed between the model's call and the loss, in place."""
    model = mlp()
    x, y = points(128)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            made = model(x)
            optimizer.zero_grad(set_to_none=False)
            F.cross_entropy(made, y).backward()
            optimizer.step()
    return run


def heavy_ball_by_hand():
    """Gradients are scaled instead of cleared, which is a momentum."""
    model = mlp()
    x, y = points(128)
    optimizer = torch.optim.SGD(model.parameters(), 0.02)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            with torch.no_grad():
                for p in model.parameters():
                    p.grad.mul_(0.9)
    return run


def truncated_backpropagation():
    """The state goes on, detached, from chunk to chunk of one long sequence."""

    class Predictor(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.GRUCell(1, 16), nn.Linear(16, 1)

        def forward(self, x, state):
            total = 0.0
            for now, then in itertools.pairwise(x):
                state = self.cell(now[:, None], state)
                total = total + F.mse_loss(self.head(state)[:, 0], then)
            return total / (len(x) - 1), state.detach()

    model = Predictor()
    wave = torch.stack([(0.3 * torch.arange(640.0) + p).sin() for p in range(4)], 1)
    optimizer = adam(model, 5e-3)
    state = torch.zeros(4, 16)
    with lk.watch(model, show=False) as run:
        for chunk in wave.split(8):
            loss, state = model(chunk, state)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return run


def bfloat16_under_autocast():
    model = mlp()
    x, y = points(128)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
    return run


def scaled_half_precision():
    """float16 with a scaler, whose factor grows every 20 steps, and clipped gradients."""
    model = mlp()
    x, y = points(128)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", growth_interval=20)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                loss = F.cross_entropy(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
    return run


def steps_in_a_function_on_a_thread():
    model = mlp()
    x, y = points(128)
    optimizer = adam(model)

    def train(run):
        def one_step():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.item()

        for _ in range(120):
            one_step()

    with lk.watch(model, show=False) as run:
        thread = threading.Thread(target=train, args=(run,))
        thread.start()
        thread.join()
    return run


def batches_of_a_generator():
    def endless():
        while True:
            x = torch.randn(32, 10)
            yield {"inputs": x, "labels": x[:, :3].argmax(1)}

    model = mlp()
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for step, batch in enumerate(endless()):
            optimizer.zero_grad()
            F.cross_entropy(model(batch["inputs"]), batch["labels"]).backward()
            optimizer.step()
            if step == 150:
                break
    return run


RUNS = (
    accumulation_with_a_smaller_rest,
    cleared_at_the_end_of_the_loop,
    cleared_in_the_middle_of_forward,
    heavy_ball_by_hand,
    truncated_backpropagation,
    bfloat16_under_autocast,
    scaled_half_precision,
    steps_in_a_function_on_a_thread,
    batches_of_a_generator,
)
