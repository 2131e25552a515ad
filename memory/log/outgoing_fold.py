"""What the events of outgoing files do to a session. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from memory.log.outgoing_events import FilePosted, FileUploaded
from memory.log.session import Outgoing, Session


def file_uploaded(session: Session, at: datetime, event: FileUploaded) -> Session:
    """Under its key this upload counts from now on."""
    file = Outgoing(key=event.key, turn=session.turn, file=event.file, name=event.name, uploaded_at=at)
    return _with(session, file)


def file_posted(session: Session, event: FilePosted) -> Session:
    """It is over, also for a file that was never uploaded."""
    begun = session.outgoing_file(event.key) or Outgoing(key=event.key, turn=session.turn)
    return _with(session, replace(begun, posted=not event.problem, problem=event.problem))


def _with(session: Session, file: Outgoing) -> Session:
    others = tuple(known for known in session.outgoing if known.key != file.key)
    return replace(session, outgoing=(*others, file))
