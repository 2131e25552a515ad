"""How much a thread is told within an hour, whatever happens."""

from __future__ import annotations

from bot.brain.decide import POSTS_AN_HOUR, decide
from bot.brain.steps import Post, Rest
from memory.log.events import Event
from tests.brain.logs import at, posted, said, session_of, shown
from tests.brain.steps import facts


def posts(number: int) -> list[Event]:
    return [event for n in range(number) for event in posted(f"notice:{n}", "notice")]


def test_a_thread_hears_so_many_posts_within_an_hour_and_no_more() -> None:
    assert isinstance(decide(session_of(*posts(POSTS_AN_HOUR - 1), said()), facts(now=at(200))), Post)
    waits = decide(session_of(*posts(POSTS_AN_HOUR), said()), facts(now=at(200)))
    assert isinstance(waits, Rest)
    assert waits.delay is not None
    assert 3_600 - 200 <= waits.delay <= 3_600


def test_files_count_among_them() -> None:
    files = [event for n in range(3) for event in shown(f"c{n}")]
    session = session_of(*posts(POSTS_AN_HOUR - 3), *files, said())
    assert isinstance(decide(session, facts(now=at(200))), Rest)


def test_after_the_hour_it_hears_the_rest() -> None:
    session = session_of(*posts(POSTS_AN_HOUR), said())
    assert isinstance(decide(session, facts(now=at(3_800))), Post)
