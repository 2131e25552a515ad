"""A claimed session on a real log, for tests of what a step records."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine

from bot.brain.claimed import Claimed, StopSignal
from memory.log.events import Event, Recorded
from memory.log.session_log import SessionLog
from tests.support.threads import THREAD, deliver

T = TypeVar("T", bound=Event)


def claim(engine: Engine, *events: Recorded, text: str = "the import fails") -> Claimed:
    """A session to which somebody wrote, claimed, with these events recorded."""
    log = SessionLog(engine)
    deliver(log, THREAD, text=text)
    lease = log.claim("worker", ttl=60)
    assert lease is not None
    claimed = Claimed(log, lease, StopSignal(lease.interrupt_seq))
    for event in events:
        claimed.append(event)
    return claimed


def new_events(engine: Engine, claimed: Claimed, act: Callable[[], object]) -> list[Event]:
    """What the act records."""
    head = claimed.session.head
    act()
    return [entry.event for entry in SessionLog(engine).read(claimed.id, after=head)]


class Shown:
    """A thread that keeps what is shown there."""

    def __init__(self) -> None:
        self.files: list[tuple[str, str, bytes]] = []

    def share(self, claimed: Claimed, key: str, name: str, content: bytes) -> str:
        self.files.append((key, name, content))
        return name
