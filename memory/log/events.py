"""The events of a session: what happened, in the past tense, and nothing else.

A session's log is a sequence of these. Everything the product knows about a session is a fold of them
(`memory.log.fold`), so a field that is missing here is lost for good and a field that is wrong stays wrong.

Two kinds. *Received* events may be appended by anyone who hears Slack. *Recorded* events may be appended by
the holder of the session's lease alone. Each class has a `VERSION`; a change of shape raises it and adds an
upcast in `memory.log.codec`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from memory.log.change_events import ChangeRecorded, PullRequestChanged
from memory.log.distilled_events import SolutionDistilled
from memory.log.file_events import FileRecorded, FilesShared
from memory.log.network_events import NetworkUsed
from memory.log.outgoing_events import OutgoingRecorded
from memory.log.repository_events import RepositoryPicked, RepositoryRecorded
from memory.log.thread_events import AttentionChanged, ThreadRead
from memory.log.usage import Usage
from memory.log.workspace_events import WorkspaceSynced

Json: TypeAlias = dict[str, Any]
"""A JSON object exactly as a provider sent it: stored verbatim, replayed verbatim, never interpreted here."""

InterruptSource = Literal["word", "button", "reaction", "native"]
Verdict = Literal["solved", "not_solved", "not_relevant"]
ReplyKind = Literal["progress", "recall", "offer", "question", "approval", "answer", "notice"]
TurnOutcome = Literal["answered", "recalled", "failed", "interrupted", "paused"]
"""Recalled: an earlier solution was offered, and somebody said that it is the answer."""
FailureReason = Literal["overloaded", "broken", "context_too_long", "rejected"]
ToolStatus = Literal["finished", "timed_out", "cancelled", "unknown", "refused"]
ApprovalScope = Literal["call", "thread"]
"""How far an approval reaches: this one call, or every call of the tool in this thread."""
Limit = Literal["steps", "tokens", "dollars", "progress", "month"]
"""Month: the channel's dollars of the calendar month; the others are the session's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A thread became a session; always the first event of its log."""

    VERSION: ClassVar[int] = 1
    team: str
    channel: str
    thread: str
    """Slack time stamp of the thread's root message."""
    opened_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """Somebody wrote in the thread, to the session."""

    VERSION: ClassVar[int] = 1
    ts: str
    """Slack time stamp, the identity of the message within its channel."""
    author: str
    author_name: str
    text: str
    mentioned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """The text of an earlier message was replaced by its author."""

    VERSION: ClassVar[int] = 1
    ts: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    """An earlier message was withdrawn."""

    VERSION: ClassVar[int] = 1
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptRequested:
    """Somebody asked the session to stop what it does."""

    VERSION: ClassVar[int] = 1
    by: str
    source: InterruptSource
    at: str | None = None
    """Slack time stamp of the moment; what was said before it is stopped too, though it be heard after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGiven:
    """Somebody judged the answer or a recalled solution."""

    VERSION: ClassVar[int] = 1
    by: str
    verdict: Verdict
    turn: int | None = None
    """The turn whose answer is meant; None when a recalled solution is."""
    solution: str | None = None
    """Identifier of the recalled solution that is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven:
    """Somebody who may decided about a call: the first word counts, and its delivery key is the call's."""

    VERSION: ClassVar[int] = 1
    call: str
    by: str
    by_name: str
    approved: bool
    scope: ApprovalScope = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledSolution:
    """What an earlier solution said when it was recalled (quoted, so that replay needs no search)."""

    solution: str
    problem: str
    fix: str
    outcome: str
    permalink: str
    channel: str
    finished_at: str
    """ISO 8601, UTC."""
    score: float
    why: str
    """One short phrase on why it was found, shown to people."""
    confident: bool = False
    """So clear that it may be offered as the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolutionsRecalled:
    """Memory was searched for the turn's question; `hits` may be empty."""

    VERSION: ClassVar[int] = 1
    query: str
    hits: tuple[RecalledSolution, ...]
    unsearched: bool = False
    """Memory could not be searched in time, so that nothing is known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAttached:
    """A workspace is ready for the session's commands."""

    VERSION: ClassVar[int] = 1
    backend: str
    reference: str
    isolation: str
    """One line on what isolates it, for people; names the active limits."""
    isolated: bool
    repository: str | None = None
    base_commit: str | None = None
    prepared_commit: str | None = None
    """Where the checkout of a prepared workspace still is, until `WorkspaceSynced`."""
    services: tuple[str, ...] = ()
    """What runs beside each command, as the repository declares it."""
    snapshot_at: str | None = None
    """When the snapshot was taken (ISO 8601) from which it was rebuilt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLost:
    """The workspace is gone and everything in it that was not recorded."""

    VERSION: ClassVar[int] = 1
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxUnavailable:
    """No workspace could be had; the session waits `delay` seconds, or goes on without if that is None."""

    VERSION: ClassVar[int] = 1
    detail: str
    delay: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequested:
    """The model was asked. Messages up to `through` entered the conversation here.

    A message may land while the model thinks: the log keeps the true order of arrival, this event keeps what
    the model really saw.
    """

    VERSION: ClassVar[int] = 1
    request: str
    model: str
    through: int
    """Sequence number of the last event that the request took into account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResponded:
    """The model answered; `blocks` are the provider's content blocks, verbatim."""

    VERSION: ClassVar[int] = 1
    request: str
    model: str
    blocks: tuple[Json, ...]
    stop_reason: str
    usage: Usage
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFailed:
    """The model gave no answer that can be used; with a `delay` (seconds) the call is made again after it."""

    VERSION: ClassVar[int] = 1
    request: str
    reason: FailureReason
    detail: str
    delay: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """A call waits for somebody's word, because the channel's policy says so."""

    VERSION: ClassVar[int] = 1
    call: str
    tool: str
    approvers: tuple[str, ...]
    """Users of whom each may decide, fixed at this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """A tool call is about to be made: after this event it may have had an effect."""

    VERSION: ClassVar[int] = 1
    call: str
    tool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A tool call ended, one way or another; `output` is what the model is told."""

    VERSION: ClassVar[int] = 1
    call: str
    tool: str
    status: ToolStatus
    output: str
    exit_code: int | None = None
    seconds: float = 0.0
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyStarted:
    """A post to the thread is about to be made under `key`, which its metadata carries."""

    VERSION: ClassVar[int] = 1
    key: str
    kind: ReplyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPosted:
    """A post is in the thread, seen there or acknowledged by Slack."""

    VERSION: ClassVar[int] = 1
    key: str
    kind: ReplyKind
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCompacted:
    """The conversation up to `through` is represented by `summary` from here on."""

    VERSION: ClassVar[int] = 2
    through: int
    summary: str
    model: str
    """Which wrote the summary; empty in events of version 1, which did not tell."""
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached:
    """The session used up what it was allowed; the turn pauses until somebody lets it go on."""

    VERSION: ClassVar[int] = 1
    limit: Limit
    detail: str
    """What was used up, in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptHandled:
    """Every interrupt up to `through` has taken effect; nothing of the stopped turn goes on."""

    VERSION: ClassVar[int] = 1
    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFinished:
    """A turn came to its end."""

    VERSION: ClassVar[int] = 1
    turn: int
    outcome: TurnOutcome
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolutionIndexed:
    """What the turn taught is in the index, written in the transaction of this event."""

    VERSION: ClassVar[int] = 1
    turn: int
    kept: bool
    """False when the turn taught nothing, or what it taught was withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """The session ended; only a new message by somebody opens it again."""

    VERSION: ClassVar[int] = 1
    reason: str


Received: TypeAlias = (
    SessionOpened
    | MessageReceived
    | MessageEdited
    | MessageDeleted
    | FilesShared
    | AttentionChanged
    | InterruptRequested
    | FeedbackGiven
    | ApprovalGiven
    | PullRequestChanged
    | RepositoryPicked
)
Recorded: TypeAlias = (
    ThreadRead
    | SolutionsRecalled
    | SandboxAttached
    | WorkspaceSynced
    | SandboxLost
    | SandboxUnavailable
    | ModelRequested
    | ModelResponded
    | ModelFailed
    | ApprovalRequested
    | ToolStarted
    | FileRecorded
    | OutgoingRecorded
    | NetworkUsed
    | ToolFinished
    | ReplyStarted
    | ReplyPosted
    | ContextCompacted
    | LimitReached
    | InterruptHandled
    | TurnFinished
    | SolutionDistilled
    | SolutionIndexed
    | SessionClosed
    | ChangeRecorded
    | RepositoryRecorded
)
Event: TypeAlias = Received | Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event as it stands in the log."""

    seq: int
    """1 for the first event of a session, without gaps."""
    recorded_at: datetime
    """Database clock."""
    epoch: int | None
    """The lease under which it was appended; None when it was received from outside."""
    event: Event
