"""What the weekly digest looks like in Slack. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.slack.showing.rendered import (
    Rendered,
    context,
    count,
    escape,
    first_line,
    link,
    section,
    without_markdown,
)
from memory.log.events import Json
from memory.solutions.recurring import Recurring

LINKED = 10
"""Threads of one problem that are linked, the latest."""

PROBLEM_CHARACTERS, FIX_CHARACTERS = 160, 240


def digest(problems: Sequence[Recurring], *, since: datetime) -> Rendered:
    """The problems that came up most often from `since` on, at least one."""
    title = f"What came up again in the week from {since:%-d %B %Y}"
    blocks: list[Json] = [section(f"*{title}*")]
    for problem in problems:
        blocks += [section(_problem(problem, since)), context(_threads(problem))]
    return Rendered(text=f"{title}: {count(len(problems), 'problem')}", blocks=tuple(blocks))


def _problem(problem: Recurring, since: datetime) -> str:
    label = first_line(problem.typical.problem, PROBLEM_CHARACTERS)
    lines = [f"{link(problem.typical.permalink, label)}\n{times(problem, since)}"]
    if problem.solved is not None:
        fix = first_line(without_markdown(problem.solved.fix), FIX_CHARACTERS)
        lines.append(f"> {escape(fix)} ({link(problem.solved.permalink, 'confirmed')})")
    return "\n".join(lines)


def times(problem: Recurring, since: datetime) -> str:
    """How often it came up."""
    return f"{count(problem.since(since), 'thread')} this week, {len(problem.occurrences)} within a year"


def _threads(problem: Recurring) -> str:
    return "  ".join(_named(problem))


def _named(problem: Recurring) -> Iterator[str]:
    for it in problem.occurrences[-LINKED:]:
        yield link(it.permalink, f"#{it.channel_name}, {it.finished_at:%-d %b}")
