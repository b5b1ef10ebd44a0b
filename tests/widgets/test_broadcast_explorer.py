"""The broadcasting explorer asks PyTorch what becomes of two shapes, and says so."""

from xml.etree import ElementTree

import pytest
import torch

from labkit.learn.broadcast_explorer import BroadcastExplorer
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE


def explorer():
    images, colour = torch.zeros(32, 3, 8, 8), torch.zeros(3, 1, 1)
    return BroadcastExplorer({"images": images, "colour": colour}, {"a": (4, 1), "b": (4,)})


def ask(widget, first, second, pair=0, version=PROTOCOL_VERSION):
    """Deliver two shapes as a page sends them."""
    query = {"number": widget.answered + 1, "pair": pair, "shapes": [first, second]}
    state = {"page_protocol": version, "query": query}
    widget.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}})


def test_shapes_that_fit_have_a_result_and_the_strides_of_their_views():
    widget = explorer()
    assert widget.reading["result"] == [32, 3, 8, 8]
    assert widget.reading["strides"] == [[192, 64, 8, 1], [0, 1, 0, 0]]
    assert (
        "colour is stretched, and nothing is copied: it still holds 3 numbers"
        in (widget.reading["said"])
    )
    ask(widget, "(4, 1)", "4", pair=1)
    assert (widget.reading["names"], widget.reading["result"]) == (["a", "b"], [4, 4])
    assert widget.reading["element"] == "result[i, j] comes from a[i, 0] and b[j]"
    assert "Both are stretched" in widget.reading["said"]
    assert widget.answered == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [((32, 3, 8, 8), (3,)), ((2, 3), (3, 2)), ((4, 3, 2), (5, 2)), ((0,), (4096, 2))],
)
def test_a_clash_is_pytorchs_own_error_and_its_dimension(first, second):
    with pytest.raises(RuntimeError) as raised:
        torch.zeros(first) - torch.zeros(second)
    widget = explorer()
    ask(widget, str(first), str(second))
    reading = widget.reading
    assert (reading["error"], reading["result"]) == (str(raised.value), [])
    assert str(raised.value).endswith(f"dimension {reading['clash']}")
    depth = max(len(first), len(second))
    assert (
        f"dimension {reading['clash']} (from the right, {reading['clash'] - depth})"
        in (reading["said"])
    )


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ("3, four", "Yours is: 3, four"),
        ("3, -1", "negative size"),
        ("1, 1, 1, 1, 1, 1", "Up to 5 dimensions"),
        ("4097", "Sizes up to 4096"),
    ],
)
def test_what_is_no_shape_is_said_and_changes_nothing(shape, problem):
    widget = explorer()
    before = widget.reading
    ask(widget, shape, "4")
    assert problem in widget.said
    assert (widget.reading, widget.answered) == (before, 1)
    ask(widget, "", "4")
    assert (widget.said, widget.reading["result"]) == ("", [4])


def test_the_largest_shapes_take_no_memory():
    assert explorer().show([4096] * 5, ()) == (4096,) * 5


def test_a_page_of_another_version_is_refused():
    widget = explorer()
    ask(widget, "4", "4", version=PROTOCOL_VERSION + 1)
    assert widget.said == other_version(PROTOCOL_VERSION + 1)


@pytest.mark.parametrize("pairs", [(), ({"a": (3,)},), ((3, 1), (4,))])
def test_what_is_no_pair_is_refused(pairs):
    with pytest.raises(ValueError, match="pair"):
        BroadcastExplorer(*pairs)


def test_the_saved_output_has_the_picture():
    data, _ = explorer()._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    texts = [each.text for each in picture.iter() if each.tag.endswith("text")]
    assert "none → 32" in texts
    assert data["text/plain"].endswith("Result: (32, 3, 8, 8).")
    assert VIEW_MIME_TYPE in data
