"""What a loop really has: the weights stay bit for bit those of the unwatched run, nothing is left.

Each scenario trains by itself under the watch that it is given, and returns what it trained.
"""

import contextlib
import copy
import io
import pickle
import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk

from .models import Net, Tied, batch
from .test_watch import traces

STEPS = 12
UNWATCHED = contextlib.nullcontext


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


def compiled_model(watch):
    model, (x, y) = Net(), batch()
    fast = torch.compile(model, backend="aot_eager")
    optimizer = sgd(model)
    with watch(fast):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(fast(x), y))
    return model


def activation_checkpointing(watch, *, reentrant=False):
    class Saving(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.2), nn.ReLU())
            self.outer = nn.Linear(8, 3)

        def forward(self, x):
            return self.outer(checkpoint(self.inner, x, use_reentrant=reentrant))

    model, (x, y) = Saving(), batch()
    x = x.clone().requires_grad_()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
    return model


def reentrant_checkpointing(watch):
    return activation_checkpointing(watch, reentrant=True)


def data_parallel(watch):
    model, (x, y) = nn.DataParallel(Net()), batch()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
    return model


def frozen_parameters(watch):
    model, (x, y) = Net(), batch()
    model.fc1.requires_grad_(requires_grad=False)
    optimizer = sgd(model)
    with watch(model):
        for number in range(STEPS):
            model.fc1.requires_grad_(requires_grad=number > 5)
            step(optimizer, F.cross_entropy(model(x), y))
    return model


def shared_parameters(watch):
    model, x = Tied(), torch.randn(8, 4)
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            step(optimizer, model(x).pow(2).mean())
    return model


def lazy_parameters(watch):
    model, (x, y) = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(3)), batch()
    with watch(model):
        model(x)
        optimizer = sgd(model)
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
    return model


def complex_parameters(watch):
    class Turning(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(6, 3, dtype=torch.complex64))

        def forward(self, x):
            return (x.to(torch.complex64) @ self.weight).abs()

    model, (x, y) = Turning(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
    return model


def sparse_gradients(watch):
    model = nn.Sequential(nn.Embedding(20, 4, sparse=True), nn.Flatten(), nn.Linear(12, 3))
    tokens = torch.randint(20, (8, 3))
    optimizers = [
        torch.optim.SparseAdam(model[0].parameters()),
        torch.optim.Adam(model[2].parameters()),
    ]
    with watch(model):
        for _ in range(STEPS):
            for optimizer in optimizers:
                optimizer.zero_grad()
            F.cross_entropy(model(tokens), tokens[:, 0] % 3).backward()
            for optimizer in optimizers:
                optimizer.step()
    return model


def half_parameters(watch, *, dtype=torch.float16):
    model, (x, y) = Net().to(dtype), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x.to(dtype)), y))
    return model


def bfloat16_parameters(watch):
    return half_parameters(watch, dtype=torch.bfloat16)


def copies_of_the_watched_model(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
        twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
        file = io.BytesIO()
        torch.save(model, file)
    file.seek(0)
    twins.append(torch.load(file, weights_only=False))
    for twin in twins:
        optimizer = sgd(twin)
        for _ in range(3):
            step(optimizer, F.cross_entropy(twin(x), y))
        assert not any(module._forward_hooks for module in twin.modules())
        assert not any(module._forward_pre_hooks for module in twin.modules())
    return nn.ModuleList([model, *twins])


def parameters_added_and_replaced(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        for number in range(STEPS):
            if number == 4:
                model.fc2 = nn.Linear(8, 3)
                optimizer.add_param_group({"params": model.fc2.parameters()})
            if number == 8:
                model.extra = nn.Linear(3, 3)
                optimizer.add_param_group({"params": model.extra.parameters()})
            logits = model(x)
            step(optimizer, F.cross_entropy(model.extra(logits) if number >= 8 else logits, y))
    return model


def moved_mid_run(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        for number in range(STEPS):
            if number == 6:
                model.to(torch.float64)
                optimizer = sgd(model)
                x = x.double()
            step(optimizer, F.cross_entropy(model(x), y))
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


def moving_average_of_weights(watch):
    model, (x, y) = Net(), batch()
    optimizer = sgd(model)
    with watch(model):
        average = torch.optim.swa_utils.AveragedModel(
            model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
        )
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
            average.update_parameters(model)
            with torch.no_grad():
                average(x)
    return nn.ModuleList([model, average])


def quantization_aware_training(watch):
    class Rounded(nn.Module):
        """Trains with weights that are rounded in the forward pass only."""

        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, x):
            weight = torch.fake_quantize_per_tensor_affine(self.layer.weight, 0.02, 0, -128, 127)
            return F.linear(x, weight, self.layer.bias)

    model, (x, y) = Rounded(), batch()
    optimizer = sgd(model)
    with watch(model):
        for _ in range(STEPS):
            step(optimizer, F.cross_entropy(model(x), y))
    return model


SCENARIOS = [
    two_optimizers_on_one_model,
    one_optimizer_on_two_models,
    gradient_accumulation,
    closure,
    scaler_that_skips_steps,
    autocast,
    compiled_model,
    activation_checkpointing,
    reentrant_checkpointing,
    data_parallel,
    frozen_parameters,
    shared_parameters,
    lazy_parameters,
    complex_parameters,
    sparse_gradients,
    half_parameters,
    bfloat16_parameters,
    copies_of_the_watched_model,
    parameters_added_and_replaced,
    moved_mid_run,
    loop_in_a_thread,
    double_backward,
    retained_graph,
    functional_calls,
    exception_in_the_middle,
    forked_workers,
    anomaly_detection,
    moving_average_of_weights,
    quantization_aware_training,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_weights_are_those_of_the_unwatched_run_and_nothing_is_left(scenario):
    torch.manual_seed(0)
    plain = scenario(UNWATCHED).state_dict()
    drawn = torch.random.get_rng_state()
    before, runs = traces(), []

    def watch(model):
        # Everything is read as often as it can be.
        runs.append(lk.watch(model, show=False, budget=1.0))
        return runs[-1]

    torch.manual_seed(0)
    watched = scenario(watch).state_dict()
    assert list(watched) == list(plain)
    for name, tensor in watched.items():
        assert torch.equal(tensor, plain[name]), name
    assert torch.equal(drawn, torch.random.get_rng_state())
    assert traces() == before
    (run,) = runs
    assert run.closed
    assert run.steps > 0
    assert len(run.series(next(name for name in run.names() if name.startswith("loss")))[0]) > 0
    assert run.notices == ()


def test_a_model_on_meta_is_watched_without_a_word():
    with torch.device("meta"):
        model, x = Net(), torch.empty(4, 6)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = traces()
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(3):
            step(optimizer, model(x).sum())
    assert traces() == before
    assert run.steps == 3
