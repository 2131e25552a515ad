"""A change on its way into a pull request: what follows next, and every text about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from bot.brain.policy import PULL_REQUEST
from bot.brain.tools import HANDS
from memory.log.change import Publication
from memory.log.change_events import ChangeAuthorised, ChangeChecked, ChangeExported, CheckRun, HowAuthorised
from memory.log.events import Json
from memory.log.session import Message, Session, ToolCall

Stage = Literal["check", "export", "authorise", "deny", "push", "open", "give_up"]

AWAITED_TIMES = 5
"""How often a forge that does not answer is asked again before the answer goes without it: with delays from 5
seconds, doubled, that is two and a half minutes."""

FIRST_DELAY, LONGEST_DELAY = 5.0, 120.0
"""Seconds between two attempts."""

TITLE_CHARACTERS = 72
"""Of a commit's first line, as Git's own tools show it whole."""

PROBLEM_CHARACTERS = 2_000
"""Of the question in a description; the thread has the rest."""

SLUG_CHARACTERS = 40

FILE_CHARACTERS = 100
"""Of a name that is put before people: with those of an event's files the whole can be read."""


def next_stage(session: Session, now: datetime) -> Stage | timedelta | None:
    """What follows for the change of the turn's answer: a stage, a wait, or nothing more."""
    change, due = session.change, due_stage(session)
    if due is not None and change.awaited is not None and change.awaited_at is not None:
        if change.awaited_times > AWAITED_TIMES:
            return "give_up"
        remaining = change.awaited_at + timedelta(seconds=change.awaited.delay) - now
        if remaining > timedelta():
            return remaining
    return due


def due_stage(session: Session) -> Stage | None:
    """The stage that is next, whenever that may be."""
    return _stage(session.change) if _worked(session) and session.change.withheld is None else None


def push_call(session: Session) -> ToolCall:
    """The push that is next, as a call that a policy can ask about: what it would do, at this very commit."""
    exported = session.change.exported
    if exported is None:
        raise AssertionError("a push is decided after the export")
    files = (
        name if len(name) <= FILE_CHARACTERS else f"…{name[1 - FILE_CHARACTERS :]}" for name in exported.files
    )
    shown: Json = {
        "draft": exported.title,
        "from": f"{exported.branch} at {exported.commit[:12]}, into {exported.base_branch}",
        "lines": f"+{exported.insertions} -{exported.deletions}",
        "files": "".join(f"\n  {name}" for name in files),
    }
    return ToolCall(call=f"{PULL_REQUEST}:{exported.commit}", tool=PULL_REQUEST, input=shown, cut=False)


def waiting_push(session: Session) -> ToolCall | None:
    """The push whose turn it is, if it is."""
    return push_call(session) if session.turn_open and due_stage(session) == "authorise" else None


def _stage(change: Publication) -> Stage | None:
    if change.checked is None:
        return "check"
    if failed(change.checked):
        return "give_up"
    if change.exported is None:
        return "export"
    if change.pushed is None or change.pushed.commit != change.exported.commit:
        authorised = change.authorised is not None and change.authorised.commit == change.exported.commit
        return "push" if authorised else "authorise"
    return "open" if change.opened is None else None


def _worked(session: Session) -> bool:
    """Whether a workspace that was made from a repository may hold something new."""
    attached = session.sandbox
    if attached is None or attached.repository is None or attached.base_commit is None:
        return False
    called = (call.tool for call, turn in session.tool_log if turn == session.turn)
    return session.change.left or not HANDS.isdisjoint(called)


def failed(checked: ChangeChecked) -> tuple[CheckRun, ...]:
    """The declared commands that speak against the change."""
    return tuple(run for run in checked.runs if not run.holds)


def requester(session: Session) -> tuple[str, str]:
    """Who asked for the change, and what they are called: whose message began the turn. For a turn that the
    pull request itself began, it is who asked before."""
    message = next((m for m in session.messages if m.turn == session.turn and not m.withdrawn), None)
    authorised = session.change.authorised
    if message is None and authorised is not None:
        return authorised.by, authorised.by_name
    asked = message or _question(session)
    return asked.author, asked.author_name


def branch_name(session: UUID, title: str, number: int) -> str:
    """The branch of the session's n-th pull request: readable, and its own whatever the title."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower())[:SLUG_CHARACTERS].strip("-")
    again = f"-{number}" if number > 1 else ""
    return f"oxbow/{slug or 'change'}-{str(session)[:8]}{again}"


def title_of(session: Session, subject: str) -> str:
    """The subject of the commit that was made in the workspace, else the first line of what was asked."""
    line = " ".join((subject or _question(session).text).split())
    line = "".join(sign for sign in line if sign.isprintable()) or "Change"
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"


def commit_message(session: Session, title: str, permalink: str) -> str:
    """The message of the commit, with everybody who steered as a co-author."""
    names = {message.author: message.author_name for message in _heard(session)}
    credit = [f"Co-authored-by: {_plain(names[who])} <{who}@slack.invalid>" for who in names]
    return "\n".join([title, "", f"Made in {permalink}", "", *credit, ""])


def description(session: Session, exported: ChangeExported, permalink: str) -> str:
    """The text of the pull request, in Markdown."""
    return "\n\n".join(_sections(session, exported, permalink))


def _sections(session: Session, exported: ChangeExported, permalink: str) -> Iterator[str]:
    asked = _unaddressed(_question(session).text)[:PROBLEM_CHARACTERS]
    yield "**Problem**\n" + "\n".join(f"> {line}" for line in asked.splitlines() if line.strip())
    yield "**Cause and change**\n\n" + _unaddressed(session.last_word(session.turn).strip())
    yield f"**Evidence**, at `{exported.commit}`\n" + "\n".join(_evidence(session, exported))
    recalled = session.recalled.hits if session.recalled else ()
    links = [f"- {hit.permalink} ({hit.outcome})" for hit in recalled if hit.permalink]
    if links:
        yield "**Earlier threads that were at hand**\n" + "\n".join(links)
    yield f"From [the thread]({permalink}). A draft: a person reviews and merges it."
    if session.change.authorised is not None:
        yield _on_whose_word(session.change.authorised)


def _on_whose_word(authorised: ChangeAuthorised) -> str:
    """Who asked, with whose rights it was pushed, and whose approval counts."""
    name = _unaddressed(_plain(authorised.by_name))
    asked = _RIGHTS[authorised.how].format(name, authorised.account)
    return f"Asked for by {asked}: their own approval does not count."


_RIGHTS: dict[HowAuthorised, str] = {
    "linked": "{} ({}), who may write here",
    "listed": "{}, who may write here",
    "bot": "{}, whose rights here are not known",
}


def _evidence(session: Session, exported: ChangeExported) -> Iterator[str]:
    runs = session.change.checked.runs if session.change.checked else ()
    yield from (f"- {run.name}: `{run.command}` {_result(run)}" for run in runs)
    if not runs:
        yield "- the repository declares no checks; the thread shows which commands were run"
    solved = session.change.checked.solved_at if session.change.checked else ""
    if solved:
        yield (
            f"- **the problem may be gone**: on `{exported.base_branch}` at `{solved[:12]}` the test that "
            "failed where the work began passes without this change"
        )
    match exported.premise:
        case "unmoved":
            yield f"- `{exported.base_branch}` is where the work began, `{exported.base[:12]}`"
        case "moved":
            yield f"- `{exported.base_branch}` moved on meanwhile; the change applies to it as it is now"
        case "conflicts":
            yield f"- `{exported.base_branch}` moved on over the same lines: there are conflicts to resolve"


def _result(run: CheckRun) -> str:
    if run.red_at_base:
        return "**fails, as it does at the base**; nothing fails that does not fail there"
    return f"passed in {run.seconds:.0f} s"


def publication_text(session: Session) -> str:
    """What the answer says of the pull request; empty when there is nothing to say."""
    change = session.change
    withheld = change.withheld
    if withheld is not None and withheld.reason != "unchanged":
        return f"**No pull request.** {withheld.detail}"
    if change.opened is None or change.pushed is None or change.pushed.turn != session.turn:
        return ""
    opened, pushed = change.opened, change.pushed
    name = f"#{opened.number} {_plain(opened.title)}"
    shown = (
        f"[{name}]({opened.address})" if opened.address.startswith("http") else f"{name} (`{opened.address}`)"
    )
    runs = change.checked.runs if change.checked else ()
    red = ", ".join(f"`{run.command}`" for run in runs if run.red_at_base)
    before = f" These checks fail at the base as well: {red}." if red else ""
    if change.checked is not None and change.checked.solved_at:
        before += f" The problem may be gone: `{opened.base}` passes the test without this change by now."
    where = f"`{opened.branch}` at `{pushed.commit[:10]}`"
    return f"**Draft pull request** {shown} — {where}. A person merges it.{before}"


def _question(session: Session) -> Message:
    return next((message for message in session.messages if not message.withdrawn), session.messages[0])


def _heard(session: Session) -> Iterator[Message]:
    return (m for m in session.messages if m.seq <= session.heard_through and not m.withdrawn)


def _plain(text: str) -> str:
    return " ".join("".join(sign for sign in text if sign.isprintable() and sign not in "<>[]").split())


def _unaddressed(text: str) -> str:
    """Without the power to notify people of the forge."""
    return re.sub(r"(?<!\w)@(?=\w)", "@\N{WORD JOINER}", text)


def notice_key(session: Session) -> str | None:
    """Under which key the thread is told what became of the pull request; None while nothing did."""
    change, standing = session.change, session.change.standing
    if standing is None:
        return None
    if standing.state != "open":
        return f"pull:{standing.number}:{standing.state}"
    if change.taken_over:
        return f"pull:{standing.number}:taken"
    if change.handed_over is not None:
        return f"pull:{standing.number}:handoff:{change.handed_over[:12]}"
    return None
