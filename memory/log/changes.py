"""Small changes of a session that several branches of the fold make. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from memory.log.events import FeedbackGiven, SolutionsRecalled, ToolFinished, TurnOutcome
from memory.log.session import Heard, Message, Session, ToolCall

TEACHING: tuple[TurnOutcome, ...] = ("answered", "failed")
"""Ends of a turn after which there is something to keep in memory."""


def noted(session: Session, text: str) -> Session:
    """The model is told at its next request."""
    return replace(session, pending_notes=(*session.pending_notes, text))


def open_turn(session: Session, at: datetime) -> Session:
    """The next turn begins; what the one before left behind is gone."""
    return replace(
        session,
        turn=session.turn + 1,
        turn_open=True,
        turn_opened_at=at,
        turn_requests=0,
        failed_call=None,
        no_sandbox=None,
        usage=(),
        woken=False,
        change=session.change.turn_opened(),
        setbacks=0,
        limit=None,
    )


def message_at(session: Session, ts: str) -> Message | None:
    """The message with this time stamp."""
    return next((message for message in session.messages if message.ts == ts), None)


def with_message(session: Session, changed: Message) -> Session:
    """The message as it stands now, in its old place."""
    messages = tuple(changed if message.seq == changed.seq else message for message in session.messages)
    return replace(session, messages=messages)


def recalled(session: Session, event: SolutionsRecalled) -> Session:
    """Memory was searched; where it could not be, whoever works learns that this says nothing about it."""
    session = replace(session, recalled=event)
    if not event.unsearched:
        return session
    return noted(session, "Memory could not be searched before you began. `search_memory` may work by now.")


def told_of_dismissal(session: Session, given: FeedbackGiven) -> Session:
    """Whoever has read a recalled solution learns that somebody called it not relevant."""
    hits = session.recalled.hits if session.recalled and session.recall_entered else ()
    links = [hit.permalink for hit in hits if hit.solution == given.solution]
    if given.verdict != "not_relevant" or not links:
        return session
    return noted(session, f"Somebody in the thread says that {links[0]} is not relevant here.")


def due_again(session: Session, turn: int) -> Session:
    """What a finished turn taught has to be written again."""
    finished = any(done.turn == turn and done.outcome in TEACHING for done in session.finished_turns)
    if not finished or turn in session.index_due:
        return session
    return replace(session, index_due=(*session.index_due, turn))


def with_call(
    session: Session, call: str, *, started: bool = False, finished: ToolFinished | None = None
) -> Session:
    """The call as far as it has come, among the open ones and in the session's record."""

    def changed(item: ToolCall) -> ToolCall:
        if item.call != call:
            return item
        return replace(item, started=item.started or started, finished=finished or item.finished)

    return replace(
        session,
        calls=tuple(changed(item) for item in session.calls),
        tool_log=tuple((changed(item), turn) for item, turn in session.tool_log),
    )


def with_calls_ended(session: Session, why: str) -> Session:
    """Every open call gets an end: the provider takes no conversation with a call that has none."""
    for call in session.calls:
        if call.finished is None:
            ended = ToolFinished(
                call=call.call, tool=call.tool, status="cancelled", output=why, is_error=True
            )
            session = with_call(session, call.call, finished=ended)
    return session


def without_loose_ends(session: Session) -> Session:
    """What a turn had begun to say at its end is not said after it; only a notice and a recall still are."""
    kept = tuple(r for r in session.replies if r.ts is not None or r.kind in ("notice", "recall"))
    return replace(session, replies=kept)


def entered_unanswered(session: Session, through: int) -> Session:
    """What was said up to `through` and not read enters the conversation: nobody acts on it any more."""
    unread = tuple(message for message in session.waiting if message.seq <= through)
    if not unread:
        return session
    results = () if session.calls_sent else tuple(c.finished for c in session.calls if c.finished)
    heard = Heard(results=results, notes=session.pending_notes, messages=unread)
    return replace(
        session,
        conversation=(*session.conversation, heard),
        calls_sent=True,
        pending_notes=(),
        heard_through=max(session.heard_through, through),
    )
