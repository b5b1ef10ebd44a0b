"""A page gets as many frames as it draws, and one that is gone gets none."""

from labkit.playing.pages import SIGHT_SECONDS, Pages


def sent_until_full(pages, now):
    numbers = []
    while pages.may_send(now):
        numbers.append(pages.send(now))
    return numbers


def test_a_page_counts_as_shown_while_it_reports():
    pages = Pages()
    assert not pages.is_shown(0.0)
    pages.report("a", visible=True, number=0, now=0.0)
    assert pages.is_shown(SIGHT_SECONDS - 0.1)
    assert not pages.is_shown(SIGHT_SECONDS + 0.1)
    pages.report("a", visible=True, number=0, now=10.0)
    pages.report("b", visible=True, number=0, now=10.0)
    pages.report("a", visible=False, number=0, now=10.0)
    assert pages.is_shown(10.1)
    pages.report("b", visible=False, number=0, now=10.0)
    assert not pages.is_shown(10.1)


def test_frames_do_not_pile_up():
    pages = Pages()
    sent = sent_until_full(pages, 0.0)
    assert len(sent) < 15
    assert any(answer for _, answer in sent)
    pages.report("a", visible=True, number=sent[5][0], now=0.1)
    assert len(sent_until_full(pages, 0.1)) == 6


def test_a_slow_page_gets_one_frame_after_the_other():
    pages = Pages()
    number, _ = pages.send(0.0)
    pages.report("a", visible=True, number=number, now=0.5)
    assert [answer for _, answer in sent_until_full(pages, 0.5)] == [True]
    assert not pages.may_send(0.6)
    assert pages.may_send(3.0)  # the frame or its answer was lost


def test_a_page_that_is_quick_again_gets_more():
    pages = Pages()
    for now, delay in ((0.0, 0.5), (1.0, 0.01)):
        number, _ = pages.send(now)
        pages.report("a", visible=True, number=number, now=now + delay)
    assert len(sent_until_full(pages, 1.1)) > 1
