"""What nobody waits for keeps nobody waiting: indexing has connections and leases of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from memory.database import BACKGROUND_CONNECTIONS
from memory.log.events import SolutionIndexed, TurnFinished
from tests.support.live import Live
from tests.support.script_model import says

THREADS = 4


@contextmanager
def no_background_connections(at_work: Live) -> Iterator[None]:
    """All of them are in use, as if by a flood."""
    with ExitStack() as held:
        for _ in range(BACKGROUND_CONNECTIONS):
            held.enter_context(at_work.background.connect())
        yield


def indexed(at_work: Live, threads: list[str]) -> list[int]:
    """How many turns of each thread are in the memory."""
    return [len(at_work.happened("general", thread, SolutionIndexed)) for thread in threads]


def test_mentions_are_answered_while_nothing_can_be_indexed(at_work: Live) -> None:
    at_work.answer_with(lambda _: says("It is the time zone."))
    with no_background_connections(at_work):
        threads = [at_work.workspace.post("ada", "general", f"@Oxbow why {n}?") for n in range(THREADS)]
        for thread in threads:
            at_work.await_event("general", thread, TurnFinished)
        for thread in threads:
            at_work.workspace.post("ada", "general", "@Oxbow are you sure?", thread)
        for thread in threads:
            at_work.await_event("general", thread, TurnFinished, 2)
        assert indexed(at_work, threads) == [0] * THREADS
    at_work.await_rest()
    assert indexed(at_work, threads) == [2] * THREADS
