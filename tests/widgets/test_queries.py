"""A widget answers the queries of its pages with their numbers, and refuses other versions."""

import pytest

from labkit.learn.queries import QueriedWidget
from labkit.views.message_builders import PROTOCOL_VERSION, other_version


class Doubling(QueriedWidget):
    """Doubles what a page asks for."""

    def __init__(self):
        super().__init__()
        self.doubled = 0
        self.answer_queries(value=0)

    def answer_query(self, query):
        self.doubled = 2 * query["value"]
        return f"{self.doubled}"


def send(widget, version=PROTOCOL_VERSION, **query):
    """Deliver a query as a page sends it."""
    state = {"page_protocol": version, "query": query}
    widget.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}})


def test_a_query_is_answered_and_its_number_comes_back():
    widget = Doubling()
    assert (widget.answered, widget.said) == (0, "")
    send(widget, number=1, value=4)
    assert (widget.doubled, widget.answered, widget.said) == (8, 1, "8")
    send(widget, number=2, value=5)
    assert (widget.doubled, widget.answered, widget.said) == (10, 2, "10")


def test_a_page_of_another_version_is_answered_with_what_to_do():
    widget = Doubling()
    send(widget, PROTOCOL_VERSION + 1, number=1, value=4)
    assert (widget.doubled, widget.answered) == (0, 1)
    assert widget.said == other_version(PROTOCOL_VERSION + 1)


@pytest.mark.parametrize("number", [None, "3", 2.5])
def test_a_number_that_is_none_is_not_sent_back(number):
    widget = Doubling()
    send(widget, number=number, value=4)
    assert (widget.doubled, widget.answered) == (8, 0)
