"""What the events of outgoing files do to a session. Pure."""

from __future__ import annotations

from dataclasses import replace

from memory.outgoing_events import FilePosted, FileUploaded
from memory.session import Outgoing, Session


def file_uploaded(session: Session, event: FileUploaded) -> Session:
    """Under its key this upload counts from now on."""
    return _with(session, Outgoing(key=event.key, turn=session.turn, file=event.file, name=event.name))


def file_posted(session: Session, event: FilePosted) -> Session:
    """It is over, also for a file that was never uploaded."""
    begun = session.outgoing_file(event.key) or Outgoing(key=event.key, turn=session.turn)
    return _with(session, replace(begun, posted=not event.problem, problem=event.problem))


def _with(session: Session, file: Outgoing) -> Session:
    others = tuple(known for known in session.outgoing if known.key != file.key)
    return replace(session, outgoing=(*others, file))
