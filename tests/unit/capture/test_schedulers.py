"""The schedulers of a run's optimizers are part of its configuration."""

import pytest
import torch
from torch.optim import lr_scheduler

import labkit as lk
from labkit.run.configuration import configuration_of


def train(make_scheduler, *, reads_attributes=False):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = make_scheduler(optimizer)
    if reads_attributes:
        vars(scheduler)
    with lk.watch(model, show=False) as run:
        for _ in range(3):
            loss = model(torch.ones(4, 2)).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
    return configuration_of(run)


@pytest.mark.parametrize("reads_attributes", [False, True])
def test_class_and_hyperparameters_of_a_scheduler(reads_attributes):
    rows = train(
        lambda optimizer: lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.5),
        reads_attributes=reads_attributes,
    )
    assert rows["scheduler"] == "StepLR"
    assert (rows["StepLR.step_size"], rows["StepLR.gamma"]) == ("7", "0.5")


def test_milestones_are_listed():
    rows = train(lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [30, 80]))
    assert rows["MultiStepLR.milestones"] == "(30, 80)"


def test_schedulers_in_a_row():
    def sequence(optimizer):
        warm = lr_scheduler.LinearLR(optimizer, total_iters=2)
        cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        return lr_scheduler.SequentialLR(optimizer, [warm, cosine], [2])

    rows = train(sequence)
    assert {"LinearLR", "CosineAnnealingLR", "SequentialLR"} <= set(rows["scheduler"].split(", "))
    assert rows["SequentialLR.schedulers"] == "LinearLR, CosineAnnealingLR"


def test_without_a_scheduler_there_is_no_row():
    class NoScheduler:
        def step(self):
            """Do nothing."""

    assert "scheduler" not in train(lambda _: NoScheduler())
