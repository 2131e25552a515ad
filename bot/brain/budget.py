"""What a session may use up before it pauses and asks whether to go on. Pure.

Everything is counted in events of the log, nothing in time that passed: hours in which no worker ran use up
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.model.prices import cost
from bot.slack.showing.rendered import count
from memory.log.events import LimitReached
from memory.log.session import Session
from memory.log.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The allowance of a session, from its beginning or from its last pause to the next."""

    steps: int = 200
    """Requests to the model. A long turn makes about 50; four times that is one gone astray."""
    tokens: int = 30_000_000
    """Read and written, cached ones included: 200 requests of the longest conversation."""
    dollars: Decimal | None = Decimal(25)
    """Where the model's price is known. Ten times what an ordinary session costs."""
    setbacks: int = 20
    """Looks at a workspace in vain in a row: half an hour with the back-off of `bot.brain.hands`."""


def exceeded(session: Session, budget: Budget) -> LimitReached | None:
    """The limit that the session has come to, if any."""
    steps = max(len(session.spent), session.turn_requests)
    if steps >= budget.steps:
        return LimitReached(limit="steps", detail=f"{count(steps, 'request')} to the model")
    tokens = sum(_tokens(usage) for _, usage in session.spent)
    if tokens >= budget.tokens:
        return LimitReached(limit="tokens", detail=f"{tokens:,} tokens")
    spent = dollars(session.spent)
    if budget.dollars is not None and spent >= budget.dollars:
        return LimitReached(limit="dollars", detail=f"${spent:.2f}")
    return None


def stalled(session: Session, budget: Budget) -> LimitReached | None:
    """The limit of waiting for a workspace, when the session has come to it."""
    if session.setbacks < budget.setbacks:
        return None
    why = session.no_sandbox.detail if session.no_sandbox else "no workspace answers"
    return LimitReached(limit="progress", detail=f"{session.setbacks} looks in vain: {why}")


def dollars(calls: tuple[tuple[str, Usage], ...]) -> Decimal:
    """What the calls cost, as far as the prices of their models are known."""
    prices = (cost(usage, model) for model, usage in calls)
    return sum((price for price in prices if price is not None), Decimal())


def _tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens + usage.cache_read_tokens + usage.cache_write_tokens
