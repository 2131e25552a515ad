"""The steps that the brain can take, and what it must know beside the log to decide between them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from bot.brain.budget import Budget
from bot.brain.changes.publication import Stage
from bot.brain.policy import ToolPolicy
from bot.brain.snippets import Snippet
from bot.forge.repository import Chosen, Undecided
from memory.log.events import LimitReached, ReplyKind, TurnOutcome
from memory.log.file_events import SharedFile
from memory.log.repository_events import RepositoryChosen
from memory.log.session import Message, Reply, ToolCall

Visibility = Literal["public", "refused", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the log cannot know: the time, the channel, and how often the session was claimed in vain."""

    now: datetime
    """Database clock."""
    visibility: Visibility
    barren_claims: int
    policy: ToolPolicy = field(default_factory=ToolPolicy)
    """Of the channel, at this moment."""
    budget: Budget = field(default_factory=Budget)
    meant: Chosen | Undecided | None = None
    """The repository that words and settings mean now."""
    spent_out: LimitReached | None = None
    """The channel has used up its dollars of the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """End the session; `notice` is said in the thread first, once."""

    reason: str
    notice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleInterrupt:
    """Stop whatever runs and record that every interrupt up to `through` was obeyed."""

    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """A post was started and its outcome is unknown: look in the thread, adopt it or post it."""

    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Say something in the thread under a key that is never used twice."""

    key: str
    kind: ReplyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Record which repository the session works on."""

    chosen: RepositoryChosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Classify:
    """Ask the model which repository is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRepository:
    """Record that the thread is asked which repository is meant."""

    undecided: Undecided


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """Get a workspace ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFile:
    """Bring a file that came with a message."""

    message: Message
    file: SharedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFiles:
    """Put the files that were brought into the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCode:
    """Put a long piece of the answer's code into the thread as a file."""

    snippet: Snippet


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    """Make, join or settle one tool call."""

    call: ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestApproval:
    """Record that the call waits for somebody's word."""

    call: ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """End a call that may not be made."""

    call: ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Record that the session used up what it was allowed."""

    reached: LimitReached


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadThread:
    """Read what was said in the thread before the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Search memory for the session's question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """Replace the conversation by the model's summary of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskModel:
    """Ask the model, with everything that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Bring the change of the answer one stage further on its way into a pull request."""

    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishTurn:
    """Record the end of the turn."""

    outcome: TurnOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Write what a finished turn taught into memory."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Nothing to do until something happens, or until `delay` seconds have passed."""

    delay: float | None = None


Step: TypeAlias = (
    Close
    | HandleInterrupt
    | Settle
    | Post
    | Choose
    | Classify
    | AskRepository
    | Attach
    | FetchFile
    | StageFiles
    | ShareCode
    | Execute
    | RequestApproval
    | Refuse
    | Pause
    | ReadThread
    | Recall
    | Compact
    | AskModel
    | Publish
    | FinishTurn
    | Index
    | Rest
)
