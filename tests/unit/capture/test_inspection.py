"""Statistics of parameters and operation results, of graph views and of runs."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest
import torch
from torch import nn

import labkit as lk
from labkit.capture.inspection import sample
from labkit.run.control.inspection_requests import (
    FINAL_VALUES,
    NO_STEP_ENDED,
    inspect,
    inspection_result,
    request_inspection,
)


def test_a_graph_view_has_statistics_of_its_parameters():
    model = nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, float("inf")]]))
    view = lk.graph(model, torch.ones(1, 3))
    found = inspect(view.run, "weight")
    assert found is not None
    assert found.gradient is None
    value = found.value
    assert value is not None
    assert (value.shape, value.dtype, value.zeros, value.not_finite) == ((2, 3), "float32", 1, 1)
    assert (value.minimum, value.maximum, value.mean) == (0.0, 4.0, 2.0)
    assert value.counts.sum() == 5
    assert len(value.edges) == len(value.counts) + 1


def test_a_graph_view_has_the_values_at_the_time_of_capture():
    model = nn.Linear(3, 1)
    model(torch.ones(2, 3)).sum().backward()
    before = model.weight.mean().item()
    view = lk.graph(model(torch.ones(2, 3)).sum())
    with torch.no_grad():
        model.weight.zero_()
    model.zero_grad()
    found = inspect(view.run, "weight")
    assert found is not None
    assert found.gradient is not None
    assert (found.gradient.minimum, found.gradient.maximum) == (2.0, 2.0)
    assert found.value is not None
    assert np.isclose(found.value.mean, before)


def test_a_graph_view_answers_on_another_thread_without_its_model():
    model = nn.Linear(3, 1)
    view = lk.graph(model, torch.ones(1, 3))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    with ThreadPoolExecutor(1) as other:
        found = other.submit(inspect, view.run, "weight").result(timeout=10)
    assert found is not None
    assert found.value is not None
    assert inspect(view.run, "no_such") is None


def test_a_recording_samples_parameter_values_at_its_end():
    model = nn.Linear(2, 1)
    with lk.graph.record() as recording:
        model(torch.ones(1, 2)).sum().backward()
    with torch.no_grad():
        model.weight.fill_(9.0)
    found = inspect(recording.view().run, "Linear.weight")
    assert found is not None
    assert found.value is not None
    assert found.value.maximum < 9.0
    assert found.gradient is not None
    assert found.gradient.mean == 1.0


@pytest.mark.parametrize(
    ("tensor", "mean", "sampled"),
    [
        (torch.full((100, 100), 2.0), 2.0, 3334),
        (torch.full((100, 200), 2.0).t(), 2.0, 4000),
        (torch.tensor([3 + 4j]), 5.0, None),
        (torch.tensor([1.5, 2.5]).bfloat16(), 2.0, None),
        (torch.eye(4).to_sparse(), 1.0, 4),
        (torch.tensor([1, 3]), 2.0, None),
        (torch.tensor(7.0), 7.0, None),
    ],
)
def test_tensors_of_any_layout_and_dtype_are_sampled(tensor, mean, sampled):
    kept = sample(tensor)
    assert kept is not None
    found = kept.statistics()
    assert (found.mean, found.sampled, found.shape) == (mean, sampled, tuple(tensor.shape))


@pytest.mark.parametrize("tensor", [torch.empty(3, device="meta"), torch.empty(0)])
def test_a_tensor_without_values_has_no_statistics(tensor):
    kept = sample(tensor)
    assert kept is None or np.isnan(kept.statistics().mean)


def test_values_near_the_float_limit_have_a_histogram():
    kept = sample(torch.full((3,), 3e38))
    assert kept is not None
    assert kept.statistics().counts.sum() == 3


def training(model, optimizer, run, ended):
    while not ended.is_set():
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


@pytest.fixture
def trained():
    """A model that trains on another thread, and its run."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    ended = threading.Event()
    with lk.watch(model, show=False) as run:
        thread = threading.Thread(target=training, args=(model, optimizer, run, ended))
        thread.start()
        yield model, run
        ended.set()
        run.resume()
        thread.join(timeout=10)


def test_inspecting_a_paused_run_reads_the_current_values(trained):
    model, run = trained
    run.pause()
    run.control.submit(lambda: None).result(timeout=10)
    found = inspect(run, "weight")
    assert found is not None
    assert found.value is not None
    assert found.value.mean == pytest.approx(model.weight.mean().item(), rel=1e-5)


def test_an_operation_of_a_run_has_no_values_and_no_reason_of_a_parameter(trained):
    _, run = trained
    while run.graph is None:
        run.control.submit(lambda: None).result(timeout=10)  # the end of another step
    operation = next(node.id for node in run.graph.nodes if node.kind == "op")
    request = request_inspection(run, operation)
    wait([request], timeout=10)
    found = inspection_result(run, operation, request)
    assert found.empty
    assert found.reason is None


def train_and_clear(model, steps=20):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


def test_inspection_falls_back_to_recorded_values_when_no_step_ends():
    model = nn.Linear(3, 1)
    with lk.watch(model, show=False) as run:
        train_and_clear(model)
        with ThreadPoolExecutor(1) as other:
            found = other.submit(inspect, run, "weight").result(timeout=10)
    assert found is not None
    assert found.value is None
    assert found.gradient is not None
    assert found.gradient.step is not None
    assert {norm.kind for norm in found.norms} == {"weight_norm", "grad_norm"}
    assert NO_STEP_ENDED in (found.reason or "")


def test_a_closed_run_has_the_values_at_its_end():
    model = nn.Linear(3, 1)
    with lk.watch(model, show=False) as run:
        train_and_clear(model)
    mean = model.weight.mean().item()
    assert run.live is None
    with torch.no_grad():
        model.weight.fill_(9.0)
    found = inspect(run, "weight")
    assert found is not None
    assert found.value is not None
    assert found.value.mean == pytest.approx(mean, rel=1e-5)
    assert found.gradient is not None
    assert found.gradient.step is not None
    assert found.reason == FINAL_VALUES
    assert inspect(run, "no_such") is None


def test_a_run_closed_on_another_thread_has_recorded_values_only():
    model = nn.Linear(3, 1)
    with lk.watch(model, show=False) as run:
        train_and_clear(model)
        with ThreadPoolExecutor(1) as other:
            other.submit(run.close).result(timeout=10)
    found = inspect(run, "weight")
    assert found is not None
    assert found.value is None
    assert found.norms


def test_a_graph_view_has_statistics_of_operation_results():
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    x = torch.randn(5, 3)
    view = lk.graph(model, x)
    found = inspect(view.run, "1#1/relu:0")
    assert found is not None
    assert found.value is not None
    assert found.value.shape == (5, 2)
    assert np.isclose(found.value.mean, model(x).mean().item())
    assert found.value.sampled is None


def test_a_large_operation_result_is_sampled():
    view = lk.graph(nn.Sequential(nn.Linear(1, 1000)), torch.randn(500, 1))
    found = inspect(view.run, "0#1/addmm:0")
    assert found is not None
    assert found.value is not None
    assert found.value.sampled is not None
    assert found.value.sampled == found.value.counts.sum() < 500_000
