"""Pictures are well-formed SVG in theme colours, with a text form, for any tensor."""

from __future__ import annotations

import base64
import re
import struct
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from labkit.learn import (
    LossSurface,
    boundary_picture,
    broadcast_picture,
    colour_picture,
    confusion_picture,
    letter_picture,
    line_picture,
    padding_picture,
    reliability_picture,
    storage_picture,
    tile_picture,
)
from labkit.learn.pictures.png import colours, data_address

BOWL = LossSurface(lambda w, b: w**2 + b**2, ("w", -1, 1), ("b", -1, 1))
PICTURES = {
    "boundary": boundary_picture(
        lambda points: points.sum(dim=1), torch.eye(3)[:, :2], torch.tensor([0, 1, 0]), pulls=True
    ),
    "storage": storage_picture(t=torch.arange(6).reshape(2, 3)),
    "clash": broadcast_picture((3,), (4,)),
    "surface": BOWL.picture(),
    "lines": line_picture({"<b>": [1, 2, 3], "&": ([1, 10], [0.5, 0.1])}, log_y=True),
    "dots": line_picture({"a": ([0, 1], [2, 3])}, dots={"b": (torch.ones(1), torch.ones(1))}),
    "padding": padding_picture([torch.tensor([[1, 2], [99, 0]])], title="<b>"),
    "colours": colour_picture(torch.rand(2, 3, 4, 4), titles=["<b>", "&"]),
    "confusion": confusion_picture([0, 1, 1], [0, 1, 0], names=["<b>", "&"], title="<i>"),
    "reliability": reliability_picture({"<b>": (torch.tensor([0.6, 1.0]), torch.ones(2))}),
    "letters": letter_picture(
        "a<b",
        {"gate": [0.5, 0.0, 1.0], "cell state": torch.tensor([-3.0, 2.0, float("nan")])},
        marked="a",
    ),
    "tiles": tile_picture(torch.rand(2, 3, 3), title="a title", titles=["<b>", "&"]),
}
NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_is_one_accessible_svg_in_theme_colours(picture):
    root = ElementTree.fromstring(picture.svg)
    assert root.tag == f"{NAMESPACE}svg"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"].split() == repr(picture).split()
    inks = {node.attrib["style"] for node in root.iter(f"{NAMESPACE}text")}
    assert all("var(--jp" in ink for ink in inks)
    assert "<script" not in picture.svg


def test_names_are_escaped():
    evil = '"><script>alert(1)</script>'
    picture = storage_picture(**{evil: torch.zeros(2)})
    ElementTree.fromstring(picture.svg)
    assert "<script" not in picture.svg
    assert evil in picture.text


def test_views_share_a_storage_and_copies_do_not():
    t = torch.arange(6).reshape(2, 3)
    lines = storage_picture(t=t, turned=t.T, copied=t.clone()).text.splitlines()
    assert [line[:9] for line in lines if line.startswith("Storage")] == ["Storage 1", "Storage 2"]
    assert lines[2].endswith("reads places 0, 3, 1, 4, 2, 5.")


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(2.5),
        torch.arange(8)[3:7],
        torch.arange(4).expand(3, 4),
        torch.ones(2, 2, 2, requires_grad=True),
        torch.tensor([True, False]),
        torch.tensor([float("nan"), float("inf")]),
        torch.zeros(0, 3),
        torch.ones(2, dtype=torch.bfloat16),
    ],
    ids=str,
)
def test_storage_places_match_as_strided(tensor):
    text = storage_picture(t=tensor).text
    flat = torch.as_strided(
        tensor.detach(), (tensor.untyped_storage().nbytes() // tensor.element_size(),), (1,), 0
    )
    places = [int(p) for p in text.rpartition("reads places ")[2].rstrip(".").split(", ") if p]
    assert torch.equal(flat[places].isnan(), tensor.detach().reshape(-1).isnan())
    assert torch.equal(flat[places].nan_to_num(), tensor.detach().reshape(-1).nan_to_num())


@pytest.mark.parametrize(
    "shapes", [((3, 1), (4,)), ((2, 1, 3), (5, 1)), ((), (3,)), ((0, 3), (1, 3))]
)
def test_the_broadcast_result_matches_torch(shapes):
    expected = tuple(torch.broadcast_shapes(*shapes))
    assert broadcast_picture(*shapes).text.endswith(f"Result: {expected}.")


def test_incompatible_shapes_are_named():
    assert "these clash" in broadcast_picture(a=(3,), b=(4,)).text


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (storage_picture, "at least one tensor"),
        (lambda: storage_picture(torch.zeros(65)), "Take a smaller tensor"),
        (lambda: storage_picture(torch.zeros(1, 1, 1, 1)), "4 dimensions"),
        (lambda: broadcast_picture((3,)), "at least two shapes"),
        (lambda: broadcast_picture((3,), (-1,)), "negative size"),
        (lambda: tile_picture(torch.zeros(2, 3, 4, 4)), "pick one"),
        (lambda: line_picture({}), "1 to 6 lines"),
        (lambda: line_picture({"a": ([1], [1, 2])}), "1 values across and 2 up"),
        (lambda: line_picture({"a": [0.0, -1]}, log_y=True), "no number that the axes"),
        (lambda: reliability_picture({}), "1 to 3 models"),
        (lambda: reliability_picture({"a": ([0.6], [])}), "1 certainties and 0 answers"),
        (lambda: tile_picture(torch.zeros(65, 2, 2)), "up to 64"),
        (lambda: tile_picture(torch.zeros(1, 2, 2), scale="jet"), "jet"),
        (lambda: LossSurface(lambda w, b: 0.0, ("w", 1, 1), ("b", 0, 1)), "lower end first"),
    ],
)
def test_invalid_arguments_raise_with_an_explanation(draw, said):
    with pytest.raises(ValueError, match=said):
        draw()


def test_an_argument_that_is_no_tensor_is_named():
    with pytest.raises(TypeError, match="t is a ndarray"):
        storage_picture(t=np.zeros(3))


def test_the_picture_of_a_long_path_is_bounded_in_size():
    surface = LossSurface(lambda w, b: w**2 + b**2, ("w", -1, 1), ("b", -1, 1))
    for step in range(20_000):
        surface.step("lr 0.1", 0.9 * 0.999**step, 0.5)
    picture = surface.picture()
    assert len(picture.svg) < 64_000
    assert "20000 points" in picture.text


def test_a_path_is_drawn_until_it_leaves_the_map_or_is_nan():
    surface = LossSurface(lambda w, b: w**2 + b**2, ("w", -1, 1), ("b", -1, 1))
    for w in (0.5, 3.0, float("nan")):
        surface.step("lr 9", w, 0.0)
    picture = surface.picture()
    assert "off the map" in picture.svg
    ElementTree.fromstring(picture.svg)
    assert "nan" not in "".join(picture.svg.split("<polyline")[1:]).split("/>")[0]


def test_lines_leave_out_what_the_axes_cannot_show():
    picture = line_picture({"diverged": [1.0, 2.0, np.inf, np.nan]}, log_y=True)
    assert picture.text.endswith("diverged: from 1 to 2, lowest 1.")
    ElementTree.fromstring(picture.svg)


def test_the_png_has_the_size_of_the_array():
    address = data_address(np.full((3, 5, 3), 7, dtype=np.uint8))
    png = base64.b64decode(address.partition(",")[2])
    assert struct.unpack(">II", png[16:24]) == (5, 3)


def test_colours_are_clipped_and_nan_has_its_own_colour():
    rgb = colours(np.array([-1.0, 2.0, np.nan]), "grey")
    assert rgb.tolist() == [[0, 0, 0], [255, 255, 255], [230, 0, 230]]


def test_a_line_leaves_out_what_is_beyond_the_ends_of_its_axes():
    ends = {"x_ends": (0, 2), "y_ends": (0, 2)}
    picture = line_picture({"a": (torch.tensor([0, 1, 5]), [0, 1, 5])}, **ends)
    line = ElementTree.fromstring(picture.svg).find(f"{NAMESPACE}polyline").attrib["points"]
    assert len(line.split()) == 2


def test_a_confusion_matrix_counts_and_names_the_usual_mistakes():
    picture = confusion_picture([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 2, 0], names=["a", "b", "c"])
    assert picture.text == "3 of 6 are right. Most often: a taken for b (2), c taken for a (1)."
    assert len(re.findall(r"<text[^>]*>2</text>", picture.svg)) == 1
    with pytest.raises(ValueError, match="got 2 and 1"):
        confusion_picture([0, 1], [0])


def test_colour_images_are_drawn_with_what_is_outside_cut_off():
    address = data_address(np.array([[(255, 0, 128)]], dtype=np.uint8))
    pixel = np.array([7.0, -1.0, 0.5]).reshape(3, 1, 1)
    assert address in colour_picture(pixel).svg
    with pytest.raises(ValueError, match=r"got \(1, 1, 4, 4\)"):
        colour_picture(np.zeros((1, 1, 4, 4)))


def test_bars_of_letters_have_axes_by_what_the_values_can_be():
    rows = {"gate": [0.2, 0.3], "candidate": [-0.1, 0.3], "cell state": [-7.5, -2.0]}
    axes = [line.partition(":")[0] for line in letter_picture("ab", rows).text.splitlines()[1:]]
    assert axes == [
        "gate, axis 0 to 1",
        "candidate, axis -1 to 1",
        "cell state, axis -7.5 to 0",
    ]


@pytest.mark.parametrize(
    ("text", "rows"), [("", {"gate": []}), ("a" * 41, {"gate": [0] * 41}), ("ab", {"gate": [1]})]
)
def test_bars_that_do_not_fit_their_letters_are_refused(text, rows):
    with pytest.raises(ValueError, match="letters"):
        letter_picture(text, rows)
