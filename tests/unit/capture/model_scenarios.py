"""Models of many kinds; each is trained under the `watch` it is given and returned."""

import copy
import io
import pickle

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from .loop_scenarios import STEPS, sgd, step
from .models import Net, Tied, batch


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


MODELS = [
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
    moving_average_of_weights,
    quantization_aware_training,
]
