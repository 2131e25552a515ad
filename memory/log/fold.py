"""The fold: a session's log read into what is true now. Pure, one branch per event type.

`fold(events)` and `apply(session, event)` are the only way to a `Session`; nothing else is remembered between
two steps, so any process that can read the log can go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from memory.log.changes import (
    TEACHING,
    due_again,
    entered_unanswered,
    message_at,
    noted,
    open_turn,
    recalled,
    told_of_dismissal,
    with_call,
    with_calls_ended,
    with_message,
    without_loose_ends,
)
from memory.log.distilled_events import SolutionDistilled
from memory.log.events import (
    ApprovalGiven,
    ApprovalRequested,
    ContextCompacted,
    Event,
    FeedbackGiven,
    InterruptHandled,
    InterruptRequested,
    LimitReached,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    ModelFailed,
    ModelRequested,
    ModelResponded,
    RecordedEvent,
    ReplyPosted,
    ReplyStarted,
    SandboxAttached,
    SandboxLost,
    SandboxUnavailable,
    SessionClosed,
    SessionOpened,
    SolutionIndexed,
    SolutionsRecalled,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.log.file_events import FileFetched, FilesShared, FilesStaged
from memory.log.file_fold import file_fetched, files_shared, files_staged
from memory.log.network_events import NetworkUsed
from memory.log.outgoing_events import FilePosted, FileUploaded
from memory.log.outgoing_fold import file_posted, file_uploaded
from memory.log.sandbox_fold import sandbox_attached, sandbox_lost, sandbox_unavailable, workspace_synced
from memory.log.session import (
    Approval,
    FailedCall,
    FinishedTurn,
    Heard,
    Judgement,
    Message,
    Reply,
    Session,
    Spoken,
    Summarised,
    ToolCall,
    moment,
)
from memory.log.stories import told
from memory.log.thread_events import AttentionChanged, ThreadRead
from memory.log.workspace_events import WorkspaceSynced


def fold(events: Iterable[RecordedEvent], session: Session | None = None) -> Session:
    """Read events in order onto `session` (default: nothing happened yet)."""
    state = session or Session()
    for recorded in events:
        state = apply(state, recorded)
    return state


def apply(session: Session, recorded: RecordedEvent) -> Session:
    """The session after one more event. The event must be the next one."""
    if recorded.seq != session.head + 1:
        raise ValueError(f"event {recorded.seq} does not follow {session.head}")
    return replace(_applied(session, recorded, recorded.event), head=recorded.seq)


def _applied(session: Session, recorded: RecordedEvent, event: Event) -> Session:  # noqa: C901, PLR0912 - one branch per event type
    match event:
        case SessionOpened():
            return replace(session, opened=event)
        case MessageReceived():
            return _message_received(session, recorded, event)
        case MessageEdited():
            return _message_edited(session, event)
        case MessageDeleted():
            return _message_deleted(session, event)
        case InterruptRequested():
            stopped_at = max(session.stopped_at, event.at or "", key=moment)
            return replace(session, interrupted_through=recorded.seq, stopped_at=stopped_at)
        case FeedbackGiven():
            return _feedback_given(session, event)
        case ApprovalGiven():
            return _approval_given(session, event)
        case ThreadRead():
            return replace(session, earlier=event)
        case SolutionsRecalled():
            return recalled(session, event)
        case SandboxAttached():
            return sandbox_attached(session, event)
        case WorkspaceSynced():
            return workspace_synced(session)
        case SandboxLost():
            return sandbox_lost(session)
        case SandboxUnavailable():
            return sandbox_unavailable(session, recorded, event)
        case ModelRequested():
            return _model_requested(session, event)
        case ModelResponded():
            return _model_responded(session, event)
        case ModelFailed():
            return _model_failed(session, recorded, event)
        case ApprovalRequested():
            approval = Approval(call=event.call, tool=event.tool, approvers=event.approvers)
            return replace(session, approvals=(*session.approvals, approval))
        case ToolStarted():
            return with_call(session, event.call, started=True)
        case ToolFinished():
            session = with_call(session, event.call, finished=event)
            return replace(session, no_sandbox=_still_missing(session), setbacks=0)
        case FilesShared():
            return files_shared(session, recorded.seq, recorded.recorded_at, event)
        case FileFetched():
            return file_fetched(session, event)
        case FilesStaged():
            return files_staged(session, event)
        case FileUploaded():
            return file_uploaded(session, recorded.recorded_at, event)
        case FilePosted():
            return file_posted(session, event)
        case NetworkUsed() | AttentionChanged():
            return session
        case ReplyStarted():
            return _reply_started(session, recorded, event)
        case ReplyPosted():
            return _reply_posted(session, event)
        case ContextCompacted():
            return _context_compacted(session, event)
        case LimitReached():
            through = recorded.seq if event.limit == "month" else session.paused_through
            return replace(session, limit=event, paused_through=through)
        case InterruptHandled():
            return _interrupt_handled(session, event)
        case TurnFinished():
            return _turn_finished(session, recorded, event)
        case SolutionDistilled():
            return replace(session, spent=(*session.spent, (event.model, event.usage)))
        case SolutionIndexed():
            return replace(session, index_due=tuple(t for t in session.index_due if t != event.turn))
        case SessionClosed():
            return _session_closed(session, event)
        case _:
            # What is left tells stories of its own; the type checker holds this to be all.
            return told(session, recorded, event)


def _message_received(session: Session, recorded: RecordedEvent, event: MessageReceived) -> Session:
    if moment(event.ts) < moment(session.stopped_at):
        # Said before the last stop and heard after it: it opens no turn, and stops with the open one.
        session = replace(session, interrupted_through=recorded.seq) if session.stopping else session
    elif not session.turn_open:
        session = open_turn(session, recorded.recorded_at)
    message = Message(
        seq=recorded.seq,
        turn=session.turn,
        ts=event.ts,
        author=event.author,
        author_name=event.author_name,
        text=event.text,
        heard_at=recorded.recorded_at,
    )
    return replace(session, messages=(*session.messages, message), closed=None)


def _message_edited(session: Session, event: MessageEdited) -> Session:
    """An unread message is replaced; a read one becomes a correction at the next request."""
    message = message_at(session, event.ts)
    if message is None or message.withdrawn or message.text == event.text:
        return session
    session = with_message(session, replace(message, text=event.text))
    if message.seq > session.heard_through:
        return session
    note = f"{message.author_name} corrected an earlier message. It now reads:\n{event.text}"
    return due_again(noted(session, note), message.turn)


def _message_deleted(session: Session, event: MessageDeleted) -> Session:
    """An unread message is never read; a read one is told to be withdrawn at the next request."""
    message = message_at(session, event.ts)
    if message is None or message.withdrawn:
        return session
    session = with_message(session, replace(message, text="", withdrawn=True))
    if message.seq > session.heard_through:
        return session
    note = f"{message.author_name} withdrew an earlier message; do not act on it any more."
    return due_again(noted(session, note), message.turn)


def _feedback_given(session: Session, event: FeedbackGiven) -> Session:
    """The judgement of an answer makes what its turn taught due again; that of a hit is told to the model."""
    turn = event.turn or 0
    session = replace(session, feedback=(*session.feedback, Judgement(turn=turn, given=event)))
    offer = session.offer
    if offer and offer.solution == event.solution and session.offer_accepted is None:
        session = replace(session, offer_accepted=event.verdict == "solved")
    return due_again(told_of_dismissal(session, event), turn)


def _approval_given(session: Session, event: ApprovalGiven) -> Session:
    """The first word about a call counts."""

    def heard(approval: Approval) -> Approval:
        first = approval.call == event.call and approval.given is None
        return replace(approval, given=event) if first else approval

    return replace(session, approvals=tuple(map(heard, session.approvals)))


def _model_requested(session: Session, event: ModelRequested) -> Session:
    """What waits enters the conversation; a turn whose first request brings nothing has not begun."""
    heard = Heard(
        results=session.unsent_results,
        earlier=None if session.earlier_entered else session.earlier,
        recalled=() if session.recall_entered else session.relevant_hits,
        notes=session.pending_notes,
        messages=tuple(message for message in session.waiting if message.seq <= event.through),
    )
    entered = (heard,) if heard != Heard() else ()
    return replace(
        session,
        conversation=(*session.conversation, *entered),
        calls_sent=True,
        earlier_entered=session.earlier is not None,
        recall_entered=session.recalled is not None,
        pending_notes=(),
        heard_through=max(session.heard_through, event.through),
        turn_requests=session.turn_requests + (1 if entered or session.turn_requests else 0),
        requested=True,
        change=session.change.asked_again(),
    )


def _model_responded(session: Session, event: ModelResponded) -> Session:
    spoken = Spoken(turn=session.turn, blocks=event.blocks, stop_reason=event.stop_reason)
    calls = tuple(
        ToolCall(
            call=block["id"],
            tool=block["name"],
            input=block["input"],
            cut=event.stop_reason == "max_tokens",
        )
        for block in event.blocks
        if block.get("type") == "tool_use"
    )
    usage = event.usage
    session = replace(
        session,
        conversation=(*session.conversation, spoken),
        requested=False,
        failed_call=None,
        calls=calls,
        calls_sent=False,
        tool_log=(*session.tool_log, *((call, session.turn) for call in calls)),
        usage=(*session.usage, (event.model, usage)),
        spent=(*session.spent, (event.model, usage)),
        setbacks=0,
        last_input_tokens=usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
    )
    if event.stop_reason == "max_tokens" and not calls:
        return noted(session, "Your answer was cut at its length limit. Go on exactly where it stopped.")
    return session


def _model_failed(session: Session, recorded: RecordedEvent, event: ModelFailed) -> Session:
    before = session.failed_call.in_a_row if session.failed_call else 0
    failed = FailedCall(failure=event, failed_at=recorded.recorded_at, in_a_row=before + 1)
    return replace(session, failed_call=failed, requested=False)


def _still_missing(session: Session) -> SandboxUnavailable | None:
    """A backend that was only waited for has answered again."""
    missing = session.no_sandbox
    return missing if missing is not None and missing.delay is None else None


def _reply_started(session: Session, recorded: RecordedEvent, event: ReplyStarted) -> Session:
    reply = Reply(key=event.key, kind=event.kind, turn=session.turn, ts=None, started_at=recorded.recorded_at)
    offered = recorded.seq if event.kind == "offer" else session.offered_through
    return replace(session, replies=(*session.replies, reply), offered_through=offered)


def _reply_posted(session: Session, event: ReplyPosted) -> Session:
    replies = tuple(
        replace(reply, ts=event.ts) if reply.key == event.key else reply for reply in session.replies
    )
    return replace(session, replies=replies)


def _context_compacted(session: Session, event: ContextCompacted) -> Session:
    """Unsent results are in the summary, and what is before it is not replayed; notes are yet to be told."""
    return replace(
        session,
        conversation=(Summarised(summary=event.summary),),
        usage=(*session.usage, (event.model, event.usage)),
        spent=(*session.spent, (event.model, event.usage)),
        calls=(),
        calls_sent=True,
        last_input_tokens=0,
        failed_call=None,
    )


def _interrupt_handled(session: Session, event: InterruptHandled) -> Session:
    """The stopped turn keeps its place in the conversation, and every open call gets an end."""
    session = replace(session, interrupts_handled=event.through, requested=False, failed_call=None)
    if not session.turn_open:
        return session
    session = entered_unanswered(
        with_calls_ended(session, "Stopped by the people in the thread."), event.through
    )
    return noted(
        session, "The people in the thread stopped you here. Do not go on with the stopped work unasked."
    )


def _session_closed(session: Session, event: SessionClosed) -> Session:
    """Whoever opens the session again begins anew: what was running when it was closed does not go on."""
    session = with_calls_ended(session, "The session was closed before this ended; its effect is not known.")
    return without_loose_ends(
        replace(session, closed=event.reason, turn_open=False, requested=False, failed_call=None)
    )


def _turn_finished(session: Session, recorded: RecordedEvent, event: TurnFinished) -> Session:
    if event.outcome == "recalled":
        # What was asked is answered: nobody asks the model about it.
        session = noted(
            entered_unanswered(session, session.offered_through), "The first solution here solved it."
        )
    finished = FinishedTurn(
        turn=event.turn,
        outcome=event.outcome,
        finished_at=recorded.recorded_at,
        answer=session.last_word(event.turn),
    )
    taught = event.outcome in TEACHING
    session = replace(
        session,
        turn_open=False,
        finished_turns=(*session.finished_turns, finished),
        index_due=(*session.index_due, event.turn) if taught else session.index_due,
        spent=() if event.outcome == "paused" else session.spent,
        limit=None,
    )
    return _next_turn(without_loose_ends(session), recorded.recorded_at)


def _next_turn(session: Session, at: datetime) -> Session:
    """Messages that nobody answered open the next turn, unless a stop came after them, or they came before
    the money of the month was used up: then somebody has to say that it is to go on."""
    settled = max(session.interrupts_handled, session.paused_through)
    if not any(message.seq > settled for message in session.waiting):
        return session
    session = open_turn(session, at)
    moved = tuple(
        replace(message, turn=session.turn) if message.seq > session.heard_through else message
        for message in session.messages
    )
    return replace(session, messages=moved)
