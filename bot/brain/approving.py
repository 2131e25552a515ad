"""Putting a call before people: what they are shown of it, and whose word counts. Pure."""

from __future__ import annotations

import unicodedata
from typing import Literal, TypeAlias

from bot.brain.changes.publication import waiting_push
from memory.log.session import Approval, Session, ToolCall

LONGEST = 6_000
"""Characters of a call that are put before people: nobody reads more, and what is unread is unapproved."""

Standing: TypeAlias = Literal["decides", "bystander", "too late"]


def shown_whole(call: ToolCall) -> str | None:
    """Everything the call would do, as text without anything invisible; None when it is too long to show."""
    text = _visible("\n".join(f"{_label(name)}{value}" for name, value in call.input.items()))
    return text if len(text) <= LONGEST else None


def approvers(session: Session) -> tuple[str, ...]:
    """Everybody who has spoken to the session, in the order of their first message."""
    return tuple(dict.fromkeys(message.author for message in session.messages))


def standing(session: Session, approval: Approval, person: str) -> Standing:
    """What the person's word about the call is worth now."""
    pending = session.pending_call or waiting_push(session)
    open_yet = session.turn_open and pending is not None and pending.call == approval.call
    if approval.given is not None or not open_yet:
        return "too late"
    return "decides" if person in approval.approvers else "bystander"


def refusal(call: ToolCall, approval: Approval | None) -> str:
    """What the model is told of a call that is not made."""
    if approval is not None and approval.given is not None:
        return (
            f"{approval.given.by_name} did not approve this call, so it was not made. Do not try to reach "
            "the same by another way; go on without it, or ask what to do instead."
        )
    if shown_whole(call) is None:
        return (
            f"This channel wants {call.tool} calls approved, and this one is too long to be shown in full "
            f"({LONGEST} characters). It was not made; make it smaller."
        )
    return f"This channel does not allow {call.tool}. Do not try to reach the same by another way."


def _label(name: str) -> str:
    return "" if name == "command" else f"{name}: "


def _visible(text: str) -> str:
    """The text with every invisible or reordering character spelt out: it must read as it runs."""
    return "".join(
        sign if sign in "\n\t" or unicodedata.category(sign)[0] != "C" else f"\\u{{{ord(sign):x}}}"
        for sign in text
    )
