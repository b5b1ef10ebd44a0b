"""A loop in the background computes bit for bit what it computes in its cell."""

import contextlib

import pytest
import torch

import labkit as lk


def trained():
    """Train a small network with dropout, and return its weights."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(33, 129), torch.nn.Dropout(0.3), torch.nn.Tanh(), torch.nn.Linear(129, 7)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    inputs, targets = torch.randn(257, 33), torch.randint(0, 7, (257,))
    for _ in range(20):
        loss = torch.nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


@contextlib.contextmanager
def default_dtype():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def threads(count):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


SETTINGS = {
    "none": contextlib.nullcontext,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "default dtype": default_dtype,
    "one thread": lambda: threads(1),
    "two threads": lambda: threads(2),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_weights_are_those_of_the_loop_in_its_cell(setting):
    with SETTINGS[setting]():
        here = trained()
        there = lk.background(trained).result()
    assert here.dtype == there.dtype
    assert torch.equal(here, there)


def current():
    """Return the settings that torch keeps for each thread."""
    return {
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu"),
        "cache": torch.is_autocast_cache_enabled(),
        "device": torch.empty(1).device,
        "threads": torch.get_num_threads(),
    }


@pytest.mark.parametrize(
    "setting",
    [
        contextlib.nullcontext,
        torch.no_grad,
        torch.inference_mode,
        lambda: torch.device("meta"),
        lambda: torch.autocast("cpu", torch.float16, cache_enabled=False),
        lambda: threads(1),
    ],
)
def test_the_settings_of_the_thread_are_those_of_the_caller(setting):
    with setting():
        here = current()
        task = lk.background(current)
    assert task.result() == here


def test_settings_of_the_function_end_with_it():
    lk.background(torch.set_grad_enabled, False).result()
    assert torch.is_grad_enabled()
    assert lk.background(torch.is_grad_enabled).result()
