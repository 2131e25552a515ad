"""Logs for tests of what is read from them: events in one line each, one second apart."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from memory.log.events import (
    ApprovalGiven,
    ApprovalRequested,
    ApprovalScope,
    ContextCompacted,
    Event,
    Json,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ModelFailed,
    ModelRequested,
    ModelResponded,
    RecalledSolution,
    RecordedEvent,
    ReplyKind,
    ReplyPosted,
    ReplyStarted,
    SandboxAttached,
    SandboxUnavailable,
    SessionOpened,
    SolutionsRecalled,
    ToolFinished,
    ToolStarted,
)
from memory.log.file_events import FileFetched, FileKind, FilesShared, SharedFile
from memory.log.fold import fold
from memory.log.outgoing_events import FilePosted, FileUploaded
from memory.log.repository_events import RepositoryAsked, RepositoryClassified, RepositoryPicked
from memory.log.session import Session
from memory.log.usage import Usage

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def at(seq: int) -> datetime:
    """When the event with this number was recorded."""
    return START + timedelta(seconds=seq)


def recorded(events: Iterable[Event], *, after: int = 0) -> list[RecordedEvent]:
    """The events as they stand in the log after the event `after`."""
    return [
        RecordedEvent(seq=seq, recorded_at=at(seq), epoch=None, event=event)
        for seq, event in enumerate(events, start=after + 1)
    ]


def session_of(*events: Event) -> Session:
    """What these events say, after the session was opened as number 1."""
    return fold(recorded([opened(), *events]))


def then(session: Session, *events: Event) -> Session:
    """The session after these events as well."""
    return fold(recorded(events, after=session.head), session)


def opened() -> SessionOpened:
    return SessionOpened(team="T1", channel="C1", thread="1.0", opened_by="U1")


def said(text: str = "the import fails", *, ts: str = "1.0", by: str = "Ada") -> MessageReceived:
    return MessageReceived(ts=ts, author=f"U{by.upper()}", author_name=by, text=text, mentioned=True)


def shared(*names: str, ts: str = "1.0") -> FilesShared:
    """Files that came with the message; each name is its id too."""
    files = tuple(SharedFile(id=n, name=n, mimetype="text/plain", size=3, address="") for n in names)
    return FilesShared(ts=ts, author="UADA", author_name="Ada", files=files)


def fetched(file: str, *, problem: str = "", kind: FileKind = "file") -> FileFetched:
    return FileFetched(
        file=file,
        kind=kind,
        media_type="image/png" if kind == "image" else "text/plain",
        path=f"uploads/{file}",
        size=3,
        digest="" if problem else "d1",
        problem=problem,
    )


def shown(key: str, *, problem: str = "") -> tuple[Event, ...]:
    """A file for the thread; with a problem it never got there."""
    return FileUploaded(key=key, file="F1", name="a.log", size=3), FilePosted(key=key, problem=problem)


def edited(text: str, *, ts: str = "1.0") -> MessageEdited:
    return MessageEdited(ts=ts, text=text)


def deleted(ts: str = "1.0") -> MessageDeleted:
    return MessageDeleted(ts=ts)


def recalled(*hits: RecalledSolution) -> SolutionsRecalled:
    return SolutionsRecalled(query="the import fails", hits=hits)


def hit(problem: str = "the export fails", **changed: Any) -> RecalledSolution:
    known: dict[str, Any] = {
        "solution": "3f0c",
        "problem": problem,
        "fix": "set the time zone",
        "outcome": "confirmed",
        "permalink": "https://riverbend.slack.com/archives/C1/p1",
        "channel": "data-platform",
        "finished_at": "2026-01-02T03:04+00:00",
        "score": 0.9,
        "why": "shares KeyError",
    }
    return RecalledSolution(**known | changed)


def asked(through: int) -> ModelRequested:
    return ModelRequested(request="1.1", model="m", through=through)


def answered(
    *blocks: Json, stop: str | None = None, tokens: int = 10, text: str = "It is fixed."
) -> ModelResponded:
    """Blocks, or else one text; with a call among them the model stops for it."""
    calls = any(block["type"] == "tool_use" for block in blocks)
    return ModelResponded(
        request="1.1",
        model="m",
        blocks=blocks or (words(text),),
        stop_reason=stop or ("tool_use" if calls else "end_turn"),
        usage=Usage(input_tokens=tokens, output_tokens=5),
        seconds=1.0,
    )


def words(text: str) -> Json:
    return {"type": "text", "text": text}


def use(call: str = "c1", tool: str = "bash", **given: Any) -> Json:
    return {"type": "tool_use", "id": call, "name": tool, "input": given or {"command": "make test"}}


def overloaded(delay: float | None = 4.0) -> ModelFailed:
    return ModelFailed(request="1.1", reason="overloaded", detail="busy", delay=delay)


def broken(delay: float | None = 8.0) -> ModelFailed:
    return ModelFailed(request="1.2", reason="broken", detail="the line is dead", delay=delay)


def too_long() -> ModelFailed:
    return ModelFailed(request="1.1", reason="context_too_long", detail="too long", delay=None)


def rejected() -> ModelFailed:
    return ModelFailed(request="1.1", reason="rejected", detail="wrong key", delay=None)


def approval_requested(call: str = "c1", *, approvers: tuple[str, ...] = ("UADA",)) -> ApprovalRequested:
    return ApprovalRequested(call=call, tool="bash", approvers=approvers)


def approval_given(
    call: str = "c1", *, approved: bool = True, scope: ApprovalScope = "call"
) -> ApprovalGiven:
    return ApprovalGiven(call=call, by="UADA", by_name="Ada", approved=approved, scope=scope)


def started(call: str = "c1", tool: str = "bash") -> ToolStarted:
    return ToolStarted(call=call, tool=tool)


def finished(call: str = "c1", tool: str = "bash", output: str = "ok", **more: Any) -> ToolFinished:
    return ToolFinished(call=call, tool=tool, status="finished", output=output, **more)


def classified(repository: str | None = None, *, through: int) -> RepositoryClassified:
    return RepositoryClassified(
        repository=repository, through=through, model="m", usage=Usage(input_tokens=3, output_tokens=1)
    )


def repository_asked(number: int = 1, *, turn: int = 1, **changed: Any) -> RepositoryAsked:
    known: dict[str, Any] = {"likely": ("cart",), "others": ("orders",), "refused": (), "choosers": ("UADA",)}
    return RepositoryAsked(number=number, turn=turn, **known | changed)


def picked(number: int = 1, repository: str | None = "cart") -> RepositoryPicked:
    return RepositoryPicked(number=number, by="UADA", by_name="Ada", repository=repository)


def attached(**changed: Any) -> SandboxAttached:
    known: dict[str, Any] = {"backend": "fake", "reference": "w1", "isolation": "in memory", "isolated": True}
    return SandboxAttached(**known | changed)


def unavailable(delay: float | None = None) -> SandboxUnavailable:
    return SandboxUnavailable(detail="no bubblewrap here", delay=delay)


def compacted(through: int) -> ContextCompacted:
    return ContextCompacted(through=through, summary="so far", model="m", usage=Usage(input_tokens=7))


def begun(key: str, kind: ReplyKind) -> ReplyStarted:
    return ReplyStarted(key=key, kind=kind)


def posted(key: str, kind: ReplyKind, ts: str = "9.0") -> tuple[ReplyStarted, ReplyPosted]:
    """A post from its intent to its outcome."""
    return begun(key, kind), ReplyPosted(key=key, kind=kind, ts=ts)


def beginning(text: str = "the import fails", *hits: RecalledSolution) -> tuple[Event, ...]:
    """A turn up to the moment at which the model is asked: a message, its progress and what was recalled."""
    shown = posted("recall:1", "recall") if hits else ()
    return (said(text), *posted("progress:1", "progress"), recalled(*hits), *shown)


def first_answer(*blocks: Json, **how: Any) -> tuple[Event, ...]:
    """A turn up to the model's first answer. The next event is number 8."""
    return (*beginning(), asked(5), answered(*blocks, **how))
