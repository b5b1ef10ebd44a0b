"""Prints the peak memory in MB of a loop with 168 MB of weights, bare or watched."""

import contextlib
import resource
import sys

import torch
from torch import nn

import labkit as lk


def main(watched):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = nn.Sequential(*[nn.Linear(2048, 2048) for _ in range(10)])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    x = torch.randn(4, 2048)
    watch = lk.watch(model, show=False, budget=1.0) if watched else contextlib.nullcontext()
    with watch as run:
        for _ in range(8):
            optimizer.zero_grad()
            for _ in range(2):
                model(x).pow(2).mean().backward()
            optimizer.step()
    if run is not None:
        names = {name.partition("/")[0] for name in run.names()}
        missing = {"update_ratio", "weight_norm", "grad_cosine", "grad_noise", "grad_zeros"} - names
        assert not missing, missing
        assert not run.notices, run.notices
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\n")


main(sys.argv[1] == "watched")
