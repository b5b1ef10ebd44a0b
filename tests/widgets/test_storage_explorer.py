"""The storage explorer reads a learner's own storage, and says what does not fit."""

from xml.etree import ElementTree

import pytest
import torch

from labkit.learn.storage_explorer import StorageExplorer
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE


def explorer():
    t = torch.arange(12).reshape(3, 4)
    return StorageExplorer({"t": t, "t.T": t.T, "t[:, ::2]": t[:, ::2]})


def ask(widget, shape, stride, offset="0", version=PROTOCOL_VERSION):
    """Deliver a recipe as a page sends it."""
    query = {"number": 1, "shape": shape, "stride": stride, "offset": offset}
    state = {"page_protocol": version, "query": query}
    widget.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}})


def test_a_recipe_is_read_from_the_storage_itself():
    widget = explorer()
    assert widget.reading["places"] == list(range(12))
    ask(widget, "2, 2", "(4, 1)", "5")
    assert widget.reading["places"] == [5, 6, 9, 10]
    assert widget.reading["said"].startswith("This is t.as_strided((2, 2), (4, 1), 5).")
    assert widget.said == ""


def test_a_view_that_the_notebook_named_is_recognised():
    widget = explorer()
    ask(widget, "4,3", "1 4")
    assert widget.reading["said"] == "This is t.T. It is not contiguous and reads 12 of 12 places."
    ask(widget, "3, 4", "0, 1")
    assert "reads 4 of 12 places; some are read more than once" in widget.reading["said"]


@pytest.mark.parametrize(
    ("shape", "stride", "offset", "problem"),
    [
        ("3, 4", "4", "0", "There is one stride for each dimension"),
        ("3, 4", "4, -1", "0", "no negative strides"),
        ("3, 4", "4, 1", "1", "place 1 + 2 × 4 + 3 × 1 = 12. The storage ends at 11."),
        ("3, four", "4, 1", "0", "Yours is: 3, four"),
        ("3, 4", "4, 1", "", "The offset is one whole number"),
        ("-1", "1", "0", "negative size"),
        ("1, 1, 1, 1", "1, 1, 1, 1", "0", "Up to 3 dimensions"),
        ("999999999, 9", "0, 0", "0", "Up to 64 elements"),
    ],
)
def test_what_does_not_fit_is_said_and_changes_nothing(shape, stride, offset, problem):
    widget = explorer()
    before = widget.reading
    ask(widget, shape, stride, offset)
    assert problem in widget.said
    assert widget.reading == before
    ask(widget, "12", "1")
    assert widget.said == ""


def test_a_page_of_another_version_is_refused():
    widget = explorer()
    ask(widget, "12", "1", version=PROTOCOL_VERSION + 1)
    assert widget.said == other_version(PROTOCOL_VERSION + 1)


def test_single_numbers_and_empty_views_are_read():
    widget = StorageExplorer(torch.arange(3.0))
    assert widget.show((), (), 2).item() == 2
    assert widget.show((0, 3), (3, 1)).numel() == 0
    assert widget.reading["places"] == []


def test_a_copy_among_the_views_is_refused():
    t = torch.arange(4)
    with pytest.raises(ValueError, match="copied does not share its storage with t"):
        StorageExplorer({"t": t, "copied": t.clone()})


def test_the_saved_output_has_the_picture():
    data, _ = explorer()._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    texts = [each.text for each in picture.iter() if each.tag.endswith("text")]
    assert "view: shape (3, 4), stride (4, 1), offset 0" in texts
    assert texts.count("@11") == 2  # in the strip, and in the view
    assert data["text/plain"].startswith("Storage 1 holds 12 elements")
    assert VIEW_MIME_TYPE in data
