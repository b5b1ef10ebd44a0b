"""The speed of a loop, as seen several times a second."""

import pytest

from labkit.run.step_rate import StepRate


def rates_of(durations, between=0.1):
    """Return the rates seen during steps of these durations, by number of completed steps."""
    rate, now, end, seen = StepRate(), 0.0, 0.0, {}
    for completed, duration in enumerate(durations):
        end += duration
        while now < end:
            seen.setdefault(completed, []).append(rate.at(now, completed))
            now += between
    return seen


@pytest.mark.parametrize("seconds", [0.5, 2, 5, 30])
def test_slow_steps_have_the_rate_that_they_have(seconds):
    seen = rates_of([seconds] * 8)
    assert set(seen[0] + seen[1]) == {None}
    later = [value for completed in range(2, 8) for value in seen[completed]]
    assert later == pytest.approx([1 / seconds] * len(later), rel=0.25)


def test_fast_steps_have_their_rate_at_any_time():
    seen = rates_of([0.01] * 1000, between=0.07)
    later = [value for completed, values in seen.items() if completed > 50 for value in values]
    assert later == pytest.approx([100] * len(later), rel=0.05)


def test_a_long_step_lowers_the_rate_without_reaching_zero():
    seen = rates_of([0.1] * 100 + [60] + [0.1] * 50)
    waiting = seen[100]
    assert waiting == sorted(waiting, reverse=True)
    assert 0 < waiting[-1] < 1
    assert seen[149][-1] == pytest.approx(10, rel=0.1)


def test_the_time_before_the_first_step_does_not_count():
    seen = rates_of([100, 1, 1, 1])
    assert seen[2][-1] == pytest.approx(1, rel=0.2)
