"""How a turn ends: the answer that the thread gets, or why there is none. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.brain.changes.publication import publication_text
from bot.brain.snippets import Snippet, without_snippets
from bot.brain.splitting import split_markdown
from bot.slack.showing.bold import loosened
from bot.slack.showing.code_spans import outside_code, quiet_code
from bot.slack.showing.links import with_addresses
from bot.slack.showing.rendered import harmless
from memory.log.events import FailureReason, Limit, ModelFailed, TurnOutcome
from memory.log.session import Session

FAILURES_IN_A_ROW = 8
"""Failed attempts of one model call. With the back-off of `bot.brain.thinking` this is about ten minutes."""

GOES_ON = ("max_tokens", "pause_turn")
"""Reasons to stop after which the model is asked to go on where it stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What to say at the end of a turn (Markdown), and how it ended."""

    text: str
    outcome: TurnOutcome


def conclude(session: Session) -> Conclusion | None:
    """The end of the open turn, or None while it has none."""
    if session.limit is not None:
        return Conclusion(text=_PAUSED[session.limit.limit].format(session.limit.detail), outcome="paused")
    if session.failed_call is not None:
        failure, in_a_row = session.failed_call.failure, session.failed_call.in_a_row
        hopeless = failure.delay is None and failure.reason != "context_too_long"
        return _failed(failure) if hopeless or in_a_row >= FAILURES_IN_A_ROW else None
    spoken = session.last_spoken
    if spoken is not None and spoken.turn != session.turn:
        return None
    if spoken is not None and spoken.stop_reason == "refusal":
        return Conclusion(text="The model declined to work on this request.", outcome="failed")
    if spoken is not None and not session.calls and spoken.stop_reason not in GOES_ON:
        text = session.last_word(session.turn).strip() or "I have nothing to add."
        published = publication_text(session)
        return Conclusion(text="\n\n".join(filter(None, (text, published))), outcome="answered")
    return None


def answer_parts(session: Session) -> tuple[str, ...]:
    """The conclusion's text in posts that Slack accepts; empty while there is none.

    Code that was to be a file and could not be one follows in posts of its own.
    """
    end = conclude(session)
    if end is None:
        return ()
    text, files = without_snippets(end.text, session.turn)
    sent = (session.outgoing_file(file.key) for file in files)
    failed = [file.fence for file, out in zip(files, sent, strict=True) if out is not None and out.problem]
    return tuple(part for piece in (text, *failed) for part in split_markdown(shown(piece, session)))


def answer_files(session: Session) -> tuple[Snippet, ...]:
    """The code of the conclusion that goes into the thread as files."""
    end = conclude(session)
    return without_snippets(end.text, session.turn)[1] if end else ()


def shown(markdown: str, session: Session) -> str:
    """What the model wrote as the thread may see it: it calls those who spoke there, and hides no address.

    Fences stay as they are: `markdown_blocks` sees to it that they call nobody.
    """
    people = {message.author for message in session.messages}

    def shown_words(words: str) -> str:
        return harmless(loosened(words), people)

    return quiet_code(outside_code(with_addresses(markdown), shown_words), fences=False)


def _failed(failure: ModelFailed) -> Conclusion:
    return Conclusion(text=f"{_WHY[failure.reason]}\n\n> {failure.detail}", outcome="failed")


_WHY: dict[FailureReason, str] = {
    "overloaded": "The model stayed overloaded for too long. Say *go on* to let me try again.",
    "broken": "The connection to the model kept breaking. Say *go on* to let me try again.",
    "context_too_long": "This thread has become too long for the model. Please open a new one.",
    "rejected": "The model service refused my request; whoever runs me has to look at the settings.",
}

_PAUSED: dict[Limit, str] = {
    "steps": "I pause here after {} without an end. Say *go on* to let me make as many again.",
    "tokens": "I pause here: this thread has used {}. Say *go on* to let me use as many again.",
    "dollars": "I pause here: this thread has cost {}. Say *go on* to let me spend as much again.",
    "month": "I pause here: this channel has used {} for the month. `/oxbow settings spend` changes "
    "that; then say *go on*.",
    "progress": "I pause here because nothing moves ({}). Say *go on* to let me try again.",
}
