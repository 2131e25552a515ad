"""Threads for tests: an address, messages in it, a session that was opened there."""

from __future__ import annotations

from memory.log.events import MessageReceived, SessionOpened
from memory.log.session_log import Receipt, SessionLog, ThreadAddress

THREAD = ThreadAddress(team="T1", channel="C1", thread="100.000001")


def thread(number: int) -> ThreadAddress:
    """The `number`th thread of the channel."""
    return ThreadAddress(team="T1", channel="C1", thread=f"{number}.000001")


def message(text: str = "help", *, ts: str = "100.000001", author: str = "U1") -> MessageReceived:
    """Somebody writes."""
    return MessageReceived(ts=ts, author=author, author_name="Ada", text=text, mentioned=True)


def opening(address: ThreadAddress = THREAD) -> SessionOpened:
    """The first event of a session in that thread."""
    return SessionOpened(team=address.team, channel=address.channel, thread=address.thread, opened_by="U1")


def deliver(
    log: SessionLog, address: ThreadAddress = THREAD, *, key: str = "k1", text: str = "help"
) -> Receipt:
    """A message arrives in the thread under the delivery key, opening a session if need be."""
    receipt = log.receive(address, [message(text)], delivery_key=key, opening=opening(address))
    assert receipt is not None
    return receipt
