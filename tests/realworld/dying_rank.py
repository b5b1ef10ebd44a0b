"""Two processes, of which that of rank 1 is killed while it trains.

Usage: torchrun --nproc-per-node 2 dying_rank.py FOLDER
"""

import os
import signal
import sys
import time

import torch
import torch.nn.functional as F
from torch import distributed, nn

import labkit as lk

STEPS_BEFORE = 30

torch.set_num_threads(1)
model = nn.Linear(5, 3)
rank = int(os.environ["RANK"])
# The model is watched before there is a process group.
with lk.watch(model, save=f"{sys.argv[1]}/run.lab") as run:
    distributed.init_process_group("gloo")
    replica = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(1, 1_000_000):
        F.cross_entropy(replica(torch.randn(8, 5)), torch.randint(0, 3, (8,))).backward()
        optimizer.step()
        optimizer.zero_grad()
        while step == STEPS_BEFORE and lk.load(run.path).steps != step:
            time.sleep(0.05)
        if step > STEPS_BEFORE and rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
