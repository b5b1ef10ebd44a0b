"""Training loops of many kinds; each trains under the `watch` it is given and returns its model."""

import contextlib
import threading

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from .models import Net, batch

STEPS = 12


def step(optimizer, loss):
    """Do what follows a forward pass."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def two_optimizers_on_one_model(watch):
    model, (x, y) = Net(), batch()
    optimizers = [sgd(model.fc1), torch.optim.Adam(model.fc2.parameters())]
    with watch(model):
        for _ in range(STEPS):
            for optimizer in optimizers:
                optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            for optimizer in optimizers:
                optimizer.step()
    return model


def one_optimizer_on_two_models(watch):
    models, (x, y) = nn.ModuleList([Net(), Net()]), batch()
    optimizer = sgd(models)
    with watch({"first": models[0], "second": models[1]}):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(models[0](x) + models[1](x), y))
    return models


def gradient_accumulation(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            optimizer.zero_grad()
            for part in (slice(0, 8), slice(8, 16)):
                (F.cross_entropy(model(x[part]), y[part]) / 2).backward()
            optimizer.step()
    return model


def closure(watch):
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)

    def evaluate():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with watch(model):
        for _ in range(STEPS):
            optimizer.step(evaluate)
    return model


def scaler_that_skips_steps(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    with watch(model):
        for number in range(STEPS):
            factor = float("inf") if number % 4 == 2 else 1.0
            optimizer.zero_grad()
            scaler.scale(F.cross_entropy(model(x * factor), y)).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
    return model


def autocast(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = F.cross_entropy(model(x), y)
            step(optimizer, loss)
    return model


def loop_in_a_thread(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)

    def loop():
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))

    with watch(model):
        thread = threading.Thread(target=loop)
        thread.start()
        thread.join()
    return model


def double_backward(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            loss = F.cross_entropy(model(x), y)
            gradients = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
            step(optimizer, loss + 0.01 * sum(g.pow(2).sum() for g in gradients))
    return model


def retained_graph(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward(retain_graph=True)
            loss.backward()
            optimizer.step()
    return model


def functional_calls(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)

    def loss_of(parameters, inputs, label):
        output = torch.func.functional_call(model, parameters, (inputs[None],))
        return F.cross_entropy(output, label[None])

    with watch(model):
        for _ in range(STEPS):
            parameters = {name: p.detach() for name, p in model.named_parameters()}
            each = torch.func.vmap(torch.func.grad(loss_of), (None, 0, 0))(parameters, x, y)
            step(optimizer, F.cross_entropy(model(x), y))
            with torch.no_grad():
                for name, parameter in model.named_parameters():
                    parameter.sub_(0.001 * each[name].mean(0))
    return model


def exception_in_the_middle(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with contextlib.suppress(ArithmeticError), watch(model):
        for number in range(STEPS):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            if number == 7:
                raise ArithmeticError
            optimizer.step()
    return model


def forked_workers(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    loader = DataLoader(
        TensorDataset(x, y), batch_size=8, num_workers=2, multiprocessing_context="fork"
    )
    with watch(model):
        for _ in range(3):
            for inputs, labels in loader:
                step(optimizer, F.cross_entropy(model(inputs), labels))
    return model


def anomaly_detection(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with torch.autograd.set_detect_anomaly(mode=True), watch(model):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
    return model


LOOPS = [
    two_optimizers_on_one_model,
    one_optimizer_on_two_models,
    gradient_accumulation,
    closure,
    scaler_that_skips_steps,
    autocast,
    loop_in_a_thread,
    double_backward,
    retained_graph,
    functional_calls,
    exception_in_the_middle,
    forked_workers,
    anomaly_detection,
]
