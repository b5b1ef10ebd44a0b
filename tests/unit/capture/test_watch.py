"""`watch` changes no results, restores the global state, and validates its arguments."""

import gc
import weakref

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .global_state import global_state
from .models import Net, batch, train


@pytest.mark.parametrize("budget", [0.03, 1.0])
def test_weights_are_bitwise_equal_to_the_unwatched_run(budget):
    torch.manual_seed(0)
    plain, watched = Net(), Net()
    watched.load_state_dict(plain.state_dict())
    train(plain, steps=200)
    state = torch.random.get_rng_state()
    with lk.watch(watched, show=False, budget=budget):
        train(watched, steps=200)
    assert torch.equal(state, torch.random.get_rng_state())
    for ours, theirs in zip(watched.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_closing_restores_the_global_state():
    before = global_state()
    model = Net()
    run = lk.watch(model, show=False)
    train(model, steps=3)
    run.close()
    run.close()
    assert global_state() == before
    assert run.status == "finished"


def test_a_closed_run_holds_no_reference_to_the_model():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=3)
    references = [weakref.ref(model), weakref.ref(model.fc1.weight)]
    del model
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert len(run.series("loss")[0]) == 3


def test_garbage_collection_closes_an_unreferenced_run():
    before = global_state()
    model = Net()
    run = lk.watch(model, show=False)
    train(model, steps=2)
    del run
    gc.collect()
    assert global_state() == before


def test_a_run_finishes_when_its_model_is_deleted():
    model = Net()
    run = lk.watch(model, show=False)
    train(model, steps=2)
    del model
    gc.collect()
    assert run.status == "finished"
    assert len(run.series("loss")[0]) == 2


def test_an_error_in_the_loop_propagates_and_recorded_values_are_kept():
    model = Net()
    before = global_state()
    with pytest.raises(RuntimeError, match="mat1 and mat2"), lk.watch(model, show=False) as run:
        train(model, steps=5)
        model(torch.ones(2, 99))
    assert run.status == "failed"
    assert "mat1 and mat2" in run.state().message
    assert len(run.series("loss")[0]) == 5
    assert global_state() == before


def test_an_interrupt_during_a_step_keeps_recorded_values():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt), lk.watch(model, show=False) as run:
        train(model, steps=5, optimizer=optimizer)
        F.cross_entropy(model(x), y).backward()
        raise KeyboardInterrupt
    assert run.status == "interrupted"
    assert run.series("loss")[0].tolist() == [1, 2, 3, 4, 5]


def test_a_stop_ends_the_loop_at_the_end_of_a_step():
    model = Net()
    with lk.watch(model, show=False) as run:
        for step in range(100):
            train(model, steps=1)
            if step == 4:
                run.stop()
    assert run.status == "stopped"
    assert run.steps == 6


def test_watching_a_model_again_closes_the_earlier_run():
    model = Net()
    first = lk.watch(model, show=False)
    train(model, steps=2)
    second = lk.watch(model, show=False)
    train(model, steps=3)
    assert first.status == "finished"
    assert (first.steps, second.steps) == (2, 3)
    assert "watched already" in second.notices[0].text
    second.close()


def test_watching_again_after_closing_starts_a_new_run():
    model = Net()
    with lk.watch(model, show=False) as first:
        train(model, steps=2)
    with lk.watch(model, show=False) as second:
        train(model, steps=4)
    assert (first.steps, second.steps) == (2, 4)
    assert second.notices == ()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"model": nn.ReLU()}, ValueError, "no parameters"),
        ({"model": "resnet50"}, TypeError, "is of type str"),
        ({"model": nn.Linear}, TypeError, "not the class"),
        ({"model": {}}, ValueError, "empty"),
        ({"model": {"G": Net(), "D": 3}}, TypeError, "model 'D'"),
        ({"optimizer": torch.optim.SGD(Net().parameters(), lr=1)}, ValueError, "holds none"),
        ({"optimizer": 3}, TypeError, "torch.optim.Optimizer"),
        ({"budget": -0.1}, ValueError, "above 0"),
        ({"budget": 0}, ValueError, "above 0"),
        ({"budget": float("nan")}, ValueError, "above 0"),
        ({"budget": "3 %"}, TypeError, "takes a number"),
        ({"loss_fn": F.cross_entropy}, TypeError, "torch.nn.Module"),
        ({"show": "graph"}, ValueError, "'dashboard' or 'compact' as show, not 'graph'"),
        ({"show": 3}, TypeError, "as show, not a value of type int"),
    ],
)
def test_a_bad_argument_fails_before_anything_is_attached(arguments, error, says):
    before = global_state()
    with pytest.raises(error, match=says):
        lk.watch(**{"model": Net(), "show": False, **arguments})
    assert global_state() == before


def test_a_run_is_idle_from_the_end_of_its_cell_until_the_next_step():
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()

    run = lk.watch(model, show=False)
    run.code_ended("the cell ended")
    assert (run.status, run.message) == ("waiting", None)
    step()
    assert run.status == "running"
    run.code_ended("the cell was interrupted")
    run.code_ended("the cell ended")  # another cell, which did not train
    assert (run.status, run.message) == ("idle", "the cell was interrupted at step 1")
    assert run.state().status == "idle"
    step()
    assert (run.status, run.message) == ("running", None)
    run.code_ended("the cell ended")
    run.close()
    assert (run.status, run.message) == ("finished", None)


@pytest.mark.parametrize("steps", [0, 1, 300])
def test_a_run_is_not_idle_during_the_first_step_of_a_further_cell(steps):
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)
    for _ in range(steps):
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
    for _ in range(2):
        run.code_ended("the cell ended")
        model(torch.ones(2, 3)).sum().backward()
        assert (run.status, run.message) == ("running", None)
    run.code_ended("the cell was interrupted")
    assert (run.status, run.message) == ("idle", f"the cell was interrupted at step {steps}")
    optimizer.step()
    assert (run.status, run.steps) == ("running", steps + 1)
    run.close()
