"""What a session looks like in its thread: one function for each kind of post. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from bot.brain.conclusion import answer_parts, conclude, shown
from bot.model.prices import cost
from bot.slack.showing.approval import approval_post
from bot.slack.showing.code_spans import markdown_blocks, quiet_code
from bot.slack.showing.offer import offer_post
from bot.slack.showing.pull_requests import publishing, pull_request_notice
from bot.slack.showing.rendered import (
    OUTCOME_WORDS,
    Rendered,
    actions,
    button,
    context,
    count,
    cut,
    escape,
    first_line,
    link,
    plain,
    section,
)
from bot.slack.showing.repository_question import chosen_words, repository_question
from memory.log.events import RecalledSolution, ReplyKind, TurnOutcome
from memory.log.session import FailedCall, Session, Spoken, ToolCall, text_of

LATE_SECONDS = 360
"""From this on it is said how late a message was heard: Slack's own deliveries, repeated ones included, end
after six minutes."""

LATEST_SECONDS = 4 * 86_400
"""Catching up goes three days back; what seems older was written by a clock that is wrong."""

STEPS_SHOWN = 8
"""Steps in the progress message: what fits on a phone without scrolling; earlier ones are counted."""

STOP, SOLVED, NOT_SOLVED, NOT_RELEVANT = (
    "oxbow_stop",
    "oxbow_solved",
    "oxbow_not_solved",
    "oxbow_not_relevant",
)
"""Action ids of the buttons. Ids of buttons that repeat in one message carry a number after a colon."""
_ENDS: dict[TurnOutcome, str] = {
    "answered": ":white_check_mark: Done",
    "failed": ":warning: Gave up",
    "recalled": ":white_check_mark: Solved from memory",
    "interrupted": ":octagonal_sign: Stopped",
    "paused": ":double_vertical_bar: Paused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a post shows besides the session itself."""

    now: datetime
    notices: tuple[str, ...]
    """What people must know under each answer: that the model is scripted, that nothing is isolated."""


def render(session: Session, *, key: str, kind: ReplyKind, around: Surroundings) -> Rendered:
    """The post with this key, from the session alone: any process renders it the same."""
    match kind:
        case "progress":
            return progress(session, around)
        case "recall":
            return recalled(session.recalled.hits if session.recalled else (), session.dismissed)
        case "offer":
            return offer_post(session)
        case "question" if key.startswith("repository:"):
            return repository_question(session, int(key.removeprefix("repository:")))
        case "question":
            return question(session, key.removeprefix("question:"))
        case "approval":
            return approval_post(session, key.removeprefix("approval:"))
        case "answer":
            return answer(session, int(key.rsplit(":", 1)[1]), around)
        case "notice":
            return _notice(session, key)
        case _:
            assert_never(kind)


def _notice(session: Session, key: str) -> Rendered:
    if key.startswith("pull:"):
        return pull_request_notice(session, key)
    if key.startswith("file:"):
        return missing_file(session, key.removeprefix("file:"))
    return plain(":octagonal_sign: Stopped. Nothing goes on by itself; say what to do next when you like.")


def progress(session: Session, around: Surroundings) -> Rendered:
    """The one message that changes while the turn runs."""
    calls = [call for call, turn in session.tool_log if turn == session.turn]
    hidden = len(calls) - STEPS_SHOWN
    steps = [_step(call) for call in calls[-STEPS_SHOWN:]]
    lines = [f"_{hidden} earlier steps_"] if hidden > 0 else []
    doing = _doing(session)
    elapsed = _elapsed(session, around.now)
    head = "  ·  ".join(filter(None, (f"*{doing}*", elapsed, chosen_words(session))))
    body = "\n".join([head, *_late(session), *_without_memory(session), *lines, *steps])
    return Rendered(
        text=doing,
        blocks=(
            section(body),
            actions(button("Stop", action=STOP, value=str(session.turn), style="danger")),
        ),
    )


def finished_progress(session: Session, outcome: TurnOutcome, around: Surroundings) -> Rendered:
    """What the progress message folds into at the end."""
    calls = sum(1 for _, turn in session.tool_log if turn == session.turn)
    parts = [_ENDS[outcome], count(calls, "step"), _elapsed(session, around.now)]
    text = "  ·  ".join(part for part in parts if part)
    return Rendered(text=text, blocks=(context(text),))


def recalled(hits: Sequence[RecalledSolution], dismissed: Collection[str] = ()) -> Rendered:
    """Earlier threads that look like this one, each with the reason and a way to say that it does not.

    `dismissed` are the solutions of which somebody has said so.
    """
    blocks = [section("*Looks like these earlier threads*")]
    for number, hit in enumerate(hits):
        line = (
            f"{link(hit.permalink, first_line(hit.problem, 120))}\n"
            f"#{escape(hit.channel)}  ·  {OUTCOME_WORDS.get(hit.outcome, hit.outcome)}  ·  "
            f"{hit.finished_at[:10]}  ·  {escape(hit.why)}"
        )
        if hit.solution in dismissed:
            blocks.append(section(f"{line}\n_Noted as not relevant here._"))
            continue
        dismiss = button("Not relevant", action=f"{NOT_RELEVANT}:{number}", value=hit.solution)
        blocks.append(section(line) | {"accessory": dismiss})
    text = f"Looks like {count(len(hits), 'earlier thread')}"
    return Rendered(text=text, blocks=tuple(blocks))


def question(session: Session, call: str) -> Rendered:
    """A question of the model to the thread."""
    asked = next((item for item in session.calls if item.call == call), None)
    text = shown(str(asked.input["question"]), session) if asked else "What should I do?"
    return Rendered(
        text=cut(quiet_code(text), 3_000),
        blocks=(*markdown_blocks(cut(text, 11_000)), context("Reply here and I go on.")),
    )


def missing_file(session: Session, file: str) -> Rendered:
    """That a file could not be had, so that nobody believes that it was read."""
    items = (item for message in session.messages for item in message.files if item.file.id == file)
    name, why = next(((i.file.name, i.fetched.problem) for i in items if i.fetched), ("A file", ""))
    return plain(f":warning: I could not read {escape(cut(name, 200))}: {escape(cut(why, 500))}.")


def answer(session: Session, part: int, around: Surroundings) -> Rendered:
    """One part of the answer; the last one carries the footer and the buttons."""
    parts = answer_parts(session)
    text = parts[part - 1]
    blocks = markdown_blocks(text)
    if part == len(parts):
        blocks.append(context(*_footer(session, around)))
        turn = str(session.turn)
        blocks.append(
            actions(
                button("Solved", action=SOLVED, value=turn, style="primary"),
                button("Not solved", action=NOT_SOLVED, value=turn),
            )
        )
    return Rendered(text=cut(quiet_code(text), 3_000), blocks=tuple(blocks))


def _step(call: ToolCall) -> str:
    match call.finished:
        case None:
            sign = ":hourglass_flowing_sand:" if call.started else ":white_circle:"
        case finished if finished.is_error:
            sign = ":x:"
        case _:
            sign = ":heavy_check_mark:"
    return f"{sign} {_described(call)}"


def _described(call: ToolCall) -> str:
    subject = next(
        (str(call.input[name]) for name in ("command", "path", "query", "question") if name in call.input), ""
    )
    return f"{escape(cut(call.tool, 40))} `{escape(first_line(subject, 90)).replace('`', chr(39))}`"


def _doing(session: Session) -> str:
    if session.pending_call is not None:
        return _calling(session, session.pending_call)
    if session.failed_call is not None:
        return _asking_again(session.failed_call)
    if session.recalled is None:
        return "Looking for earlier solutions"
    end = conclude(session)
    published = publishing(session) if end is not None and end.outcome == "answered" else None
    if published is not None:
        return published
    spoken = next((e for e in reversed(session.conversation) if isinstance(e, Spoken)), None)
    said = first_line(text_of(spoken), 140) if spoken and spoken.turn == session.turn else ""
    return escape(said) or "Thinking"


def _asking_again(failed: FailedCall) -> str:
    """Which try it will be is said, so that people see that something goes on."""
    why = "is busy" if failed.failure.reason == "overloaded" else "does not answer"
    return f"The model {why}; I ask again by myself (try {failed.in_a_row + 1})"


def _calling(session: Session, call: ToolCall) -> str:
    missing = session.no_sandbox
    if missing is not None and missing.delay is not None:
        cause = escape(first_line(missing.detail.partition(": ")[0], 140))
        return f"Waiting: {cause}. I look again by myself"
    if session.choice.open_in(session.turn) is not None:
        return "Waiting for your choice of a repository"
    approval = session.approval(call.call)
    if approval is not None and approval.given is None:
        return "Waiting for approval"
    return "Waiting for your answer" if call.tool == "ask" else "Working"


def _elapsed(session: Session, now: datetime) -> str:
    if session.turn_opened_at is None:
        return ""
    seconds = max(0, round((now - session.turn_opened_at).total_seconds()))
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min {seconds % 60} s"


def _late(session: Session) -> Iterator[str]:
    """That the turn's message was heard long after it was said, if it was."""
    first = next((message for message in session.messages if message.turn == session.turn), None)
    if first is None:
        return
    seconds = round(first.heard_at.timestamp() - float(first.ts))
    if LATE_SECONDS < seconds < LATEST_SECONDS:
        minutes = f"{seconds % 3_600 // 60} min"
        span = f"{seconds // 3_600} h {minutes}" if seconds >= 3_600 else minutes
        yield f":hourglass: I was away and saw this {span} after it was said."


def _without_memory(session: Session) -> Iterator[str]:
    """That the work began without looking for earlier threads: it is looked for once, in the first turn."""
    if session.turn == 1 and session.recalled is not None and session.recalled.unsearched:
        yield ":warning: I could not look for earlier threads; `/oxbow search` may find them later."


def _footer(session: Session, around: Surroundings) -> Iterable[str]:
    models = dict.fromkeys(model for model, _ in session.usage)
    tokens = sum(
        use.input_tokens + use.cache_read_tokens + use.cache_write_tokens + use.output_tokens
        for _, use in session.usage
    )
    prices = [cost(use, model) for model, use in session.usage]
    parts = [", ".join(models)]
    if tokens:
        parts.append(f"{tokens:,} tokens")
    if tokens and all(price is not None for price in prices):
        parts.append(f"${sum((price for price in prices if price is not None), Decimal()):.2f}")
    parts.append(_elapsed(session, around.now))
    if session.sandbox is not None and session.sandbox.repository:
        commit = (session.sandbox.base_commit or "")[:10]
        named = f"{escape(session.sandbox.repository)} at {commit}"
        parts.append(chosen_words(session, commit) or named)
    yield "  ·  ".join(part for part in parts if part) or "Oxbow"
    if session.no_sandbox is not None:
        yield f":warning: I could run no commands: {escape(cut(session.no_sandbox.detail, 300))}"
    yield from _late(session)
    yield from _without_memory(session)
    yield from map(escape, around.notices)
