"""A message of any size is sent in messages of bounded size, from which the page restores it."""

import json
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from labkit.views.fragments import MAX_MESSAGE_BYTES, Fragmenter
from labkit.views.message_builders import Message

from .reassembly import Reassembly

BUFFERS = st.lists(st.binary(max_size=2000), max_size=5)


def restored(parts):
    """Return the messages that are restored from parts of messages, in order of completion."""
    reassembly = Reassembly()
    messages = (reassembly.whole(part.content, part.buffers) for part in parts)
    return [message for message in messages if message is not None]


def size(message):
    """Return the size of a message as it is sent."""
    return len(json.dumps(message.content)) + sum(map(len, message.buffers))


@given(
    texts=st.lists(st.text(max_size=500), min_size=1, max_size=3),
    buffers=BUFFERS,
    max_bytes=st.integers(300, 3000),
)
def test_fragments_are_bounded_and_contain_the_message(texts, buffers, max_bytes):
    fragmenter = Fragmenter(max_bytes)
    messages = [Message({"type": "walk", "text": text}, list(buffers)) for text in texts]
    parts = [part for message in messages for part in fragmenter.fragments(message)]
    assert all(size(part) <= max_bytes for part in parts)
    assert restored(parts) == [(message.content, buffers) for message in messages]


def test_fragments_of_two_messages_may_alternate():
    fragmenter = Fragmenter(300)
    messages = [Message({"type": "walk"}, [bytes([value]) * 400]) for value in (1, 2)]
    parts = chain(*zip(*map(fragmenter.fragments, messages), strict=True))
    assert restored(parts) == [(message.content, message.buffers) for message in messages]


def test_a_message_that_lacks_a_fragment_is_not_restored():
    first, _, *rest = Fragmenter(300).fragments(Message({"type": "walk"}, [bytes(300)]))
    assert restored([first, *rest]) == []


def test_a_message_of_usual_size_is_sent_as_it_is():
    message = Message({"type": "frame"}, [bytes(MAX_MESSAGE_BYTES - 1000)])
    assert list(Fragmenter().fragments(message)) == [message]
