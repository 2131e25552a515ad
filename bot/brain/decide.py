"""What to do next: the whole behaviour of the brain, one rule after another. Pure.

`decide` tries the rules of `RULES` in order; the first that has an answer wins. Every step is safe to decide
again after a crash, because each rule looks at what the log says and at nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.brain.budget import exceeded, stalled
from bot.brain.changes.publication import next_stage, notice_key, push_call
from bot.brain.conclusion import answer_files, answer_parts, conclude
from bot.brain.permitting import permission
from bot.brain.repository_choice import next_choice
from bot.brain.steps import (
    AskModel,
    Attach,
    Close,
    Compact,
    Execute,
    Facts,
    FetchFile,
    FinishTurn,
    HandleInterrupt,
    Index,
    Pause,
    Post,
    Publish,
    ReadThread,
    Recall,
    Refuse,
    Rest,
    Settle,
    ShareCode,
    StageFiles,
    Step,
)
from bot.brain.tools import HANDS, problem_with
from memory.log.events import ReplyKind
from memory.log.session import Session, ToolCall

BARREN_CLAIMS = 5
"""Claims without one recorded event after which a session is given up: each has cost a process or a lease."""

COMPACT_TOKENS = 150_000
"""Input size at which the conversation is summarised; the provider's own compaction starts there too."""

POISON_DELAY = 3_600.0
"""Seconds until what is left of a finished turn, such as its indexing, is tried again after such failures."""

UNKNOWN_DELAY = 10.0
"""Seconds until a channel whose kind could not be looked up is asked about again."""

POSTS_AN_HOUR = 60
"""Of one thread. Busy people and long answers stay far below it; what goes beyond is a loop that no rule
foresaw."""

Rule: TypeAlias = Callable[[Session, Facts], Step | None]


def decide(session: Session, facts: Facts) -> Step:
    """The next step of the session: the answer of the first rule that has one."""
    step = next((step for rule in RULES if (step := rule(session, facts)) is not None), Rest())
    if isinstance(step, Post | ShareCode) and (wait := _too_many_posts(session, facts)) is not None:
        step = wait
    if isinstance(step, Rest) and facts.visibility == "public" and facts.barren_claims <= BARREN_CLAIMS:
        # Waiting for somebody is no reason to leave withdrawn or corrected text in memory meanwhile.
        return index_turns(session, facts) or step
    return step


def _too_many_posts(session: Session, facts: Facts) -> Rest | None:
    """Until the thread may hear more: it had its number of posts within the last hour."""
    hour = timedelta(hours=1)
    files = (file.uploaded_at for file in session.outgoing if file.uploaded_at is not None)
    posts = (*(reply.started_at for reply in session.replies), *files)
    recent = sorted(at for at in posts if facts.now - at < hour)
    if len(recent) < POSTS_AN_HOUR:
        return None
    return Rest(delay=(recent[-POSTS_AN_HOUR] + hour - facts.now).total_seconds())


def channel_must_be_public(session: Session, facts: Facts) -> Step | None:
    """Nothing at all is done for a channel that is not, or not surely, public."""
    match facts.visibility:
        case "public":
            return None
        case "unknown":
            return Rest(delay=UNKNOWN_DELAY)
        case "refused":
            return Rest() if session.closed else Close(reason="the channel is not public", notice=None)


def interrupt_first(session: Session, _: Facts) -> Step | None:
    """A stop is obeyed before anything else goes on."""
    if session.interrupted_through > session.interrupts_handled:
        return HandleInterrupt(through=session.interrupted_through)
    return None


def give_up_poison(session: Session, facts: Facts) -> Step | None:
    """A session that fails whoever claims it is closed, or left alone, so that it cannot eat the workers."""
    if facts.barren_claims <= BARREN_CLAIMS:
        return None
    if not session.turn_open:
        return Rest(delay=POISON_DELAY)
    notice = "I failed at this several times in a row and stop here. Say something to let me try again."
    return Close(reason="failed: no progress in repeated claims", notice=notice)


def rest_when_closed(session: Session, facts: Facts) -> Step | None:
    """A closed session says nothing more; what its turns taught is still written to memory."""
    return None if session.closed is None else index_turns(session, facts) or Rest()


def settle_replies(session: Session, _: Facts) -> Step | None:
    """A post whose outcome is unknown is looked for before anything new is said."""
    unsettled = next((reply for reply in session.replies if reply.ts is None), None)
    return Settle(reply=unsettled) if unsettled else None


def confirm_stop(session: Session, _: Facts) -> Step | None:
    """The thread is told, once, that the turn was stopped."""
    last = session.finished_turns[-1] if session.finished_turns else None
    if last is None or last.outcome != "interrupted" or not _anything_said(session, last.turn):
        return None
    return _post_once(session, f"stopped:{last.turn}", "notice")


def _anything_said(session: Session, turn: int) -> bool:
    return any(message.turn == turn and not message.withdrawn for message in session.messages)


def drop_empty_turn(session: Session, _: Facts) -> Step | None:
    """A turn whose every message was withdrawn before it was read has nothing to answer."""
    unread = session.turn_open and session.turn_requests == 0 and not session.woken
    return FinishTurn(outcome="interrupted") if unread and not session.waiting else None


def show_progress(session: Session, _: Facts) -> Step | None:
    """An open turn has one progress message from its beginning."""
    return _post_once(session, f"progress:{session.turn}", "progress") if session.turn_open else None


def give_up_turn(session: Session, _: Facts) -> Step | None:
    """A turn that cannot go on says so instead of an answer."""
    end = conclude(session)
    if not session.turn_open or end is None or end.outcome not in ("failed", "paused"):
        return None
    return _post_parts(session) or FinishTurn(outcome=end.outcome)


def run_calls(session: Session, facts: Facts) -> Step | None:
    """The calls of the last answer are made one by one, each under its own id."""
    call = session.pending_call
    if call is None or not session.turn_open or session.limit is not None:
        return None
    if call.cut or problem_with(call.tool, call.input):
        return Execute(call=call)
    if call.tool == "ask":
        return _ask(session, call)
    hands = _get_hands if call.tool in HANDS else _no_hands
    return permission(session, call, facts) or hands(session, facts) or Execute(call=call)


def _ask(session: Session, call: ToolCall) -> Step:
    """A question waits for the thread; whatever is said next answers it."""
    posted = _post_once(session, f"question:{call.call}", "question")
    if posted is not None:
        return posted
    return Execute(call=call) if session.waiting else Rest()


def _no_hands(_: Session, __: Facts) -> Step | None:
    return None


def _get_hands(session: Session, facts: Facts) -> Step | None:
    """A workspace is there, is made, is waited for, or cannot be had: then the call says so."""
    missing, at = session.no_sandbox, session.no_sandbox_at
    if missing is not None and at is not None:
        if missing.delay is None:
            return None
        if (reached := stalled(session, facts.budget)) is not None:
            return Pause(reached=reached)
        if (wait := _after(at, missing.delay, facts)) is not None:
            return wait
    if session.sandbox is None:
        return next_choice(session, facts.meant) or Attach()
    return StageFiles() if session.unstaged else None


def fetch_files(session: Session, _: Facts) -> Step | None:
    """What people shared is brought before the model reads what they said."""
    if not session.turn_open or not session.unfetched:
        return None
    message, file = session.unfetched[0]
    return FetchFile(message=message, file=file)


def tell_missing_files(session: Session, _: Facts) -> Step | None:
    """The thread is told, once for each, which files could not be had and why."""
    keys = (f"file:{fetched.file}" for fetched in session.fetched if fetched.problem)
    return next((step for key in keys if (step := _post_once(session, key, "notice"))), None)


def read_thread(session: Session, _: Facts) -> Step | None:
    """A thread that began before the session is read once: the call alone says little."""
    wanted = session.turn_open and session.called_into and session.turn_requests == 0
    return ReadThread() if wanted and session.earlier is None else None


def recall_first(session: Session, _: Facts) -> Step | None:
    """Earlier solutions are looked for before the model is asked, and shown when there are any."""
    if not session.turn_open:
        return None
    if session.recalled is None:
        return Recall()
    offered = _offer(session)
    if offered is not None or not session.recalled.hits:
        return offered
    return _post_once(session, "recall:1", "recall")


def _offer(session: Session) -> Step | None:
    """What is almost certainly the answer already waits for a word before the model is asked at all."""
    made = session.reply("offer:1")
    if session.offer is None or session.turn_requests or (made and made.turn != session.turn):
        return None
    posted = _post_once(session, "offer:1", "offer")
    if posted is not None:
        return posted
    if session.offer_accepted:
        return FinishTurn(outcome="recalled")
    # Whoever writes on wants it worked on.
    written = any(message.seq > session.offered_through for message in session.waiting)
    return None if session.offer_accepted is False or written else Rest()


def finish_saying(session: Session, _: Facts) -> Step | None:
    """An answer whose first part is posted is said to its end; what arrived since opens the next turn."""
    if not session.turn_open or session.reply(_answer_key(session, 1)) is None:
        return None
    end = conclude(session)
    return _say(session) or FinishTurn(outcome=end.outcome if end else "answered")


def pause_at_limit(session: Session, facts: Facts) -> Step | None:
    """A session that used up what it was allowed asks whether to go on, before it asks the model again."""
    if not session.turn_open or session.limit is not None or not _unfinished(session):
        return None
    reached = facts.spent_out or exceeded(session, facts.budget)
    return Pause(reached=reached) if reached else None


def ask_model(session: Session, facts: Facts) -> Step | None:
    """The model is asked when it has not seen everything or did not end; near the limit it sums up first."""
    if not session.turn_open or not _unfinished(session):
        return None
    failed = session.failed_call
    if failed is not None and failed.failure.delay is not None:
        wait = _after(failed.failed_at, failed.failure.delay, facts)
        if wait is not None:
            return wait
    too_long = failed is not None and failed.failure.reason == "context_too_long"
    return Compact() if too_long or session.last_input_tokens > COMPACT_TOKENS else AskModel()


def _unfinished(session: Session) -> bool:
    if session.failed_call is not None or session.waiting or session.pending_notes:
        return True
    if session.calls and not session.calls_sent:
        return True
    return session.last_spoken is None or session.last_spoken.stop_reason == "pause_turn"


def publish_change(session: Session, facts: Facts) -> Step | None:
    """A change of the answer becomes a draft pull request before the answer is posted, which names it."""
    end = conclude(session)
    if not session.turn_open or end is None or end.outcome != "answered":
        return None
    match next_stage(session, facts.now):
        case None:
            return None
        case timedelta() as wait:
            return Rest(delay=wait.total_seconds())
        case "authorise":
            word = permission(session, push_call(session), facts)
            return Publish(stage="deny") if isinstance(word, Refuse) else word or Publish(stage="authorise")
        case stage:
            return Publish(stage=stage)


def tell_pull_request(session: Session, _: Facts) -> Step | None:
    """The thread is told, once, what became of the pull request, or that a person has to go on."""
    key = notice_key(session)
    return _post_once(session, key, "notice") if key else None


def post_answer(session: Session, _: Facts) -> Step | None:
    """The answer is said once, in as many parts as it needs, and then the turn is over."""
    if not session.turn_open:
        return None
    return _say(session) or FinishTurn(outcome="answered")


def index_turns(session: Session, _: Facts) -> Step | None:
    """What a finished turn taught, or teaches differently after feedback and edits, is written to memory."""
    return Index(turn=session.index_due[0]) if session.index_due else None


RULES: tuple[Rule, ...] = (
    channel_must_be_public,
    give_up_poison,
    interrupt_first,
    rest_when_closed,
    settle_replies,
    confirm_stop,
    tell_pull_request,
    tell_missing_files,
    drop_empty_turn,
    show_progress,
    run_calls,
    fetch_files,
    read_thread,
    recall_first,
    finish_saying,
    give_up_turn,
    pause_at_limit,
    ask_model,
    publish_change,
    post_answer,
    index_turns,
)


def _post_once(session: Session, key: str, kind: ReplyKind) -> Step | None:
    return None if session.reply(key) else Post(key=key, kind=kind)


def _answer_key(session: Session, part: int) -> str:
    return f"answer:{session.turn}:{part}"


def _say(session: Session) -> Step | None:
    """The answer's words, then its long code: what people say meanwhile cannot come between them."""
    waiting = (code for code in answer_files(session) if not session.outgoing_ended(code.key))
    return _post_parts(session) or next((ShareCode(snippet=code) for code in waiting), None)


def _post_parts(session: Session) -> Step | None:
    for part in range(1, len(answer_parts(session)) + 1):
        step = _post_once(session, _answer_key(session, part), "answer")
        if step is not None:
            return step
    return None


def _after(since: datetime, delay: float, facts: Facts) -> Rest | None:
    remaining = (since + timedelta(seconds=delay) - facts.now).total_seconds()
    return Rest(delay=remaining) if remaining > 0 else None
