"""A session as the log tells it: the values that `memory.log.fold` makes and everybody else reads. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import dropwhile
from typing import TypeAlias

from memory.log.change import Publication
from memory.log.events import (
    ApprovalGiven,
    FeedbackGiven,
    Json,
    LimitReached,
    ModelFailed,
    RecalledSolution,
    ReplyKind,
    SandboxAttached,
    SandboxUnavailable,
    SessionOpened,
    SolutionsRecalled,
    ToolFinished,
    TurnOutcome,
)
from memory.log.file_events import FileFetched, SharedFile
from memory.log.repository_choice import RepositoryChoice
from memory.log.thread_events import ThreadRead
from memory.log.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file of a message; without `fetched` nobody has looked into it yet."""

    file: SharedFile
    fetched: FileFetched | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody said, as it stands after edits."""

    seq: int
    turn: int
    ts: str
    author: str
    author_name: str
    text: str
    heard_at: datetime
    """Database clock; `ts` says when it was said."""
    withdrawn: bool = False
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call the model asked for, and how far it has come."""

    call: str
    tool: str
    input: Json
    cut: bool
    """The answer hit its length limit, so the input may be incomplete."""
    started: bool = False
    finished: ToolFinished | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A call that was put before people, and what the first of them who may decide said."""

    call: str
    tool: str
    approvers: tuple[str, ...]
    given: ApprovalGiven | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A file for the thread. `posted` is None while nobody knows whether it is there."""

    key: str
    turn: int
    file: str = ""
    """Slack's id; empty when it was refused before Slack had it."""
    name: str = ""
    uploaded_at: datetime | None = None
    """Database clock; None where it never was."""
    posted: bool | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A post in the thread; without `ts` it was started and its outcome is not known."""

    key: str
    kind: ReplyKind
    turn: int
    ts: str | None
    started_at: datetime
    """Database clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What entered the conversation with one model request."""

    results: tuple[ToolFinished, ...] = ()
    recalled: tuple[RecalledSolution, ...] = ()
    notes: tuple[str, ...] = ()
    """What the product itself has to tell the model: a lost workspace, a stop, a cut answer."""
    messages: tuple[Message, ...] = ()
    earlier: ThreadRead | None = None
    """What was said in the thread before the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """An answer of the model, verbatim."""

    turn: int
    blocks: tuple[Json, ...]
    stop_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarised:
    """Everything before this point, in the model's own summary."""

    summary: str


Entry: TypeAlias = Heard | Spoken | Summarised


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTurn:
    """A turn that ended, when, and with what last word of the model."""

    turn: int
    outcome: TurnOutcome
    finished_at: datetime
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What somebody said of an answer, and of which turn's: the last that was not stopped."""

    turn: int
    given: FeedbackGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """The last model call failed and none has succeeded since."""

    failure: ModelFailed
    failed_at: datetime
    in_a_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What the log says is true at `head`."""

    head: int = 0
    opened: SessionOpened | None = None
    closed: str | None = None

    messages: tuple[Message, ...] = ()
    heard_through: int = 0
    """Messages up to this sequence number have entered the conversation."""
    pending_notes: tuple[str, ...] = ()
    conversation: tuple[Entry, ...] = ()

    turn: int = 0
    turn_open: bool = False
    turn_opened_at: datetime | None = None
    turn_requests: int = 0
    finished_turns: tuple[FinishedTurn, ...] = ()
    index_due: tuple[int, ...] = ()

    woken: bool = False
    """The turn was opened by what became of the pull request, not by a message."""

    earlier: ThreadRead | None = None
    """What was said in the thread before the session, once it was read."""
    earlier_entered: bool = False
    recalled: SolutionsRecalled | None = None
    recall_entered: bool = False
    offered_through: int = 0
    """Number of the event with which the offer of an earlier solution was made; 0 while there is none."""
    offer_accepted: bool | None = None
    """What was said of it, first; None while nobody has pressed a button."""
    requested: bool = False
    """A model request was recorded and has neither an answer nor a failure yet."""
    failed_call: FailedCall | None = None
    calls: tuple[ToolCall, ...] = ()
    """The calls of the last answer."""
    calls_sent: bool = False
    """Their results have entered the conversation."""
    approvals: tuple[Approval, ...] = ()

    sandbox: SandboxAttached | None = None
    last_sandbox: SandboxAttached | None = None
    """The workspace it has or had last: what it was made from is what a new one is made from."""
    no_sandbox: SandboxUnavailable | None = None
    no_sandbox_at: datetime | None = None

    choice: RepositoryChoice = field(default_factory=RepositoryChoice)
    """Which repository it works on, and how that was decided."""
    staged: frozenset[str] = frozenset()
    """Ids of the files that are in the workspace."""

    change: Publication = field(default_factory=Publication)
    """How far the session's change has come on its way into a pull request."""

    interrupted_through: int = 0
    interrupts_handled: int = 0
    stopped_at: str = ""
    """Slack time stamp of the last stop."""
    feedback: tuple[Judgement, ...] = ()
    replies: tuple[Reply, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    usage: tuple[tuple[str, Usage], ...] = ()
    """One pair of model and usage for each answer of the open turn, or of the last one."""
    spent: tuple[tuple[str, Usage], ...] = ()
    """The same for every model call since the session began or was last paused at a limit."""
    setbacks: int = 0
    """Looks at a workspace in vain since something last got on."""
    limit: LimitReached | None = None
    """Why the open turn pauses."""
    paused_through: int = 0
    """What was said up to this number, and was not read, waits until somebody speaks again: the channel had
    no money left for it."""
    last_input_tokens: int = 0
    tool_log: tuple[tuple[ToolCall, int], ...] = ()
    """Every call of the session with the turn it belongs to."""

    @property
    def waiting(self) -> tuple[Message, ...]:
        """Messages that have not entered the conversation."""
        return tuple(m for m in self.messages if m.seq > self.heard_through and not m.withdrawn)

    @property
    def called_into(self) -> bool:
        """Whether the thread began before the session."""
        opening = self.messages[0].ts if self.messages else None
        return self.opened is not None and opening is not None and self.opened.thread != opening

    @property
    def unfetched(self) -> tuple[tuple[Message, SharedFile], ...]:
        """Files that wait to be brought here, each with its message."""
        waiting = ((m, item) for m in self.waiting for item in m.files)
        return tuple((m, item.file) for m, item in waiting if item.fetched is None)

    @property
    def fetched(self) -> tuple[FileFetched, ...]:
        """What became of the files of all messages that were not withdrawn."""
        kept = (item.fetched for m in self.messages if not m.withdrawn for item in m.files)
        return tuple(fetched for fetched in kept if fetched is not None)

    @property
    def unstaged(self) -> tuple[FileFetched, ...]:
        """Files that the workspace does not have yet."""
        return tuple(f for f in self.fetched if f.digest and f.file not in self.staged)

    def outgoing_file(self, key: str) -> Outgoing | None:
        """The file for the thread with this key."""
        return next((file for file in self.outgoing if file.key == key), None)

    def outgoing_ended(self, key: str) -> bool:
        """Whether it is known what became of the file for the thread with this key."""
        file = self.outgoing_file(key)
        return file is not None and file.posted is not None

    @property
    def stopping(self) -> bool:
        """A stop of the open turn is not obeyed yet, and nothing was said after it."""
        unhandled = self.interrupted_through > self.interrupts_handled
        return self.turn_open and unhandled and all(m.seq < self.interrupted_through for m in self.messages)

    @property
    def pending_call(self) -> ToolCall | None:
        """The first call of the last answer that has no result."""
        return next((call for call in self.calls if call.finished is None), None)

    @property
    def last_spoken(self) -> Spoken | None:
        """The model's last answer when nothing entered the conversation after it."""
        last = self.conversation[-1] if self.conversation else None
        return last if isinstance(last, Spoken) else None

    @property
    def dismissed(self) -> frozenset[str]:
        """The recalled solutions that somebody called not relevant."""
        words = (judgement.given for judgement in self.feedback)
        return frozenset(word.solution for word in words if word.solution and word.verdict == "not_relevant")

    @property
    def relevant_hits(self) -> tuple[RecalledSolution, ...]:
        """What was recalled, without what was dismissed."""
        hits = self.recalled.hits if self.recalled else ()
        return tuple(hit for hit in hits if hit.solution not in self.dismissed)

    @property
    def unsent_results(self) -> tuple[ToolFinished, ...]:
        """Results of the last answer's calls that have not entered the conversation."""
        return () if self.calls_sent else tuple(call.finished for call in self.calls if call.finished)

    def last_word(self, turn: int) -> str:
        """The text of the turn's last answer, with the parts before it that were cut at the length limit."""
        return "".join(reversed(list(_last_parts(self.conversation, turn))))

    @property
    def offer(self) -> RecalledSolution | None:
        """The recalled solution that people confirmed and that is almost certainly the answer."""
        best = self.recalled.hits[0] if self.recalled and self.recalled.hits else None
        return best if best is not None and best.confident and best.outcome == "confirmed" else None

    def approval(self, call: str) -> Approval | None:
        """What was asked and said about the call, if it was put before people."""
        return next((approval for approval in self.approvals if approval.call == call), None)

    def approved_for_thread(self, tool: str) -> bool:
        """Whether somebody let the tool be used in this thread without being asked again."""
        given = (approval.given for approval in self.approvals if approval.tool == tool)
        return any(word is not None and word.approved and word.scope == "thread" for word in given)

    def reply(self, key: str) -> Reply | None:
        """The reply with this key, started or posted."""
        return next((reply for reply in self.replies if reply.key == key), None)


def moment(ts: str) -> tuple[int, str]:
    """Orders Slack's time stamps; an empty one is before all others."""
    return len(ts), ts


def text_of(spoken: Spoken) -> str:
    """The visible text of one answer of the model."""
    return "\n\n".join(block["text"] for block in spoken.blocks if block.get("type") == "text")


def _last_parts(conversation: tuple[Entry, ...], turn: int) -> Iterator[str]:
    entries = dropwhile(
        lambda entry: not (isinstance(entry, Spoken) and entry.turn == turn), reversed(conversation)
    )
    for number, entry in enumerate(entries):
        match entry:
            case Spoken() if number == 0 or entry.stop_reason == "max_tokens":
                yield text_of(entry)
            case Heard(results=(), messages=()):
                continue
            case _:
                return
