"""A loop that Ray Train runs in each worker, unwatched and watched."""

import torch
import torch.nn.functional as F
from ray.train import get_context
from ray.train.torch import prepare_model

import labkit as lk
from tests.adapters.contract import network

STEPS = 10


def train(*, watched):
    """Train a replica; return its weights, and its run if it was watched."""
    torch.manual_seed(0)
    model = prepare_model(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(get_context().get_world_rank())
    run = lk.watch(model, show=False, budget=1.0) if watched else None
    for _ in range(STEPS):
        x = torch.randn(8, 6, generator=generator)
        loss = F.cross_entropy(model(x), x[:, :3].argmax(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if run is not None:
        run.close()
    return list(model.state_dict().values()), run


def train_in_a_worker(config):
    plain, _ = train(watched=False)
    weights, run = train(watched=True)
    facts = {
        "is_same": all(torch.equal(a, b) for a, b in zip(plain, weights, strict=True)),
        "steps": run.steps,
        "losses": run.series("loss")[1].tolist(),
        "notices": [notice.text for notice in run.notices],
    }
    torch.save(facts, f"{config['folder']}/{get_context().get_world_rank()}.pt")
