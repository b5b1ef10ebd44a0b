"""The kernel that slides: every map is that of PyTorch, whatever a page wants."""

from xml.etree import ElementTree

import pytest
import torch
import torch.nn.functional as F

from labkit.learn import SlidingKernel
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE

IMAGE = torch.arange(36.0).reshape(6, 6) / 36


def want(widget, version=PROTOCOL_VERSION, number=1, **changes):
    """Deliver a query as a page sends it."""
    query = {"weights": widget.weights, "stride": widget.stride, "padding": widget.padding}
    state = {"page_protocol": version, "query": {**query, **changes, "number": number}}
    widget.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}})


def table(rows):
    weights = torch.tensor(rows)
    rows, columns = weights.shape
    return {"rows": rows, "columns": columns, "values": weights.flatten().tolist()}


def sent_map(widget):
    answers = widget.answers
    return torch.tensor(answers["values"]).reshape(answers["rows"], answers["columns"])


def test_the_map_is_that_of_conv2d_for_every_setting():
    widget = SlidingKernel(IMAGE[None, None], "outline")
    for stride, padding, rows in [(1, 0, [[0.5, -1.0], [2.0, 0.0]]), (2, 3, [[3.0]])]:
        want(widget, weights=table(rows), stride=stride, padding=padding)
        kernel = torch.tensor(rows)[None, None]
        expected = F.conv2d(IMAGE[None, None], kernel, stride=stride, padding=padding)[0, 0]
        torch.testing.assert_close(widget.feature_map, expected)
        torch.testing.assert_close(sent_map(widget), expected, atol=1e-5, rtol=0)
        assert (widget.said, widget.answered) == ("", 1)


def test_the_code_makes_the_same_map():
    widget = SlidingKernel(IMAGE, "sharpen", stride=2, padding=1)
    names = {"image": IMAGE}
    exec(widget.code, names)
    torch.testing.assert_close(names["feature_map"], widget.feature_map)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stride": 0},
        {"padding": "two"},
        {"weights": table([[0.0] * 2] * 3)},
        {"weights": {"rows": 1, "columns": 1, "values": ["much"]}},
        {"weights": {"rows": 1, "columns": 1, "values": [float("nan")]}},
        {"weights": None},
    ],
)
def test_what_does_not_work_is_said_and_changes_nothing(wrong):
    widget = SlidingKernel(IMAGE)
    before = widget.feature_map
    want(widget, number=7, **wrong)
    assert widget.said.startswith("This does not work")
    assert widget.answered == 7
    assert torch.equal(widget.feature_map, before)
    want(widget, number=8, stride=2)
    assert (widget.said, tuple(widget.feature_map.shape)) == ("", (2, 2))


def test_a_page_of_another_version_is_refused():
    widget = SlidingKernel(IMAGE)
    want(widget, version=PROTOCOL_VERSION + 1, stride=2)
    assert widget.said == other_version(PROTOCOL_VERSION + 1)
    assert widget.stride == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": torch.zeros(3, 8, 8)}, r"got \(3, 8, 8\)"),
        ({"image": torch.zeros(100, 8)}, "2 to 64 pixels"),
        ({"image": torch.full((4, 4), torch.nan)}, "NaN"),
        ({"image": IMAGE, "kernel": "blurr"}, "no filter 'blurr'; there is left to right"),
        ({"image": IMAGE, "kernel": torch.zeros(2, 3)}, r"got \(2, 3\)"),
        ({"image": IMAGE, "stride": 9}, "1 to 4; got 9"),
        ({"image": torch.eye(2), "kernel": "blur"}, "does not fit"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SlidingKernel(**arguments)


def test_the_saved_picture_has_image_kernel_and_map():
    data, _ = SlidingKernel(IMAGE)._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    assert sum(each.tag.endswith("image") for each in picture.iter()) == 3
    assert "feature map of 4 x 4" in data["text/plain"]
    assert VIEW_MIME_TYPE in data
