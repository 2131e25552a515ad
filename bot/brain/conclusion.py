"""How a turn ends: the answer that the thread gets, or why there is none. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.brain.splitting import split_markdown
from memory.events import FailureReason, ModelFailed, TurnOutcome
from memory.session import Entry, Heard, Session, Spoken

TURN_REQUESTS = 200
"""Model requests in one turn. A long turn makes about 50 tool calls; four times that is one gone astray."""

FAILURES_IN_A_ROW = 8
"""Failed attempts of one model call. With the back-off of `bot.brain.thinking` this is about ten minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What to say at the end of a turn (Markdown), and how it ended."""

    text: str
    outcome: TurnOutcome


def conclude(session: Session) -> Conclusion | None:
    """The end of the open turn, or None while it has none."""
    if session.failed_call is not None:
        failure, in_a_row = session.failed_call.failure, session.failed_call.in_a_row
        hopeless = failure.delay is None and failure.reason != "context_too_long"
        return _failed(failure) if hopeless or in_a_row >= FAILURES_IN_A_ROW else None
    spoken = session.last_spoken
    if spoken is not None and spoken.turn != session.turn:
        return None
    if spoken is not None and spoken.stop_reason == "refusal":
        return Conclusion(text="The model declined to work on this request.", outcome="failed")
    if spoken is not None and spoken.stop_reason in ("end_turn", "stop_sequence"):
        return Conclusion(text=_answer_text(session) or "I have nothing to add.", outcome="answered")
    if session.turn_requests >= TURN_REQUESTS:
        text = f"I stopped after {session.turn_requests} steps without an end. Say *go on* to continue."
        return Conclusion(text=text, outcome="failed")
    return None


def answer_parts(session: Session) -> tuple[str, ...]:
    """The conclusion's text in posts that Slack accepts; empty while there is none."""
    end = conclude(session)
    return split_markdown(end.text) if end else ()


def text_of(spoken: Spoken) -> str:
    """The visible text of one answer of the model."""
    return "\n\n".join(block["text"] for block in spoken.blocks if block.get("type") == "text")


def _failed(failure: ModelFailed) -> Conclusion:
    return Conclusion(text=f"{_WHY[failure.reason]}\n\n> {failure.detail}", outcome="failed")


_WHY: dict[FailureReason, str] = {
    "overloaded": "The model stayed overloaded for too long. Say *go on* to let me try again.",
    "broken": "The connection to the model kept breaking. Say *go on* to let me try again.",
    "context_too_long": "This thread has become too long for the model. Please open a new one.",
    "rejected": "The model service refused my request; whoever runs me has to look at the settings.",
}


def _answer_text(session: Session) -> str:
    """The last answer, with the parts before it that were cut at the length limit."""
    return "".join(reversed(list(_continued(session.conversation))))


def _continued(conversation: tuple[Entry, ...]) -> Iterator[str]:
    for entry in reversed(conversation):
        match entry:
            case Spoken() if entry is conversation[-1] or entry.stop_reason == "max_tokens":
                yield text_of(entry)
            case Heard(messages=(), results=()):
                continue
            case _:
                return
