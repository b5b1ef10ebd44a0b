"""A race records what optimizers of torch do, bit for bit, with their state."""

import math

import numpy as np
import pytest
import torch
from torch import optim
from torch.optim.lr_scheduler import StepLR

from labkit.learn import OptimizerRace
from labkit.learn.race.surfaces import SURFACES

MAKES = {
    "SGD": lambda p: optim.SGD(p, lr=0.03),
    "momentum": lambda p: optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    "Adam": lambda p: optim.AdamW(p, lr=0.3, weight_decay=0.1),
    "LBFGS": lambda p: optim.LBFGS(p, lr=0.5, max_iter=1),
}
AXES = {"first": ("x", -2, 2), "second": ("y", -2, 2)}


def loop(make, loss, start, steps):
    """Return the places that a plain training loop reaches."""
    place = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([place])

    def closure():
        optimizer.zero_grad()
        value = loss(place[0], place[1])
        value.backward()
        return value

    places = [place.tolist()]
    for _ in range(steps):
        optimizer.step(closure)
        places.append(place.tolist())
    return places, optimizer.state[place]


@pytest.mark.parametrize("name", MAKES)
@pytest.mark.parametrize("surface", ["ravine", "banana"])
def test_the_places_are_those_of_a_plain_loop(name, surface):
    drawn = SURFACES[surface]
    race = OptimizerRace(surface, {name: MAKES[name]}, steps=4)
    places, state = loop(MAKES[name], drawn.loss, drawn.start, race[name].steps)
    assert race[name].places.tolist() == places
    for key, values in race[name].state.items():
        assert values[-1].tolist() == state[key].tolist()
        assert np.isnan(values[0]).all()


def test_the_state_has_the_names_of_the_optimizer():
    race = OptimizerRace("ravine", MAKES, steps=2)
    assert list(race["momentum"].state) == ["momentum_buffer"]
    assert list(race["Adam"].state) == ["exp_avg", "exp_avg_sq"]
    assert list(race) == list(MAKES)


def test_a_scheduler_sets_the_rate_of_each_step_and_is_scaled_with_it():
    def make(parameters):
        optimizer = optim.SGD(parameters, lr=0.02)
        return optimizer, StepLR(optimizer, step_size=2, gamma=0.5)

    race = OptimizerRace("ravine", {"steps": make}, steps=4)
    assert race["steps"].rates.round(6).tolist() == [0.02, 0.02, 0.01, 0.01, 0.005]
    race.run(rates={"steps": 0.01})
    assert race["steps"].rates.round(6).tolist() == [0.01, 0.01, 0.005, 0.005, 0.0025]


def test_steps_take_the_gradient_of_their_own_loss():
    race = OptimizerRace(
        lambda x, y: x**2 + y**2,
        {"SGD": lambda p: optim.SGD(p, lr=1.0)},
        **AXES,
        start=(1.0, 1.0),
        steps=2,
        step_loss=lambda x, y, step: (step + 1) * x,
    )
    assert race["SGD"].places.tolist() == [[1, 1], [0, 1], [-2, 1]]
    assert race["SGD"].losses.tolist() == [2, 1, 5]
    assert race.surfaces == ["loss"]


def test_an_optimizer_that_diverges_ends_with_the_reason():
    race = OptimizerRace("ravine", {"SGD": lambda p: optim.SGD(p, lr=1.0)}, steps=50)
    lane = race["SGD"]
    assert lane.ended == f"left the map for good at step {lane.steps + 1}"
    assert np.isfinite(lane.losses).all()
    assert lane.arrival(1.0) is None


def test_the_turned_ravine_is_the_ravine():
    """SGD does the same on both, step for step."""
    plain = OptimizerRace("ravine", {"SGD": MAKES["SGD"]}, steps=30)["SGD"]
    turned = OptimizerRace("turned ravine", {"SGD": MAKES["SGD"]}, steps=30)["SGD"]
    assert np.allclose(plain.losses, turned.losses, rtol=1e-3)


def test_a_loss_that_takes_single_numbers_only_has_a_map():
    race = OptimizerRace(
        lambda x, y: x**2 if x.detach().item() > 0 else y**2 + x**2,
        {"SGD": MAKES["SGD"]},
        **AXES,
        start=(1, 1),
        steps=2,
    )
    assert race.map["image"].startswith("data:image/png")
    assert math.isclose(race.map["highest"], 8.0)


def test_the_gradient_is_taken_also_inside_no_grad():
    with torch.no_grad():
        race = OptimizerRace("ravine", {"SGD": MAKES["SGD"]}, steps=2)
    assert race["SGD"].losses[-1] < race["SGD"].losses[0]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: OptimizerRace("moon"), "there is no surface 'moon'"),
        (lambda: OptimizerRace(lambda x, y: x), "needs the ranges"),
        (
            lambda: OptimizerRace(lambda x, y: x, first=("x", 1, 0), second=("y", 0, 1)),
            "lower end first",
        ),
        (lambda: OptimizerRace("ravine", {}), "1 to 8 optimizers"),
        (lambda: OptimizerRace("ravine", steps=0), "from 1 to 2000"),
    ],
)
def test_invalid_arguments_are_explained(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_what_is_no_optimizer_is_named():
    with pytest.raises(TypeError, match="SGD is made by a function that returns a list"):
        OptimizerRace("ravine", {"SGD": lambda p: p})


def test_an_unknown_lane_is_named():
    race = OptimizerRace("ravine", {"SGD": MAKES["SGD"]}, steps=1)
    with pytest.raises(KeyError, match="there is SGD"):
        race["Adam"]


def test_the_arrival_is_where_the_loss_stays_low():
    race = OptimizerRace(
        lambda x, y: x**2 + 0 * y,
        {"across and back": lambda p: optim.SGD(p, lr=0.95)},
        **AXES,
        start=(1, 0),
        steps=60,
    )
    lane = race["across and back"]
    arrived = lane.arrival(0.1)
    assert (lane.losses[arrived:] < 0.1).all()
    assert lane.losses[arrived - 1] >= 0.1
    assert lane.arrival(2.0) == 0
    assert lane.arrival(1e-9) is None
