"""Threads of people as an import reads them, and what is taken from one as its problem and its fix."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise, takewhile

from memory.solutions.solution import Outcome, Solution, Utterance

THANKS = re.compile(
    r"\b(thanks|thank you|thx|cheers|that worked|works now|that did it|that fixed|fixed it|solved|perfect)\b",
    re.IGNORECASE,
)
"""How askers say that an answer helped."""

LONGEST_USEFUL_ANSWER = 1_500
"""Characters. Beyond it, more text is a pasted log rather than more of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMessage:
    """One message of a person, as plain text."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedThread:
    """A thread of at least one message, in order."""

    channel: str
    channel_name: str
    thread: str
    """Unique within the channel: for Slack the time stamp of the root message."""
    title: str
    permalink: str
    messages: tuple[ImportedMessage, ...]
    resolved: bool | None = None
    """What the source says of it, if it says anything."""


def solution_of(thread: ImportedThread, *, team: str) -> Solution:
    """Read a thread as a solution.

    The problem is the title and all that its first author wrote before anybody else did. The fix is what the
    asker thanked for last (what somebody else had said just before), or else the longest thing that somebody
    else said. Without a word of anybody else there is no fix.
    """
    asker = thread.messages[0].author
    opening = takewhile(lambda message: message.author == asker, thread.messages)
    fix = _fix(thread.messages, asker)
    return Solution(
        team=team,
        channel=thread.channel,
        thread=thread.thread,
        turn=1,
        session=None,
        problem="\n".join(filter(None, (thread.title, *(message.text for message in opening)))),
        fix=fix,
        outcome=_outcome(thread.resolved, fix),
        finished_at=thread.messages[-1].at,
        permalink=thread.permalink,
        people=tuple(dict.fromkeys(message.author for message in thread.messages)),
        conversation=tuple(Utterance(author=m.author, text=m.text) for m in thread.messages),
    )


def _fix(messages: Sequence[ImportedMessage], asker: str) -> str:
    # What somebody says in several messages in a row is one thing said.
    runs = [
        (author, "\n".join(message.text for message in run))
        for author, run in groupby(messages, key=lambda message: message.author)
    ]
    said = [text for author, text in runs if author != asker]
    thanked = [
        before
        for (other, before), (author, after) in pairwise(runs)
        if author == asker != other and THANKS.search(after)
    ]
    if thanked:
        return thanked[-1]
    return max(said, key=lambda text: min(len(text), LONGEST_USEFUL_ANSWER), default="")


def _outcome(resolved: bool | None, fix: str) -> Outcome:  # noqa: FBT001  the source's own word
    match resolved:
        case True:
            return "confirmed"
        case False:
            return "unsolved"
        case None:
            return "answered" if fix else "unsolved"
