"""The card of a prediction stores what a page sends, and shows what is stored."""

from xml.etree import ElementTree

import pytest

from labkit.learn import chapter, restore_progress
from labkit.learn.chapters import chapter_names
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE


def send(card, **content):
    """Deliver a message as a page sends it."""
    whole = {"type": "lock", "protocol": PROTOCOL_VERSION, **content}
    data = {"method": "custom", "content": whole}
    card.comm.handle_msg({"content": {"data": data}, "buffers": []})


@pytest.fixture
def tensors(tmp_path):
    return chapter("01_tensors", tmp_path)


def test_a_page_locks_a_prediction_in(tensors):
    card = tensors.predict("two_lists")
    assert card.is_open
    send(card, value="b", sure=3)
    assert not card.is_open
    assert card.locked == {"value": "b", "text": 'Locked in: `b`, "(2,)" (certain).', "sure": 3}
    assert tensors.score("two_lists", "b").heading == "Right"


def test_a_second_page_is_shown_what_counts(tensors):
    card, other = tensors.predict("two_lists"), tensors.predict("two_lists")
    send(card, value="b", sure=3)
    assert other.locked == card.locked
    send(other, value="a", sure=1)
    assert "first prediction counts" in other.said
    assert other.locked["value"] == "b"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"value": "d", "sure": 1}, "This asks for one letter of a, b, c"),
        ({"value": None, "sure": 1}, "This asks for one letter"),
        ({"value": "a", "sure": 7}, "`sure` is one of 1, 2, 3"),
    ],
)
def test_what_cannot_be_locked_in_is_refused_each_time(tensors, content, said):
    card = tensors.predict("two_lists")
    heard = []
    card.observe(lambda change: heard.append(change.new), "said")
    for _ in range(2):
        send(card, **content)
    assert [text.startswith(said) for text in heard if text] == [True, True]
    assert card.is_open


def test_a_page_of_another_version_is_refused(tensors):
    card = tensors.predict("two_lists")
    send(card, protocol=PROTOCOL_VERSION + 1, value="b", sure=3)
    assert card.said == other_version(PROTOCOL_VERSION + 1)
    assert card.is_open


def test_cards_on_the_page_follow_the_score_and_a_reset(tensors, tmp_path):
    card = tensors.predict("two_lists")
    chapter("01_tensors", tmp_path).score("two_lists", "b")  # as after "Continue here"
    assert card.is_open
    assert "You can still predict before you look" in card.note
    send(card, value="b", sure=3)
    assert "run the cell with the score again" in card.locked["text"]
    tensors.score("two_lists", "b")
    assert "had been computed by then" in card.locked["text"]
    assert not card.is_open
    tensors.forget("two_lists")
    assert card.is_open
    assert card.note == ""


def test_forgetting_and_restoring_a_chapter_is_shown_in_its_cards(tensors, tmp_path):
    card = tensors.predict("two_lists", "b")
    tensors.forget()
    assert card.is_open
    restore_progress(tmp_path / "labkit-progress-01_tensors-1.json", tmp_path)
    assert card.locked["value"] == "b"


@pytest.mark.parametrize("name", chapter_names())
def test_the_saved_picture_says_what_was_predicted(tmp_path, name):
    opened = chapter(name, tmp_path)
    for prediction in opened.plan.predictions:
        data, _ = opened.predict(prediction.name)._repr_mimebundle_()
        assert "Not answered yet" in data["text/plain"]
        for value in list(prediction.misconceptions().values())[:1]:
            data, _ = opened.predict(prediction.name, value, sure=1)._repr_mimebundle_()
            assert "Locked in" in data["text/plain"]
            picture = ElementTree.fromstring(data["image/svg+xml"])
            assert any("(guessing)" in (each.text or "") for each in picture.iter())
            assert VIEW_MIME_TYPE in data
