"""What the events of a change do to the session around it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from memory.log.change import REPAIR_ROUNDS, applied
from memory.log.change_events import (
    ChangeAuthorised,
    ChangeChecked,
    ChangeRecorded,
    GivenReview,
    PullRequestChanged,
)
from memory.log.change_notes import failed_checks_note, pull_request_note
from memory.log.changes import due_again, noted, open_turn
from memory.log.events import RecordedEvent
from memory.log.session import Session


def change_recorded(session: Session, recorded: RecordedEvent, event: ChangeRecorded) -> Session:
    """Declared checks that failed are told to the model, unless it has tried often enough."""
    session = replace(session, change=applied(session.change, event, recorded.recorded_at))
    if isinstance(event, ChangeChecked) and 0 < session.change.failed_rounds <= _rounds(event):
        told = failed_checks_note(event)
        return noted(session, told) if told else session
    return session


def _rounds(event: ChangeChecked) -> int:
    """What was red before is told once: whether it is part of the problem is the model's to judge."""
    return 1 if all(run.holds for run in event.runs) else REPAIR_ROUNDS


def pull_request_changed(session: Session, recorded: RecordedEvent, event: PullRequestChanged) -> Session:
    """What ends it weighs what was learned; what can be repaired opens a turn, a few times."""
    change, before = session.change, session.change.standing
    if change.opened is None or change.opened.number != event.number:
        return session
    event = replace(event, reviews=tuple(_counted(review, change.authorised) for review in event.reviews))
    if event == before:
        return session
    session = replace(session, change=replace(change, standing=event))
    if event.state != "open":
        ends = (*change.ends, (change.opened.turn, event.state))
        ended = replace(session, change=replace(session.change, ends=ends))
        return due_again(ended, change.opened.turn)
    told = pull_request_note(event, before)
    current = change.pushed is not None and event.head == change.pushed.commit
    if told is None or not current or session.closed is not None:
        return session
    return _woken(session, recorded.recorded_at, told)


def _counted(review: GivenReview, authorised: ChangeAuthorised | None) -> GivenReview:
    """Whoever asked for the change does not approve it: what they say is a comment."""
    if review.verdict != "approved" or authorised is None:
        return review
    theirs = {authorised.account.lower() or authorised.by_name.lower(), authorised.by.lower()}
    return replace(review, verdict="commented") if review.author.lower() in theirs else review


def _woken(session: Session, at: datetime, told: str) -> Session:
    if session.turn_open:
        return noted(session, told)
    if session.change.repairs >= REPAIR_ROUNDS:
        head = session.change.standing.head if session.change.standing else None
        return replace(session, change=replace(session.change, handed_over=head))
    session = open_turn(noted(session, told), at)
    return replace(session, woken=True, change=replace(session.change, repairs=session.change.repairs + 1))
