"""What the App Home shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.showing.rendered import context, cut, escape, link, section
from memory.log.events import Json
from memory.log.session import Session
from memory.log.sessions import SessionStatus

FIRST_STEPS = (
    "*How to begin*\n"
    "• In a public channel, `/invite @Oxbow`, then mention it with a problem. It works in the thread, where "
    "everybody can watch and steer; *stop* stops it.\n"
    "• On somebody's message choose *More actions*, then *Ask Oxbow*.\n"
    "• `/oxbow search KeyError in the import` finds finished threads; `/oxbow help` lists the rest.\n"
    "It cannot read private channels or direct messages."
)

OUTCOMES = {"answered": "answered", "failed": "failed", "interrupted": "stopped", "paused": "paused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A session in somebody's App Home."""

    channel: str
    problem: str
    state: str
    permalink: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Everything that one person is shown."""

    sessions: Sequence[Listed]
    decisions: Sequence[Listed]
    """Sessions that wait for this person's word about a call; `state` names the tool."""
    settings: Sequence[tuple[str, str]]
    """Channel, and what holds there."""
    personal: str
    """What the person has set."""
    schedules: Sequence[tuple[str, str]]
    """Channel, and what is asked there again and again for this person."""


def home_view(shown: Shown) -> Json:
    """The view, of a dozen blocks or so."""
    blocks = [section(FIRST_STEPS), {"type": "divider"}]
    if shown.decisions:
        blocks.append(section("*Waiting for your decision*\n" + "\n".join(map(_line, shown.decisions))))
    sessions = "\n".join(map(_line, shown.sessions)) or "None in the last two weeks."
    blocks.append(section(f"*Your sessions*\n{sessions}"))
    if shown.schedules:
        lines = [f"• <#{channel}> {said}" for channel, said in shown.schedules]
        blocks.append(section("*Scheduled by you*\n" + "\n".join(lines)))
    blocks.append(section(f"*Your settings*\n{shown.personal}"))
    blocks.append(context("Changed with `/oxbow settings mine`; they hold in the threads that you begin."))
    for channel, settings in shown.settings:
        blocks.append(section(f"*How I work in <#{channel}>*\n{settings}"))
    if shown.settings:
        blocks.append(context("Changed with `/oxbow settings` in the channel."))
    return {"type": "home", "blocks": blocks}


def refused_view(words: str) -> Json:
    """The view for somebody who is not answered."""
    return {"type": "home", "blocks": [section(escape(words))]}


def state_of(session: Session, status: SessionStatus) -> str:
    """How far a session has come, in a word or two."""
    if status in ("running", "runnable", "waiting"):
        return "at work"
    if session.turn_open:
        return "waits for an answer"
    return OUTCOMES[session.finished_turns[-1].outcome] if session.finished_turns else "ended"


def _line(listed: Listed) -> str:
    return f"• {link(listed.permalink, cut(listed.problem, 80))} in <#{listed.channel}>: {listed.state}"
