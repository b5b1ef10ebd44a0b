"""The race answers a page's queries, refuses the impossible, and has a picture without a page."""

from xml.etree import ElementTree

import torch

from labkit.learn import OptimizerRace
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE

SGD = {"SGD": lambda p: torch.optim.SGD(p, lr=0.03)}


def query(race, page_protocol=PROTOCOL_VERSION, **changes):
    """Deliver a query as a page sends it."""
    asked = {"number": 1, "start": None, "rates": {}, "surface": race.surface, **changes}
    state = {"page_protocol": page_protocol, "query": asked}
    race.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


def test_a_query_for_a_start_a_rate_and_a_surface_is_answered():
    race = OptimizerRace("ravine", SGD, steps=3)
    query(race, start=[2.0, 0.5], rates={"SGD": 0.01})
    assert (race.start, race.answered, race.said) == ([2.0, 0.5], 1, "")
    assert race["SGD"].places[1].round(4).tolist() == [1.98, 0.25]
    assert race.lanes[0]["rate"] == 0.01
    query(race, number=2, surface="saddle")
    assert (race.surface, race.start, race.answered) == ("saddle", [-2.5, 0.001], 2)
    assert race.lanes[0]["rate"] == 0.01


def test_a_query_that_is_not_possible_leaves_the_race_as_it_is():
    race = OptimizerRace("ravine", SGD, steps=3)
    before = race["SGD"].places.tolist()
    query(race, start=["a", None], rates={"SGD": -1, "other": 2, "x": "y"}, surface="moon")
    query(race, start=[1.0], rates=None, surface=None)
    assert race["SGD"].places.tolist() == before
    assert race.surface == "ravine"


def test_a_loss_that_raises_is_said_and_the_last_race_stays():
    def loss(x, y):
        if torch.is_grad_enabled() and x > 1:
            raise ValueError("too far")
        return x**2 + y**2

    axes = {"first": ("x", -2, 2), "second": ("y", -2, 2)}
    race = OptimizerRace(loss, SGD, **axes, start=(0.5, 0.5), steps=3)
    query(race, start=[1.5, 0.0])
    assert race.said == "The race was stopped: ValueError: too far"
    assert (race.answered, race.start) == (1, [0.5, 0.5])


def test_a_page_of_another_version_is_refused():
    race = OptimizerRace("ravine", SGD, steps=3)
    query(race, PROTOCOL_VERSION + 1, start=[2.0, 0.5])
    assert race.said == other_version(PROTOCOL_VERSION + 1)
    assert race.start == [-4.0, 1.0]


def test_the_saved_picture_has_the_map_and_every_way():
    race = OptimizerRace("ravine", {"<b>": SGD["SGD"], **SGD}, steps=3)
    data, _ = race._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    texts = [each.text for each in picture.iter() if each.text]
    assert "SGD, lr 0.03: from a loss of 33 to 7.1." in texts
    assert any(text.startswith("<b>, lr 0.03") for text in texts)
    assert data["text/plain"] == repr(race)
    assert VIEW_MIME_TYPE in data
