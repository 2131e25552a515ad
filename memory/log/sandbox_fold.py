"""What the events of the workspace do to a session. Pure."""

from __future__ import annotations

from dataclasses import replace

from memory.log.changes import noted
from memory.log.events import RecordedEvent, SandboxAttached, SandboxUnavailable
from memory.log.session import Session


def sandbox_unavailable(session: Session, recorded: RecordedEvent, event: SandboxUnavailable) -> Session:
    """There is none for now, or none at all."""
    return replace(
        session, no_sandbox=event, no_sandbox_at=recorded.recorded_at, setbacks=session.setbacks + 1
    )


def sandbox_attached(session: Session, event: SandboxAttached) -> Session:
    """The model is told what is in it; shared files are not yet."""
    content = (
        f"repository {event.repository} at commit {event.base_commit}"
        if event.repository
        else "no repository"
    )
    if event.services:
        content += f", {' and '.join(event.services)} beside every command"
    if event.snapshot_at:
        content += f", with the files of the lost one as of {event.snapshot_at}; later changes are gone"
    session = noted(session, f"A workspace was prepared for this thread: {content}.")
    return replace(
        session, sandbox=event, last_sandbox=event, no_sandbox=None, setbacks=0, staged=frozenset()
    )


def workspace_synced(session: Session) -> Session:
    """From now on the workspace may be changed."""
    synced = session.sandbox and replace(session.sandbox, prepared_commit=None)
    note = "The checkout was brought to its commit; what was read in it before may be out of date."
    return replace(noted(session, note), sandbox=synced, last_sandbox=synced)


def sandbox_lost(session: Session) -> Session:
    """The model is told before it relies on anything."""
    note = (
        "The workspace was lost with everything in it that was not pushed. A new one is prepared from its "
        "last snapshot, or from the recorded base commit; look before you rely on earlier changes."
    )
    return replace(noted(session, note), sandbox=None)
