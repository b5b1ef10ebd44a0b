"""How much is on its way to the pages: no more than a slow line carries in a moment."""

import math

import pytest

from labkit.views.flow_control import MAX_UNACKNOWLEDGED_BYTES, FlowControl

PART = MAX_UNACKNOWLEDGED_BYTES // 4


class Line:
    """A line that carries `rate` bytes per second to a page, which acknowledges what is awaited.

    `size` is the size of a frame; one is due every 0.1 s. `most` is the longest time that a frame
    has taken.
    """

    def __init__(self, rate, size, flow=None):
        self.rate, self.size = rate, size
        self.flow = flow or FlowControl()
        self.now = self.free_at = self.acknowledged_at = self.most = 0.0
        self.seq, self.arrived = 0, 0
        self.underway = []

    def run(self, seconds):
        ends, self.most, before = self.now + seconds, 0.0, self.arrived
        while self.now < ends:
            self.now += 0.1
            self.receive()
            if self.now >= self.flow.next_at:
                self.send()
        return self.arrived - before

    def send(self, size=None):
        self.seq += 1
        self.free_at = max(self.free_at, self.now) + (size or self.size) / self.rate
        self.underway.append((self.seq, self.now, self.free_at, self.flow.is_awaited))
        self.flow.sent(self.seq, size or self.size, self.now)

    def receive(self):
        while self.underway and self.underway[0][2] <= self.now:
            seq, sent_at, arrived_at, is_awaited = self.underway.pop(0)
            self.arrived += 1
            self.most = max(self.most, arrived_at - sent_at)
            if is_awaited or self.now - self.acknowledged_at >= 0.9:
                self.acknowledged_at = self.now
                self.flow.acknowledged(seq, self.now)


def test_small_frames_over_a_fast_line_are_never_delayed():
    assert Line(rate=1e6, size=5_000).run(20) == pytest.approx(200, abs=2)


@pytest.mark.parametrize("size", [3_000, 20_000, 56_000])
@pytest.mark.parametrize("rate", [30_000, 125_000])
def test_frames_do_not_wait_behind_one_another_on_a_slow_line(rate, size):
    line = Line(rate, size)
    line.run(20)
    arrived = line.run(60)
    assert line.most < MAX_UNACKNOWLEDGED_BYTES / rate + size / rate + 1
    assert arrived > 0.4 * min(10, rate / size) * 60  # and the line is used


def test_frames_continue_at_once_when_a_large_message_has_arrived():
    line = Line(rate=125_000, size=3_000)
    line.run(5)
    line.send(1_200_000)
    line.run(9)
    assert line.run(5) > 30


def test_a_page_that_does_not_acknowledge_gets_few_frames():
    flow = FlowControl()
    for seq in range(5):
        flow.sent(seq, PART, now=0.1 * seq)
    assert flow.is_full
    assert 1 < flow.next_at < 10
    flow.acknowledged(4, now=1.0)
    assert flow.next_at == -math.inf


def test_what_is_on_its_way_to_pages_that_cannot_acknowledge_is_limited_by_time():
    flow = FlowControl()
    flow.sent(1, 50_000, now=0.0)
    flow.assume_acknowledged(now=0.0)
    assert flow.next_at == pytest.approx(0.5)
    assert not flow.is_full


def test_an_acknowledgement_of_a_second_page_that_comes_later_changes_nothing():
    flow = FlowControl()
    flow.sent(1, 100, now=0.0)
    flow.acknowledged(1, now=0.1)
    flow.acknowledged(1, now=5.0)
    assert not flow.is_awaited
