"""`run.log` with images, texts and figures."""

import io

import numpy as np
import plotly.graph_objects
import plotly.io
import pytest
import torch
from PIL import Image

import labkit
from labkit.run import Run
from labkit.run.logged import pixels, png
from labkit.run.logged.values import MAX_CHARACTERS, MAX_FIGURE_BYTES


def logged(value):
    run = Run()
    run.log(value=value)
    (sample,) = run.logged_samples("value")
    return sample


def drawn(value):
    """Return the pixels of a logged image, as Pillow reads them."""
    return np.asarray(Image.open(io.BytesIO(logged(value).content)))


GREY = np.arange(30, dtype=np.uint8).reshape(5, 6)
RGB = np.arange(90, dtype=np.uint8).reshape(5, 6, 3)
RGBA = np.arange(120, dtype=np.uint8).reshape(5, 6, 4)

IMAGES = {
    "grey": (GREY, GREY),
    "grey with a channel last": (GREY[:, :, None], GREY),
    "grey with a channel first": (GREY[None], GREY),
    "RGB": (RGB, RGB),
    "RGB, channels first": (RGB.transpose(2, 0, 1), RGB),
    "RGBA": (RGBA, RGBA),
    "tensor": (torch.tensor(RGB).permute(2, 0, 1), RGB),
    "tensor, channels last": (torch.tensor(RGB), RGB),
    "batch of one": (torch.tensor(RGB).permute(2, 0, 1)[None], RGB),
    "tensor with a gradient": (torch.tensor(GREY / 255, requires_grad=True), GREY),
    "bfloat16": (torch.eye(4, dtype=torch.bfloat16), 255 * np.eye(4)),
    "bool": (np.eye(4, dtype=bool), 255 * np.eye(4)),
    "int64 colours": (GREY.astype(np.int64), GREY),
    "not contiguous": (np.asfortranarray(RGB)[:, ::-1], RGB[:, ::-1]),
    "Pillow, grey": (Image.fromarray(GREY), GREY),
    "Pillow, RGB": (Image.fromarray(RGB), RGB),
    "Pillow, black and white": (Image.fromarray(GREY > 5), None),
    "Pillow, palette": (Image.fromarray(RGB).convert("P"), None),
    "Pillow, CMYK": (Image.fromarray(RGB).convert("CMYK"), None),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_an_image_has_the_pixels_of_the_value(kind):
    value, expected = IMAGES[kind]
    if expected is None:
        expected = np.asarray(value.convert("RGBA"))
    np.testing.assert_array_equal(drawn(value), expected)


RANGES = {
    "0 to 1": ([0.0, 0.5, 1.0], [0, 128, 255], "black is 0, white is 1"),
    "-1 to 1": ([-1.0, 0.0, 1.0], [0, 128, 255], "black is -1, white is 1"),
    "a little beyond 0 to 1": (
        [-0.03, 0.5, 1.05],
        [0, 128, 255],
        "black is 0, white is 1 · values beyond are clipped",
    ),
    "beyond -1 to 1": ([-1.1, 0.0, 1.0], [0, 128, 255], "white is 1 · values beyond are clipped"),
    "small on both sides of 0": ([-0.04, 0.0, 0.04], [122, 128, 133], "black is -1, white is 1"),
    "negative": ([-1.0, -0.5, 0.0], [0, 64, 128], "black is -1, white is 1"),
    "others": ([-3.0, 0.5, 4.0], [0, 128, 255], "black is -3, white is 4"),
    "whole numbers": ([0, 1, 200], [0, 1, 200], "black is 0, white is 255"),
    "large whole numbers": ([0, 500, 1000], [0, 128, 255], "black is 0, white is 1000"),
    "one value": ([7.5, 7.5, 7.5], [0, 0, 0], "black is 7.5, white is 7.5"),
}


@pytest.mark.parametrize("kind", RANGES)
def test_the_range_of_the_values_decides_and_is_said(kind):
    values, expected, words = RANGES[kind]
    image = np.array([values, values])
    assert drawn(image).tolist() == [expected, expected]
    assert words in logged(image).description


def test_a_batch_becomes_a_grid_with_transparent_gaps():
    batch = torch.stack([torch.full((3, 4, 4), value) for value in (0.0, 0.2, 0.4, 0.6, 0.8)])
    grid = drawn(batch)
    assert grid.shape == (10, 16, 4)
    assert [grid[0, left].tolist() for left in (0, 6, 12)] == [
        [value, value, value, 255] for value in (0, 51, 102)
    ]
    assert grid[0, 4, 3] == grid[4, 0, 3] == grid[6, 12, 3] == 0
    assert logged(batch).description.startswith("5 images of 4 by 4 pixels")


def test_images_of_several_sizes_and_kinds_become_one_grid():
    images = [Image.fromarray(RGB), GREY, torch.zeros(3, 7, 8)]
    grid = drawn(images)
    np.testing.assert_array_equal(grid[:5, :6, :3], RGB)
    np.testing.assert_array_equal(grid[:5, 10:16, 1], GREY)
    assert logged(images).description.startswith("3 images of several sizes")


@pytest.mark.parametrize("batch", [torch.zeros(100, 1, 4, 4), [np.zeros((4, 4))] * 100])
def test_of_many_images_the_first_are_drawn(batch):
    assert logged(batch).description.startswith("the first 64 of 100 images of 4 by 4 pixels")


@pytest.mark.parametrize("shape", [(1500, 1000), (3, 20_000, 300), (64, 3, 300, 300), (2, 2**21)])
def test_large_pictures_are_averaged(shape):
    sample = logged(np.full(shape, 0.5, np.float32))
    assert sample.width * sample.height <= pixels.MAX_PIXELS
    assert "smaller by averaging" in sample.description
    assert drawn(np.full(shape, 0.5, np.float32))[0, 0].flat[0] == 128


def test_pixels_that_are_not_finite_are_magenta():
    image = np.array([[0.0, np.nan], [np.inf, 1.0]])
    assert drawn(image).tolist() == [
        [[0, 0, 0], [230, 0, 230]],
        [[230, 0, 230], [255, 255, 255]],
    ]
    assert "magenta is NaN or infinite" in logged(image).description
    assert drawn(np.full((2, 2), np.nan))[0, 0].tolist() == [230, 0, 230]


def test_the_random_state_and_the_value_are_unchanged():
    image = torch.rand(4, 3, 8, 8)
    before, state = image.clone(), torch.get_rng_state()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that users share
    logged(image)
    assert torch.equal(image, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002


def test_texts_are_stored_as_they_are_up_to_a_length():
    assert logged("<b>a cat</b>\n").text == "<b>a cat</b>\n"
    assert logged(["a cat", "a dog"]).text == "a cat\n\na dog"
    assert logged("lone \ud800").text == "lone ?"
    long = logged("x" * (MAX_CHARACTERS + 1))
    assert len(long.text) == MAX_CHARACTERS
    assert long.description == "the first 100,000 of 100,001 characters"


def test_a_plotly_figure_is_stored_as_json_up_to_a_size():
    figure = plotly.graph_objects.Figure(plotly.graph_objects.Scatter(y=np.arange(3)))
    sample = logged(figure)
    assert sample.kind == "plotly"
    assert plotly.io.from_json(sample.text).data[0].type == "scatter"
    assert sample.text == figure.to_json()
    large = plotly.graph_objects.Scatter(y=np.random.default_rng(0).random(MAX_FIGURE_BYTES // 8))
    assert "fewer points" in logged(plotly.graph_objects.Figure(large)).text


class Figure:
    """Stands in for a figure of matplotlib, which the tests do not need to have."""

    def __init__(self, inches=(6, 4), dpi=100.0):
        self.inches, self.dpi = inches, dpi

    def get_size_inches(self):
        return np.array(self.inches)

    def savefig(self, file, *, format, dpi):
        assert format == "png"
        width, height = (int(dpi * side) for side in self.inches)
        file.write(png.encode(np.zeros((height, width, 3), np.uint8)))


class Pyplot:
    """Stands in for `matplotlib.pyplot`."""

    savefig = None

    def __init__(self):
        self.savefig = self.gcf = Figure


@pytest.mark.parametrize("value", [Figure(), Pyplot()])
def test_a_figure_of_matplotlib_is_stored_as_an_image(value):
    sample = logged(value)
    assert (sample.kind, sample.width, sample.height) == ("image", 600, 400)
    assert sample.description == "figure of 600 by 400 pixels"
    assert sample._repr_png_() == sample.content


def test_a_large_figure_of_matplotlib_is_drawn_with_fewer_pixels():
    sample = logged(Figure((20, 30), 300.0))
    assert sample.width * sample.height <= pixels.MAX_PIXELS


class BrokenFigure(Figure):
    def savefig(self, file, **options):
        raise ValueError("the formula cannot be drawn")


def test_an_error_of_a_figure_is_let_through_and_nothing_is_recorded():
    run = Run()
    with pytest.raises(ValueError, match=r"^the formula cannot be drawn$"):
        run.log(good=1.0, picture=GREY, bad=BrokenFigure())
    assert (run.names(), run.sample_log.series()) == ([], ())


NOT_TAKEN = {
    "list of numbers": [1.0, 2.0],
    "empty list": [],
    "list of a text and an image": ["a", np.zeros((2, 2))],
    "one dimension": np.zeros(5),
    "one column": torch.zeros(5, 1),
    "two channels": torch.zeros(2, 8, 8),
    "batch without channels": torch.zeros(16, 8, 8),
    "batch of latents": torch.zeros(16, 8, 8, 8),
    "five dimensions": torch.zeros(2, 2, 3, 8, 8),
    "no images": torch.zeros(0, 3, 8, 8),
    "complex": np.zeros((4, 4), complex),
    "objects": np.full((4, 4), None),
    "meta tensor": torch.zeros(3, 8, 8, device="meta"),
}


@pytest.mark.parametrize("kind", NOT_TAKEN)
def test_other_values_are_refused_and_nothing_is_recorded(kind):
    run = Run()
    with pytest.raises(TypeError, match=r"run\.log\(bad=\.\.\.\) takes .* an image .* not "):
        run.log(good=1.0, picture=GREY, epoch=3, bad=NOT_TAKEN[kind])
    assert (run.names(), run.epoch, run.sample_log.series()) == ([], None, ())


def test_a_batch_without_channels_is_told_how_to_add_one():
    with pytest.raises(TypeError, match=r"images\[:, None\] adds one"):
        Run().log(bad=torch.zeros(16, 8, 8))


def test_a_name_is_used_for_numbers_or_for_samples():
    run = Run()
    run.log(number=1.0, picture=GREY)
    with pytest.raises(ValueError, match=r"numbers were logged under the name 'number'"):
        run.log(number=GREY)
    with pytest.raises(ValueError, match=r"figures were logged under the name 'picture'"):
        run.log(picture=1.0)
    with pytest.raises(ValueError, match="my_loss"):
        run.log(loss=GREY)
    assert len(run.logged_samples("picture")) == len(run.series("number")[0]) == 1


def test_samples_have_the_step_and_replace_those_of_the_same_step():
    run = Run()
    for step in (0, 3):
        run.advance_to(step)
        run.log(text="earlier")
        run.log(text=f"at {step}")
    assert [(each.step, each.text) for each in run.logged_samples("text")] == [
        (0, "at 0"),
        (3, "at 3"),
    ]
    with pytest.raises(KeyError, match="there is: text"):
        run.logged_samples("other")


def test_images_of_a_watched_loop_leave_its_weights_as_they_are():
    assert torch.equal(trained(logs=True), trained(logs=False))


def trained(*, logs):
    torch.manual_seed(0)
    model = torch.nn.Linear(16, 16)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with labkit.watch(model, show=False) as run:
        for _ in range(5):
            made = model(torch.randn(4, 16))
            optimizer.zero_grad()
            made.pow(2).mean().backward()
            optimizer.step()
            if logs:
                run.log(made=made.reshape(4, 1, 4, 4))
    if logs:
        assert [each.step for each in run.logged_samples("made")] == [1, 2, 3, 4, 5]
    return model.weight
