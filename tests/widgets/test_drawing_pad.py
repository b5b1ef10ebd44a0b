"""The drawing pad replies to a drawing, and refuses a page of another protocol version."""

from xml.etree import ElementTree

import torch

from labkit.learn.drawing_pad import SIDE, DrawingPad
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE


def draw(pad, **changes):
    """Deliver changes of the state as a page sends them."""
    data = {"method": "update", "state": changes}
    pad.comm.handle_msg({"content": {"data": data}, "buffers": []})


def sum_of(image):
    return f"{float(image.sum()):.0f}"


def test_a_drawing_is_replied_to():
    pad = DrawingPad(sum_of)
    draw(pad, page_protocol=PROTOCOL_VERSION, pixels=[1.0] * SIDE**2)
    assert pad.said == "64"


def test_a_page_of_another_version_is_refused_until_it_is_reloaded():
    pad = DrawingPad(sum_of)
    draw(pad, page_protocol=PROTOCOL_VERSION + 1, pixels=[1.0] * SIDE**2)
    assert pad.said == other_version(PROTOCOL_VERSION + 1)
    draw(pad, page_protocol=PROTOCOL_VERSION, pixels=[0.0] * SIDE**2)
    assert pad.said == "0"


def test_the_saved_picture_has_the_drawing_and_what_is_said():
    pad = DrawingPad(lambda image: "This is <b>a seven</b>.")
    data, _ = pad._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    fills = [each.get("fill") for each in picture.iter() if each.get("fill")]
    assert (fills.count("rgb(255,255,255)"), len(fills)) == (16, 64)
    assert "This is <b>a seven</b>." in [each.text for each in picture.iter()]
    assert VIEW_MIME_TYPE in data


def test_maps_of_the_drawing_are_sent_with_every_change():
    pad = DrawingPad(sum_of, maps=lambda image: torch.cat([image[0], 4 * image[0]]))
    draw(pad, page_protocol=PROTOCOL_VERSION, pixels=[0.5] * SIDE**2)
    assert pad.tiles == {"count": 2, "rows": 8, "columns": 8, "values": [0.25] * 64 + [1.0] * 64}


def test_maps_of_another_shape_are_named():
    pad = DrawingPad(sum_of, maps=lambda image: image)
    assert "up to 16 maps of shape (n, height, width)" in pad.said
