"""Training loops of two processes, started by ``torchrun``; writes what the optimizers used.

Usage: torchrun --nproc-per-node 2 rank_loops.py FOLDER
"""

import contextlib
import json
import os
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import distributed, nn
from torch.distributed.algorithms.join import Join
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

import labkit as lk

STEPS, ROWS = 40, 16


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def batches(count=STEPS):
    torch.manual_seed(1)
    return [(torch.randn(ROWS, 5), torch.randint(0, 3, (ROWS,))) for _ in range(count)]


def watching(model, path):
    return contextlib.nullcontext() if path is None else lk.watch(model, save=path, budget=1.0)


def optimizer_of(model):
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def data_parallel(rank, path):
    """Train on half of each batch."""
    model = nn.parallel.DistributedDataParallel(network())
    optimizer = optimizer_of(model)
    with watching(model, path):
        for x, y in batches():
            optimizer.zero_grad()
            F.cross_entropy(model(x[rank::2]), y[rank::2]).backward()
            optimizer.step()
    return model.module


def accumulated(rank, path):
    """Train on half of each batch in two parts, of which the first is not synchronised."""
    model = nn.parallel.DistributedDataParallel(network())
    optimizer = optimizer_of(model)
    with watching(model, path):
        for x, y in batches():
            optimizer.zero_grad()
            for part in range(2):
                rows = slice(rank + 2 * part, None, 4)
                with model.no_sync() if part == 0 else contextlib.nullcontext():
                    (F.cross_entropy(model(x[rows]), y[rows]) / 2).backward()
            optimizer.step()
    return model.module


def uneven(rank, path):
    """Train on more batches in rank 0."""
    model = nn.parallel.DistributedDataParallel(network())
    optimizer = optimizer_of(model)
    used = {}
    with watching(model, path), Join([model]):
        for step, (x, y) in enumerate(batches(STEPS if rank == 0 else STEPS // 2), start=1):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rank::2]), y[rank::2]).backward()
            used[step] = model.module[0].weight.grad.norm().item()
            optimizer.step()
    if path is not None and rank == 0:
        path.with_suffix(".json").write_text(json.dumps(used))
    return model.module


def sharded(rank, path, *, clips=False, shape=(2,)):
    """Train on half of each batch a model of which each process holds a half."""
    model = network()
    names = ("copies", "parts")[-len(shape) :]
    fully_shard(model, mesh=init_device_mesh("cpu", shape, mesh_dim_names=names))
    optimizer = optimizer_of(model)
    with watching(model, path):
        for x, y in batches():
            optimizer.zero_grad()
            F.cross_entropy(model(x[rank::2]), y[rank::2]).backward()
            if clips:
                nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            optimizer.step()
    return model


def sharded_accumulated(rank, path):
    """Train on half of each batch in two parts, which are synchronised together."""
    model = network()
    fully_shard(model)
    optimizer = optimizer_of(model)
    with watching(model, path):
        for x, y in batches():
            optimizer.zero_grad()
            for part in range(2):
                rows = slice(rank + 2 * part, None, 4)
                model.set_requires_gradient_sync(part == 1)
                (F.cross_entropy(model(x[rows]), y[rows]) / 2).backward()
            optimizer.step()
    return model


def unsaved(rank, path):
    """Watch a model of which each process holds a half, without a file."""
    model = network()
    fully_shard(model)
    optimizer = optimizer_of(model)
    with contextlib.nullcontext() if path is None else lk.watch(model) as run:
        for x, y in batches(4):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rank::2]), y[rank::2]).backward()
            optimizer.step()
    if run is not None and rank == 0:
        texts = [notice.text for notice in run.notices]
        path.with_suffix(".json").write_text(json.dumps([run.names(), texts]))
    return model


def clipped(rank, path):
    return sharded(rank, path, clips=True)


def replicated(rank, path):
    """Train a model of which each process holds all, as FSDP does over several machines."""
    return sharded(rank, path, shape=(2, 1))


def only_rank_0(rank, path):
    """Watch in one of two processes."""
    return data_parallel(rank, path if rank == 0 else None)


LOOPS = (
    data_parallel,
    accumulated,
    uneven,
    sharded,
    sharded_accumulated,
    clipped,
    replicated,
    only_rank_0,
    unsaved,
)


def main(folder):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    for loop in LOOPS:
        states = []
        for path in (None, folder / f"{loop.__name__}.lab"):
            model = loop(rank, path)
            states.append({name: value.detach() for name, value in model.state_dict().items()})
        plain, watched = (
            {name: getattr(value, "_local_tensor", value) for name, value in state.items()}
            for state in states
        )
        torch.save((plain, watched), folder / f"{loop.__name__}.{rank}.pt")
    distributed.barrier()
    # Threads of gloo hold Python objects, which they free with the interpreter
    # (https://github.com/pytorch/pytorch/issues/190489). So it is not shut down.
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
