"""How often frames are sent: as often as what they were measured to cost allows."""

import random

import pytest

from labkit.views.frame_rate import (
    MAX_INTERVAL_SECONDS,
    MIN_INTERVAL_SECONDS,
    OUT_OF_SIGHT_SECONDS,
    FrameRate,
    PageReport,
)

BUDGET = 0.03
IN_SIGHT = PageReport(0.004, is_local=False, is_in_sight=True)
AWAY = PageReport(0.0, is_local=False, is_in_sight=False)


class Loop:
    """A loop of `speed` steps per second, which each frame delays, and a page that reports.

    `lost` is the time in s that a frame takes of the loop, soon after it was sent, if all views
    draw it; others take a fifth. The time between two frames varies by `jitter`, in s.
    """

    def __init__(self, lost, report=IN_SIGHT, publishing=0.001, speed=1000, jitter=0.0):
        self.lost, self.report, self.publishing = lost, report, publishing
        self.speed, self.jitter, self.random = speed, jitter, random.Random(0)
        self.rate = FrameRate(0.0)
        self.now = 0.0
        self.steps = 0.0
        self.acknowledged_at = 0.0
        self.intervals = []
        self.drawn = []

    def run(self, seconds):
        """Send frames for some time; keep the intervals, and when all views drew."""
        self.intervals, self.drawn, ends = [], [], self.now + seconds
        while self.now < ends:
            self.send_frame()

    def send_frame(self):
        draws_all = self.rate.draws_all(self.now, BUDGET)
        if draws_all:
            self.drawn.append(self.now)
        self.rate.cost.frame_sent(self.now, int(self.steps))
        self.rate.frame_sent(self.now, self.publishing)
        if self.report and self.now - self.acknowledged_at >= 0.9:
            self.acknowledged_at = self.now
            self.rate.acknowledged(self.now, self.report)
        interval = self.rate.interval(self.now, BUDGET) + self.jitter * self.random.random()
        lost, due = self.lost if draws_all else self.lost / 5, self.rate.cost.sample_due
        if due < self.now + interval:
            self.rate.cost.sample(due, int(self.steps + self.speed * (due - self.now - lost)))
        self.steps += self.speed * (interval - lost)
        self.now += interval
        self.intervals.append(interval)


def test_frames_that_cost_the_loop_nothing_are_sent_ten_times_a_second():
    loop = Loop(lost=0.0)
    loop.run(30)
    loop.run(30)
    usual = sorted(loop.intervals)[len(loop.intervals) // 2]
    assert usual == pytest.approx(MIN_INTERVAL_SECONDS)
    assert max(loop.intervals) <= MAX_INTERVAL_SECONDS
    assert len(loop.drawn) == len(loop.intervals)


def test_whole_steps_of_a_slower_loop_are_not_taken_for_a_delay():
    loop = Loop(lost=0.0, speed=50, jitter=0.02)
    loop.run(60)
    loop.run(60)
    usual = sorted(loop.intervals)[len(loop.intervals) // 2]
    assert usual < 1.3 * MIN_INTERVAL_SECONDS


def test_frames_that_delay_the_loop_are_sent_as_the_budget_allows():
    loop = Loop(lost=0.009)  # 0.009 s of each 0.3 s are 3 %
    loop.run(60)
    assert loop.intervals[-1] == pytest.approx(0.3, rel=0.2)


def test_the_loss_is_drawn_twice_a_second_and_costly_views_as_the_budget_allows():
    loop = Loop(lost=0.06)
    loop.run(60)
    loop.run(60)
    assert max(loop.intervals) <= MAX_INTERVAL_SECONDS
    assert 10 <= len(loop.drawn) <= 60
    lost = 0.06 * len(loop.drawn) + 0.012 * (len(loop.intervals) - len(loop.drawn))
    assert lost / 60 < 2 * BUDGET


def test_the_rate_rises_again_when_frames_become_cheap():
    loop = Loop(lost=0.06)
    loop.run(60)
    loop.lost = 0.0
    loop.run(120)
    loop.run(10)
    assert min(loop.intervals) == pytest.approx(MIN_INTERVAL_SECONDS)
    assert len(loop.drawn) == len(loop.intervals)


@pytest.mark.parametrize(("used", "expected"), [(1.9, False), (1.0, True)])
def test_the_drawing_of_a_local_page_counts_if_the_kernel_leaves_no_core_free(used, expected):
    slow = PageReport(0.02, is_local=True, is_in_sight=True)
    loop = Loop(lost=0.0, report=slow)
    loop.rate.kernel_used(used, 2)
    loop.run(60)
    assert (loop.intervals[-1] < MAX_INTERVAL_SECONDS) == expected
    assert (len(loop.drawn) == len(loop.intervals)) == expected


def test_views_out_of_sight_get_few_frames_and_many_when_they_return():
    loop = Loop(lost=0.0)
    loop.run(20)
    loop.report = AWAY
    loop.run(20)
    assert loop.intervals[-1] == OUT_OF_SIGHT_SECONDS
    assert loop.rate.acknowledged(loop.now, IN_SIGHT)  # and a frame is sent at once
    assert loop.rate.interval(loop.now, BUDGET) <= MAX_INTERVAL_SECONDS


def test_one_page_in_sight_is_enough():
    loop = Loop(lost=0.0)
    for _ in range(40):
        loop.rate.acknowledged(loop.now, AWAY)
        loop.send_frame()
    assert loop.intervals[-1] <= MAX_INTERVAL_SECONDS


def test_a_page_that_does_not_answer_gets_few_frames():
    loop = Loop(lost=0.0, report=None)
    loop.run(10)
    assert loop.intervals[-1] == OUT_OF_SIGHT_SECONDS
    loop.run(60)
    assert loop.intervals[-1] > OUT_OF_SIGHT_SECONDS
