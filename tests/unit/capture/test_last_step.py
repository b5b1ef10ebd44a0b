"""Views end with the last step of a run whose length is known: it has all readings."""

import pytest
import torch
from torch import nn

import labkit as lk


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.ones(4, 8)).pow(2).mean().backward()
    optimizer.step()


def last_steps(run):
    """Return the newest step of each kind of reading."""
    activations = run.activations
    pictures = [activations.steps(*subject)[-1] for subject in activations.subjects()]
    series = [f"{kind}/0.weight" for kind in ("grad_norm", "weight_norm", "update_ratio")]
    return {
        "graph": run.graph_history[-1].last,
        "pictures": min(pictures),
        "activations": int(run.series("act_std/0")[0][-1]),
        **{name: int(run.series(name)[0][-1]) for name in series},
    }


def test_the_last_step_of_a_for_loop_has_all_readings():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        for _ in range(1500):
            step(model, optimizer)
    assert set(last_steps(run).values()) == {1500}


@pytest.mark.parametrize("pace", [None, 500])
def test_the_last_step_has_all_readings_if_the_length_was_given(pace):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    done = 0
    with lk.watch(model, pace=pace, show=False) as run:
        run.total_steps = 300
        while done < run.total_steps:
            step(model, optimizer)
            done += 1
    assert set(last_steps(run).values()) == {300}


def test_a_loop_that_goes_on_beyond_the_given_length_is_recorded_as_before():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        run.total_steps = 50
        done = 0
        while done < 400:
            step(model, optimizer)
            done += 1
    steps, _ = run.series("grad_norm/0.weight")
    assert 50 in steps
    assert steps[-1] > 50
    assert run.notices == ()


def watched_until(steps, *, ends=lambda: None, **options):
    """Watch a loop whose length is not known; `ends` is called after the last step."""
    model = net()
    optimizer = options.pop("optimizer", torch.optim.SGD)(model.parameters(), lr=0.01)
    norms = []
    with lk.watch(model, show=False, **options) as run:
        done = 0
        while done < steps:
            done += 1
            step(model, optimizer)
            norms.append(model[0].weight.grad.norm().item())
        ends(model, optimizer)
    return run, model, norms


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_gradients_and_weights_of_the_last_step_are_read_at_the_end_of_a_while_loop(optimizer):
    run, model, norms = watched_until(731, ends=lambda *_: None, optimizer=optimizer)
    steps, values = run.series("grad_norm/0.weight")
    assert steps[-1] == 731
    assert values[-1] == pytest.approx(norms[-1])
    steps, values = run.series("weight_norm/0.weight")
    assert steps[-1] == 731
    assert values[-1] == pytest.approx(model[0].weight.norm().item())
    assert run.histograms.newest_step("grad/0.weight") == 731


@pytest.mark.parametrize("ending", ["break", "raise"])
def test_clipped_gradients_are_read_however_the_loop_ends(ending):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run = lk.watch(model, show=False)

    def train():
        with run:
            for number in iter(int, 1):
                optimizer.zero_grad()
                model(torch.ones(4, 8)).pow(2).mean().backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
                optimizer.step()
                if run.steps == 731 and ending == "raise":
                    raise ValueError(number)
                if run.steps == 731:
                    break

    if ending == "raise":
        with pytest.raises(ValueError, match="0"):
            train()
    else:
        train()
    steps, values = run.series("grad_norm/0.weight")
    assert steps[-1] == 731
    assert values[-1] == pytest.approx(model[0].weight.grad.norm().item())


def zero(model, optimizer):
    optimizer.zero_grad(set_to_none=False)


def clear(model, optimizer):
    optimizer.zero_grad()


def another_pass(model, optimizer):
    model(torch.ones(4, 8)).pow(2).mean().backward()


def scale(model, optimizer):
    model[0].weight.grad.mul_(2)


@pytest.mark.parametrize("ends", [zero, clear, another_pass, scale])
def test_gradients_that_are_no_longer_those_of_the_last_step_are_not_read(ends):
    run, _, norms = watched_until(731, ends=ends)
    steps, values = run.series("grad_norm/0.weight")
    assert values[-1] == pytest.approx(norms[steps[-1] - 1], rel=1e-4)


def test_other_weights_that_are_loaded_after_the_last_step_are_not_read():
    def load(model, optimizer):
        model.load_state_dict({name: torch.zeros_like(p) for name, p in model.state_dict().items()})

    run, _, _ = watched_until(731, ends=load, activations=torch.ones(1, 8))
    assert run.series("weight_norm/0.weight")[1][-1] > 0
    assert 731 not in run.activations.steps("0", "units")


def test_pictures_of_a_chosen_input_end_with_the_last_weights():
    x = torch.ones(1, 8)
    run, model, _ = watched_until(731, ends=lambda *_: None, activations=x)
    picture = run.activations.at("0", "units")
    assert picture.step == 731
    assert picture.values[0, 0] == pytest.approx(model[0](x)[0].detach().numpy())
    assert all(module.training for module in model.modules())


def test_the_model_is_not_called_at_the_end_of_a_loop_that_failed():
    def fail(model, optimizer):
        model[0].register_forward_hook(lambda *_: calls.append(1))
        raise ValueError("stop")

    calls = []
    with pytest.raises(ValueError, match="stop"):
        watched_until(731, ends=fail, activations=torch.ones(1, 8))
    assert calls == []


def test_parameters_that_no_optimizer_holds_are_not_read_at_the_end():
    model = net()
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        for _ in range(100):
            step(model, optimizer)
    assert run.series("weight_norm/2.weight")[0][-1] == 100
    assert run.notices == ()
