"""A message of any size is sent in messages of bounded size, from which the page restores it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from labkit.views.fragments import MAX_MESSAGE_BYTES, Fragmenter
from labkit.views.message_builders import Message

from .page import Page

BUFFERS = st.lists(st.binary(max_size=2000), max_size=5)


class Recorder(Page):
    """A page that records the messages it restores."""

    def __init__(self):
        super().__init__()
        self.received = []

    def receive(self, content, buffers):
        if content["type"] == "fragment":
            super().receive(content, buffers)
        else:
            self.received.append((content, buffers))


def size(message):
    """Return the size of a message as it is sent."""
    return len(json.dumps(message.content)) + sum(map(len, message.buffers))


@given(
    texts=st.lists(st.text(max_size=500), min_size=1, max_size=3),
    buffers=BUFFERS,
    max_bytes=st.integers(300, 3000),
)
def test_fragments_are_bounded_and_contain_the_message(texts, buffers, max_bytes):
    fragmenter, page = Fragmenter(max_bytes), Recorder()
    for text in texts:
        for part in fragmenter.fragments(Message({"type": "walk", "text": text}, list(buffers))):
            assert size(part) <= max_bytes
            page.receive(part.content, part.buffers)
    assert page.received == [({"type": "walk", "text": text}, buffers) for text in texts]
    assert not page.fragments


def test_fragments_of_two_messages_may_alternate():
    fragmenter, page = Fragmenter(300), Recorder()
    messages = [Message({"type": "walk"}, [bytes([value]) * 400]) for value in (1, 2)]
    for pair in zip(*map(fragmenter.fragments, messages), strict=True):
        for part in pair:
            page.receive(part.content, part.buffers)
    assert page.received == [(message.content, message.buffers) for message in messages]


def test_a_message_that_lacks_a_fragment_is_not_restored():
    fragmenter, page = Fragmenter(300), Recorder()
    first, _, *rest = fragmenter.fragments(Message({"type": "walk"}, [bytes(300)]))
    for part in (first, *rest):
        page.receive(part.content, part.buffers)
    assert not page.received


def test_a_message_of_usual_size_is_sent_as_it_is():
    message = Message({"type": "frame"}, [bytes(MAX_MESSAGE_BYTES - 1000)])
    assert list(Fragmenter().fragments(message)) == [message]
