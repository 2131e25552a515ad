"""What becomes of a solution when a message that it was read from is edited or deleted."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from memory.database import Connection
from memory.log.changes import message_at
from memory.log.fold import fold
from memory.log.session_log import SessionLog, ThreadAddress
from memory.solutions.withdrawal import hide_turn


def hiding(
    log: SessionLog, session: UUID, address: ThreadAddress, ts: str
) -> Callable[[Connection, UUID], None] | None:
    """To be done in the transaction that records the change; None when the message is none of the session's.

    The turn is indexed again by whoever works on the session next; until then nobody finds the old words.
    """
    message = message_at(fold(log.read(session)), ts)
    if message is None:
        return None
    turn = message.turn
    return lambda connection, _: hide_turn(connection, address, turn)
