"""Predictions: what is read, which one counts, how they are scored, and what is said of them."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import torch

from labkit.learn import chapter, progress
from labkit.learn.chapters import load_plan
from labkit.learn.predictions import Choice, Curve, Exact, Number, Place
from labkit.learn.record import FILE_NAME


class Broken:
    """An object whose methods raise."""

    def __float__(self):
        raise RuntimeError("no")

    __repr__ = __len__ = __getitem__ = __float__

    def item(self):
        raise RuntimeError("no")

    tolist = item


KINDS = {
    "choice": Choice("n", "q", options={"a": "On the GPU", "b": "On the CPU"}),
    "number": Number("n", "q"),
    "exact": Exact("n", "q"),
    "shape": Exact("n", "q", length=2),
    "any shape": Exact("n", "q", length=0),
    "percentage": Number("n", "q", unit="%", low=50, high=100),
    "curve": Curve("n", "q", x=(0, 10), y=(0, 1)),
    "place": Place("n", "q", picture=lambda: None, x=(0, 10), y=(0, 10)),
    "row": Place("n", "q", picture=lambda: None, x=(0, 9), y=(1, -1), names=("place", "")),
}


GRID = Place(
    "n", "q", picture=lambda: None, x=(-0.5, 9.5), y=(9.5, -0.5), cells=True, numbered="sample"
)


@pytest.mark.parametrize("typed", [12, "12", torch.tensor(12), np.int64(12), (2, 1), "(2, 1)"])
def test_a_numbered_place_is_typed_and_shown_as_its_number(typed):
    assert GRID.read(typed) == (2, 1)
    assert GRID.text(GRID.read(typed)) == "sample `12`"


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        ("choice", " B ", "b"),
        ("choice", "on the cpu", "b"),
        ("number", "0.7", 0.7),
        ("number", "50 %", 0.5),
        ("number", "1/4", 0.25),
        ("number", "1e-3", 0.001),
        ("number", "−2", -2.0),
        ("number", torch.tensor([0.5]), 0.5),
        ("number", np.float32(0.5), 0.5),
        ("number", torch.tensor(2.0, requires_grad=True), 2.0),
        ("exact", "44", 44),
        ("exact", 44.0, 44),
        ("exact", torch.tensor(44), 44),
        ("exact", np.int64(44), 44),
        ("shape", "(1,4)", (1, 4)),
        ("shape", "1 x 4", (1, 4)),
        ("shape", "[1, 4]", (1, 4)),
        ("shape", torch.Size((1, 4)), (1, 4)),
        ("shape", torch.tensor([1, 4]), (1, 4)),
        ("shape", np.array([1, 4]), (1, 4)),
        ("any shape", "(4,)", (4,)),
        ("any shape", "2 x 1 x 4", (2, 1, 4)),
        ("percentage", "94 %", 94.0),
        ("percentage", 94, 94.0),
        ("row", 9, (9.0, 0.0)),
        ("row", "9", (9.0, 0.0)),
        ("row", (9, 0), (9.0, 0.0)),
        ("curve", [0, 0.5, 2], (0.0, 0.5, 1.0)),
        ("curve", torch.tensor([0.0, 0.5]), (0.0, 0.5)),
        ("place", (2, 30), (2.0, 10.0)),
        ("place", "(2, 3)", (2.0, 3.0)),
    ],
)
def test_what_can_be_understood_is_read(kind, typed, read):
    assert KINDS[kind].read(typed) == read


NONSENSE = [
    *("", "much", "1" * 5000, "9" * 60 + "!", "(", None, {}, [], [1, "b", 3], [[1]], {1, 2}),
    *(math.nan, math.inf, 10**400, -(10**400), True, 1j, b"a", object(), Broken(), [Broken()] * 2),
    *(torch.zeros(0), torch.zeros(3, 3), np.array("b"), torch.empty(2, device="meta"), Broken),
]


@pytest.mark.parametrize("value", NONSENSE, ids=range(len(NONSENSE)))
@pytest.mark.parametrize("kind", KINDS)
def test_everything_else_is_refused_in_a_sentence(kind, value):
    with pytest.raises(ValueError, match="asks for") as error:
        KINDS[kind].read(value)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("value", [98, "98", "980%", -0.1])
def test_a_fraction_is_asked_for_where_a_number_is_none(value):
    share = Number("share", "Which fraction?", low=0, high=1)
    with pytest.raises(ValueError, match=r"a fraction, from 0 to 1: 80 percent is `0\.8`"):
        share.read(value)
    assert share.read("98%") == 0.98


def test_per_cent_are_read_with_their_sign_and_a_fraction_is_refused():
    accuracy = Number("accuracy", "How many?", low=10, high=100, unit="%")
    assert [accuracy.read(value) for value in (97, "97", "97%", "97 %", "0.5%", 0)] == [
        *(97, 97, 97, 97, 0.5, 0)
    ]
    assert accuracy.read_outcome(0.4) == 0.4
    with pytest.raises(ValueError, match=r"`97` in place of `0\.97`"):
        accuracy.read(0.97)


def test_one_number_is_a_place_where_the_other_coordinate_has_no_name():
    lines = Place(
        "n", "q", picture=lambda: None, x=(-0.5, 0.5), y=(5.5, 0.5), cells=True, names=("", "line")
    )
    for value in (5, "5", torch.tensor(5), (0, 5)):
        assert lines.read(value) == (0, 5)
    with pytest.raises(ValueError, match="asks for a place"):
        lines.read("the last")


def test_a_decimal_comma_is_pointed_out():
    with pytest.raises(ValueError, match=r"write a decimal point, as in `0\.7`"):
        KINDS["number"].read("0,7")


@pytest.mark.parametrize("value", [10**400, Broken(), "d", "", None])
def test_a_refused_value_is_explained_in_the_card_and_not_stored(tmp_path, value):
    tensors = chapter("01_tensors", tmp_path)
    assert "asks for one letter of a, b, c" in repr(tensors.predict("two_lists", value))
    assert "Not answered yet" in repr(tensors.predict("two_lists"))


def test_the_first_prediction_counts(tmp_path):
    tensors = chapter("01_tensors", tmp_path)
    assert "Locked in: 300 (certain)." in repr(tensors.predict("uint8_sum", 300, sure=3))
    assert "Your first prediction counts: 300" in repr(tensors.predict("uint8_sum", 44))
    assert "300 needs nine bits" in repr(tensors.score("uint8_sum", 44))


def test_after_run_all_a_prediction_can_still_be_made_and_is_marked_as_late(tmp_path):
    tensors = chapter("01_tensors", tmp_path)
    card = repr(tensors.score("uint8_sum", 44))
    assert card.startswith("No prediction. You made no prediction here.")
    assert repr(tensors.score("uint8_sum", 44)) == card
    assert "You can still predict before you look" in repr(tensors.predict("uint8_sum"))
    tensors.predict("uint8_sum", 300, sure=3)
    assert "0 of 12 scored" in repr(tensors.progress())
    tensors.predict("uint8_sum", 44)  # not in place of the first one, now either
    late = repr(tensors.score("uint8_sum", 45))
    assert "You predicted 300; the outcome is 44." in late
    assert "after the outcome had been computed" in late
    assert repr(chapter("01_tensors", tmp_path).score("uint8_sum", 45)) == late
    said = repr(tensors.progress())
    assert "1 of 12 scored: 1 made after the outcome had been computed." in said
    assert "To repeat: uint8_sum." in said


def test_late_predictions_are_left_out_of_how_sure_and_how_right(tmp_path):
    autograd = chapter("02_autograd", tmp_path)
    made = (("boxes", 5), ("two_paths", 54), ("cut_square", 3), ("second_backward", 12))
    for name, outcome in made[:3]:
        autograd.predict(name, outcome, sure=2)
        autograd.score(name, outcome)
    name, outcome = made[3]
    autograd.score(name, outcome)
    autograd.predict(name, outcome, sure=3)
    autograd.score(name, outcome)
    assert "Right or close: 3 of 3 when fairly sure. " in repr(autograd.progress())
    chapters = progress(tmp_path).chapters
    assert (chapters[2].hits(), len(chapters[2].scored)) == ((3, 3), 4)


def test_a_prediction_after_an_outcome_that_was_shown_beside_another_is_refused(tmp_path):
    """As when the option that was chosen is no longer offered."""
    entry = {"value": "one that is gone", "outcome": "b", "score": "off"}
    contents = {"version": 1, "chapters": {"01_tensors": {"predictions": {"two_lists": entry}}}}
    (tmp_path / FILE_NAME).write_text(json.dumps(contents))
    tensors = chapter("01_tensors", tmp_path)
    assert "outcome was shown to you already" in repr(tensors.predict("two_lists", "b"))
    tensors.forget("two_lists")
    assert "Locked in: b" in repr(tensors.predict("two_lists", "b"))


def test_the_first_outcome_counts(tmp_path):
    autograd = chapter("02_autograd", tmp_path)
    autograd.predict("second_backward", 12)
    first = autograd.score("second_backward", 12.0)
    for later in (18.0, math.nan, "changed"):
        again = chapter("02_autograd", tmp_path).score("second_backward", later)
        assert first.heading == again.heading == "Right"
        assert repr(first) == repr(again)
    with pytest.raises(ValueError, match="asks for whole numbers"):
        autograd.score("boxes", math.nan)


def test_a_prediction_is_restored_in_a_new_kernel(tmp_path):
    chapter("01_tensors", tmp_path).predict("transpose_stride", (4, 1), sure=1)
    again = chapter("01_tensors", tmp_path)
    assert "Locked in: (4, 1) (guessing)" in repr(again.predict("transpose_stride", ...))
    assert "You predicted (4, 1)" in repr(again.score("transpose_stride", (1, 4)))


@pytest.mark.parametrize("sure", [0, 4, "very", True, 2.5])
def test_how_sure_is_one_of_three(tmp_path, sure):
    tensors = chapter("01_tensors", tmp_path)
    assert "1 for guessing" in repr(tensors.predict("uint8_sum", 44, sure=sure))
    assert "Not answered yet" in repr(tensors.predict("uint8_sum"))


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        [],
        {"score": "right"},
        {"value": {"a": 1}, "outcome": 44},
        {"value": "three hundred"},
        {"value": 300, "outcome": "much", "sure": "very"},
        {"value": 300, "sure": 17},
        {"value": [1, 2], "outcome": [3], "score": 5},
        {"value": 1e300, "outcome": None},
    ],
)
def test_an_entry_that_was_edited_by_hand_is_read_as_far_as_it_goes(tmp_path, entry):
    contents = {"version": 1, "chapters": {"01_tensors": {"predictions": {"uint8_sum": entry}}}}
    (tmp_path / FILE_NAME).write_text(json.dumps(contents))
    tensors = chapter("01_tensors", tmp_path)
    tensors.predict("uint8_sum")
    tensors.predict("uint8_sum", 44)
    said = repr(tensors.score("uint8_sum", 44))
    assert "The outcome is 44" in said or "You predicted" in said
    tensors.progress()


def test_close_is_not_said_of_a_known_misconception():
    for name in ("00_start_here", "02_autograd", "03_linear_regression", "08_cnn", "09_rnn"):
        for prediction in load_plan(name).predictions:
            for value in prediction.misconceptions().values():
                for outcome in prediction.misconceptions().values():
                    actual = tuple(enumerate(outcome)) if isinstance(prediction, Curve) else outcome
                    assert prediction.score(value, actual) != "close"


def test_an_exact_number_has_no_close():
    assert Number("n", "q", exact=True).score(53.0, 54.0) == "off"
    assert Number("n", "q", exact=True).score(54.0, 54.00001) == "right"
    assert Number("n", "q", near=0.1, far=0.1).score(45.0, 54.0) == "off"
    assert Number("n", "q").score(45.0, 54.0) == "close"


def test_a_curve_is_compared_where_the_run_was():
    loss = Curve("n", "q", x=(0, 100), y=(0, 1))
    falling = loss.read([1, 0.4, 0.2, 0.15, 0.1])
    run = [(step, max(0.1, 1 - step / 40)) for step in range(101)]
    assert loss.score(falling, loss.read_outcome(run)) == "right"
    assert loss.score(loss.read([1, 0.2, 0.2]), loss.read_outcome(run)) == "close"
    assert loss.score(loss.read([1, 1]), loss.read_outcome(run)) == "off"
    assert loss.score(falling, loss.read_outcome(run[:21])) == "right"


def test_the_outcome_of_a_curve_may_be_points_heights_or_two_arrays():
    loss = Curve("n", "q", x=(0, 4), y=(0, 10))
    expected = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))
    steps, values = np.arange(5), np.arange(1.0, 6.0)
    for outcome in (expected, list(values), (steps, values), np.stack([steps, values], axis=1)):
        assert loss.read_outcome(outcome) == expected
    long = loss.read_outcome((np.linspace(0, 4, 10_000), np.ones(10_000)))
    assert len(long) <= 200


@pytest.mark.parametrize(
    ("shape", "right", "off"),
    [
        ("falls and rises", [0.9, 0.1, 0.4], [0.9, 0.5, 0.1]),
        ("falls and rises", [0.3, 0.05, 0.9], [0.1, 0.5, 0.9]),
        ("zigzags", [0.2, 0.9, 0.1, 0.8, 0.1, 0.7], [0.1, 0.9, 0.1]),
        ("zigzags", [0.9, 0.1] * 8, [0.9, 0.1]),
        ("levels off", [1.0, 0.3, 0.3, 0.3], [1.0, 0.6, 0.3, 0.0]),
        ("rises", [0.2, 0.6, 0.6], [0.6, 0.4, 0.2]),
    ],
)
def test_a_sketch_of_the_right_shape_is_right_at_any_height(shape, right, off):
    curve = Curve("n", "q", x=(0, 10), y=(0, 1), near=0.01, far=0.02, shape=shape)
    outcome = curve.read_outcome([0.5] * 11)
    assert curve.score(curve.read(right), outcome) == "right"
    assert curve.score(curve.read(off), outcome) == "off"


def test_a_known_misconception_without_the_shape_is_off_however_near():
    reasons = {"flat": "It begins on a slope."}
    ends = {"x": (0, 10), "y": (0, 1), "reasons": reasons}
    outcome = [1.0, *[0.3] * 10]
    near, shaped = Curve("n", "q", **ends), Curve("n", "q", **ends, shape="levels off")
    flat = near.read([0.3, 0.3])
    assert near.score(flat, near.read_outcome(outcome)) == "right"
    assert shaped.score(flat, shaped.read_outcome(outcome)) == "off"


def test_a_curve_of_an_unknown_shape_or_axis_is_refused():
    with pytest.raises(ValueError, match=r"no shape.*wavy.*flat"):
        Curve("n", "q", x=(0, 1), y=(0, 1), reasons={"wavy": "No."})
    with pytest.raises(ValueError, match="no shape"):
        Curve("n", "q", x=(0, 1), y=(0, 1), shape="wavy")
    with pytest.raises(ValueError, match="axis of 'n' begins at 0"):
        Curve("n", "q", x=(0, 1), y=(0, 1), log=True)


def test_an_outcome_that_diverges_is_at_the_top_of_the_axis():
    loss = Curve("n", "q", x=(0, 2), y=(1e-3, 10), log=True)
    outcome = loss.read_outcome([(0, 1), (1, math.inf), (2, math.nan)])
    assert outcome == ((0, 1), (1, 10), (2, 10))
    assert loss.score(loss.read([1, 10, 10]), outcome) == "right"
    with pytest.raises(ValueError, match="must be a curve"):
        loss.read_outcome(3)


def test_the_score_of_a_curve_draws_the_run_over_the_sketch(tmp_path):
    start = chapter("00_start_here", tmp_path)
    start.predict("first_curve", [0.7, 0.4, 0.3], sure=3)
    card = start.score("first_curve", [(0, 0.7), (50, 0.45), (100, 0.3)])
    html = card._repr_html_()
    assert card.heading == "Right"
    assert html.count("stroke-dasharray") == 2  # the sketch, and its entry in the legend
    assert "your sketch" in html
    assert "You were certain, and you were right." in html


def test_the_score_of_a_place_marks_it_on_the_picture(tmp_path):
    tensors = chapter("01_tensors", tmp_path)
    tensors.predict("place_in_strip", (6, 0))
    card = tensors.score("place_in_strip", (9, 0))
    assert "the other way round" in repr(card)
    assert "You clicked (an orange ring): place 6" in card._repr_html_()


def test_the_mark_of_a_cell_at_the_edge_is_inside_the_picture(tmp_path):
    loading = chapter("05_data_loading", tmp_path)
    loading.predict("first_of_worker_one", 1)
    html = loading.score("first_of_worker_one", 12)._repr_html_()
    assert "You predicted sample" in html.replace("<code>1</code>", "")
    middle, radius = re.search(r'cy="([\d.]+)" r="([\d.]+)"', html).groups()
    assert float(middle) > float(radius) > 0


def test_explanations_have_code_emphasis_and_paragraphs(tmp_path):
    start = chapter("00_start_here", tmp_path)
    start.predict("zeros_device", "a")
    html = start.score("zeros_device", "b")._repr_html_()
    assert "<em>which</em>" in html
    assert "<code>set_device</code>" in html
    assert html.count("<div style=") >= 4
    assert "*" not in html


def test_without_a_prediction_the_explanation_is_folded(tmp_path):
    html = chapter("01_tensors", tmp_path).score("uint8_sum", 44)._repr_html_()
    before, folded = html.split("<details")
    assert "44" not in before
    assert "mileage counter" in folded


def test_progress_says_how_right_and_how_sure(tmp_path):
    autograd = chapter("02_autograd", tmp_path)
    for name, value, sure in (("boxes", 5, 3), ("two_paths", 36, 3), ("cut_square", 3, 1)):
        autograd.predict(name, value, sure=sure)
    for name, outcome in (("boxes", 5), ("two_paths", 54), ("cut_square", 3)):
        autograd.score(name, outcome)
    autograd.predict("second_backward", 6)
    said = repr(autograd.progress())
    number = len(autograd.plan.predictions)
    assert f"3 of {number} scored: 2 right, 1 not what you expected." in said
    assert "Right or close: 1 of 2 when certain, 1 of 1 when guessing." in said
    assert "You know more than you think" in said
    assert "Predicted, not run yet: second_backward." in said
    assert "To repeat: two_paths." in said


def test_unknown_names_raise_with_the_known_names(tmp_path):
    tensors = chapter("01_tensors", tmp_path)
    with pytest.raises(ValueError, match=r"did you mean 'uint8_sum'\?\); it has .*uint8_sum"):
        tensors.predict("uint8")
    with pytest.raises(ValueError, match=r"'standardise' is an exercise: `chapter\.check`"):
        tensors.predict("standardise")
    with pytest.raises(TypeError, match=r"a name in quotes, as in 'uint8_sum'; got `<"):
        tensors.predict(print)


def test_a_number_refuses_percentages_where_fractions_belong():
    with pytest.raises(ValueError, match="fractions of the outcome"):
        Number("accuracy", "How many?", near=2, far=5)


def test_a_percentage_refuses_fractions():
    asked = Number("n", "q", unit="%", low=50, high=100)
    with pytest.raises(ValueError, match=r"a percentage: `94` in place of `0\.94`"):
        asked.read(0.94)
    asked = Number("n", "q", unit="%", low=0, high=100)
    with pytest.raises(ValueError, match=r"a percentage: `50` in place of `0\.5`"):
        asked.read(0.5)
    assert asked.read("0.5%") == 0.5
