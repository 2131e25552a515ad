"""What the events of shared files do to a session. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from memory.log.changes import message_at, noted, open_turn, with_message
from memory.log.file_events import FileFetched, FilesShared, FilesStaged
from memory.log.session import Attached, Message, Session


def files_shared(session: Session, seq: int, at: datetime, event: FilesShared) -> Session:
    """The files join their message, or follow it when the model has read it already."""
    message = message_at(session, event.ts)
    known = {item.file.id for m in session.messages for item in m.files}
    new = tuple(Attached(file=file) for file in event.files if file.id not in known)
    if message is None or message.withdrawn or not new:
        return session
    if message.seq > session.heard_through:
        return with_message(session, replace(message, files=(*message.files, *new)))
    session = session if session.turn_open else open_turn(session, at)
    late = Message(
        seq=seq,
        turn=session.turn,
        ts=event.ts,
        author=event.author,
        author_name=event.author_name,
        text="",
        heard_at=at,
        files=new,
    )
    return replace(session, messages=(*session.messages, late), closed=None)


def file_fetched(session: Session, event: FileFetched) -> Session:
    """What became of the file stands at its message from now on."""

    def known(item: Attached) -> Attached:
        return replace(item, fetched=event) if item.file.id == event.file else item

    messages = tuple(replace(m, files=tuple(map(known, m.files))) if m.files else m for m in session.messages)
    return replace(session, messages=messages)


def files_staged(session: Session, event: FilesStaged) -> Session:
    """The workspace has them; what it did not take is told to the model."""
    session = replace(session, staged=session.staged | set(event.files))
    return noted(session, event.problem) if event.problem else session
