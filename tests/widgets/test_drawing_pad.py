"""The drawing pad replies to a drawing, and refuses a page of another protocol version."""

from labkit.learn.drawing_pad import SIDE, DrawingPad
from labkit.views.message_builders import PROTOCOL_VERSION, other_version


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
