"""What events that tell stories of their own do to the session: of its change, of its repository. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from memory.log.change_events import ChangeRecorded, PullRequestChanged
from memory.log.change_fold import change_recorded, pull_request_changed
from memory.log.events import RecordedEvent
from memory.log.repository_choice import applied
from memory.log.repository_events import (
    RepositoryAsked,
    RepositoryChosen,
    RepositoryClassified,
    RepositoryPicked,
    RepositoryRecorded,
)
from memory.log.session import Session

Told: TypeAlias = ChangeRecorded | PullRequestChanged | RepositoryRecorded | RepositoryPicked


def told(session: Session, recorded: RecordedEvent, event: Told) -> Session:
    """The session after one more of these events."""
    match event:
        case RepositoryAsked() | RepositoryChosen() | RepositoryClassified() | RepositoryPicked():
            return _repository_told(session, event)
        case PullRequestChanged():
            return pull_request_changed(session, recorded, event)
        case _:
            return change_recorded(session, recorded, event)


def _repository_told(session: Session, event: RepositoryRecorded | RepositoryPicked) -> Session:
    """The choice goes on; a model that was asked about it has cost something."""
    session = replace(session, choice=applied(session.choice, event))
    if not isinstance(event, RepositoryClassified):
        return session
    used = (event.model, event.usage)
    return replace(session, usage=(*session.usage, used), spent=(*session.spent, used))
