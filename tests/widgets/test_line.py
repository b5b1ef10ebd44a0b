"""A fitted line answers to its page, shows a loop's steps, and has a picture without a page."""

from xml.etree import ElementTree

import pytest
import torch

from labkit.learn import LineFit
from labkit.views.message_builders import PROTOCOL_VERSION, other_version

X, Y = torch.arange(4.0), 2 * torch.arange(4.0) + 1


def query(fit, page_protocol=PROTOCOL_VERSION, **changes):
    """Deliver a query as a page sends it."""
    asked = {"number": 1, "start": [4.0, 3.0], "rate": 0.1, "batch": 0, **changes}
    state = {"page_protocol": page_protocol, "query": asked}
    fit.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


def loop(rate, rows, start=(4.0, 3.0)):
    """Return the places that a plain loop of SGD reaches with the rows of each step."""
    place = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.SGD([place], lr=rate)
    places = [place.tolist()]
    for each in rows:
        optimizer.zero_grad()
        ((place[0] * X[each] + place[1] - Y[each]) ** 2).mean().backward()
        optimizer.step()
        places.append(place.tolist())
    return places


@pytest.mark.parametrize("batch", [None, 1, 2])
def test_a_walk_is_that_of_a_plain_loop(batch):
    fit = LineFit(X, Y)
    lane = fit.walk(lr=0.1, batch=batch, steps=5)
    rows = fit.walks[-1]["batches"][:5] if batch else [slice(None)] * 5
    assert all(len(each) == batch for each in rows if batch)
    assert lane.places == pytest.approx(torch.tensor(loop(0.1, rows)).numpy(), abs=1e-5)


def test_the_page_goes_on_with_the_settings_of_the_last_walk():
    fit = LineFit(X, Y, lr=0.01)
    fit.walk(lr=0.2, batch=1, steps=3)
    assert (fit.rate, fit.batch) == (0.2, 1)


def test_each_point_has_its_turn_before_any_comes_again():
    fit = LineFit(X, Y)
    fit.walk(batch=1, steps=7)
    rows = [row for batch in fit.walks[-1]["batches"] for row in batch]
    assert sorted(rows[:4]) == sorted(rows[4:8]) == [0, 1, 2, 3]


def test_a_query_of_the_page_replaces_its_last_walk_and_leaves_others():
    fit = LineFit(X, Y, held_out=([4.0], [9.0]))
    fit.step("by hand", 4, 3)
    query(fit, rate=0.2)
    query(fit, number=2, rate=0.1, start=[0.0, 1.0], batch=2)
    assert [walk["lane"]["name"] for walk in fit.walks] == ["by hand", "lr 0.1, batches of 2"]
    assert (fit.start, fit.rate, fit.batch, fit.answered, fit.said) == ([0, 1], 0.1, 2, 2, "")
    assert len(fit.walks[-1]["held"]) == len(fit.walks[-1]["lane"]["losses"])
    assert fit.walks[-1]["held"][0] == pytest.approx(64)


def test_a_query_that_makes_no_sense_is_left_out():
    fit = LineFit(X, Y)
    query(fit, rate="much")
    query(fit, start=[1.0])
    query(fit, rate=float("nan"))
    assert (fit.walks, fit.start) == ([], [4.0, 3.0])
    query(fit, batch=9)
    assert fit.said == "The walk was stopped: ValueError: a batch has 1 to 4 of the points; got 9"
    query(fit, PROTOCOL_VERSION + 1)
    assert fit.said == other_version(PROTOCOL_VERSION + 1)


def test_a_walk_that_diverges_ends_with_the_reason():
    lane = LineFit(X, Y).walk(lr=1.0, steps=200)
    assert lane.ended.startswith("left the map for good")


def test_the_picture_has_line_and_map_and_follows_the_steps():
    fit = LineFit(X, Y)
    data, _ = fit._repr_mimebundle_()
    assert data["text/plain"] == "4 points, and no step yet."
    fit.step("by hand", 4, 3)
    fit.step("by hand", 2, 1)
    data, _ = fit._repr_mimebundle_()
    assert "the line 2x + 1, of loss 0." in data["text/plain"]
    ElementTree.fromstring(data["image/svg+xml"])


def test_invalid_arguments_are_explained():
    with pytest.raises(ValueError, match="equally many"):
        LineFit([1, 2], [1])
    with pytest.raises(ValueError, match="lower end first"):
        LineFit(X, Y, w=(5, -1))
    with pytest.raises(ValueError, match="from 1 to 2000"):
        LineFit(X, Y, steps=0)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([1.0, float("nan")], "number 2 of 2 is nan"),
        ([[1.0, 2.0], [3.0, 4.0]], r"shape \(n,\) or \(n, 1\)"),
        ([], r"shape \(n,\) or \(n, 1\)"),
    ],
)
def test_points_that_have_no_line_are_refused(x, said):
    with pytest.raises(ValueError, match=said):
        LineFit(x, [1.0, 2.0])


def test_the_still_picture_has_a_line_before_any_step_and_the_losses_after():
    fit = LineFit(X, Y, start=(0, 2), held_out=([4.0], [9.0]))
    before = fit._repr_mimebundle_()[0]["image/svg+xml"]
    assert "stroke:#0a84c6" in before
    assert "loss of all training points" not in before
    fit.walk(lr=0.1, steps=10)
    fit.walk(lr=0.24, steps=10)
    after = fit._repr_mimebundle_()[0]["image/svg+xml"]
    ElementTree.fromstring(after)
    assert "loss of all training points" in after
    assert after.count("<circle") == 4 + 1 + 2 * 2
