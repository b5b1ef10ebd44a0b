"""Several asyncio loops in one thread: each run records the losses of its own model only."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

import labkit as lk

from .truth import Truth, assert_agrees, points

STEPS = 60
WHERE = ["after-forward", "after-backward", "after-step", "everywhere"]


def in_own_thread(work):
    """Run a coroutine function in a new thread: Playwright may run an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


async def pause(place, where):
    if where in (place, "everywhere"):
        await asyncio.sleep(0)


async def train(model, constant, where, truth, rate=0.0):
    """Train with the loss `constant` if the rate is 0."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    x = torch.ones(4, 3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model(x).mean() * (1.0 if rate else 0.0) + constant
        await pause("after-forward", where)
        loss.backward()
        truth.add_loss(loss)
        await pause("after-backward", where)
        truth.before_step(model, optimizer)
        optimizer.step()
        truth.after_step(model)
        await pause("after-step", where)


def models(number):
    torch.manual_seed(0)
    return [nn.Linear(3, 1) for _ in range(number)]


@pytest.mark.parametrize("where", WHERE)
def test_runs_of_two_tasks_record_only_their_own_losses(where):
    a, b = models(2)
    runs = [lk.watch(model, show=False, budget=1.0) for model in (a, b)]
    truths = [Truth(), Truth()]

    async def both():
        tasks = zip((a, b), (1.0, 2.0), truths, strict=True)
        await asyncio.gather(*(train(m, value, where, truth) for m, value, truth in tasks))

    in_own_thread(both)
    for run in runs:
        run.close()
    for run, truth in zip(runs, truths, strict=True):
        assert_agrees(run, truth)


@pytest.mark.parametrize("where", WHERE)
def test_an_unwatched_task_is_not_recorded(where):
    a, b = models(2)
    truth = Truth()

    async def both():
        await asyncio.gather(
            train(a, 1.0, where, truth, rate=0.01), train(b, 2.0, where, Truth(), rate=0.01)
        )

    with lk.watch(a, show=False, budget=1.0) as run:
        in_own_thread(both)
    assert_agrees(run, truth)


@pytest.mark.parametrize("where", WHERE)
def test_two_models_of_one_run_can_train_in_two_tasks(where):
    a, b = models(2)

    async def both():
        await asyncio.gather(train(a, 1.0, where, Truth()), train(b, 2.0, where, Truth()))

    with lk.watch({"a": a, "b": b}, show=False, budget=1.0) as run:
        in_own_thread(both)
    for name, value in (("loss/a", 1.0), ("loss/b", 2.0)):
        assert list(points(run, name).values()) == pytest.approx([value] * STEPS), name
    assert run.steps == STEPS


def test_runs_opened_inside_tasks_record_their_own_losses():
    async def job(model, value):
        truth = Truth()
        with lk.watch(model, show=False, budget=1.0) as run:
            await train(model, value, "everywhere", truth)
        return run, truth

    async def both():
        return await asyncio.gather(*(job(m, k + 1.0) for k, m in enumerate(models(3))))

    for run, truth in in_own_thread(both):
        assert_agrees(run, truth)
