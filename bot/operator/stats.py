"""Figures for people and for programs. Pure; each subject has a function that gives its labelled lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from bot.model.prices import cost_together
from bot.slack.showing.rendered import count, first_line
from memory.log.events import Json
from memory.solutions.recurring import Recurring
from memory.statistics.statistics import Attainment, ModelUsage, Statistics, Window

Line: TypeAlias = tuple[str, str]
"""What it is about, and the figures in words."""


REPEATED = 5
"""Problems that came up again, for people."""


def figures(found: Statistics) -> list[Line]:
    """Everything, for people."""
    return [
        *_work(found),
        *_pull_requests(found),
        *_thinking(found),
        *_memory(found),
        *_availability(found),
    ]


def short(found: Statistics) -> list[Line]:
    """What fits into a few lines: no models, no levels."""
    return [*_work(found), *_cost(found), _minutes(found)]


def repeated(problems: Sequence[Recurring], since: datetime) -> list[Line]:
    """The problems that came up again, the most repeated first, for people."""
    return [("came up again", _came_up(problem, since)) for problem in problems[:REPEATED]]


def document(found: Statistics, window: Window, problems: Sequence[Recurring] = ()) -> Json:
    """Everything, for programs. Dollars and levels are text, so that they stay exact; null: not known."""
    models = [asdict(used) | {"dollars": _dollars([used])} for used in found.usage]
    return {
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "now": found.now.isoformat(),
        "work": asdict(found.work),
        "pull_requests": asdict(found.pull_requests),
        "turns": dict(found.turns),
        "models": models,
        "dollars": _dollars(found.usage),
        "memory": asdict(found.memory),
        "minutes": asdict(found.minutes),
        "attainment": [asdict(reached) | {"level": str(reached.level)} for reached in found.attainment],
        "recurring": [_recurring(problem, window.since) for problem in problems],
        "worst": [{"session": str(session)} | asdict(minutes) for session, minutes in found.worst],
    }


def _came_up(problem: Recurring, since: datetime) -> str:
    typical = problem.typical
    times = f"{count(problem.since(since), 'thread')}, {len(problem.occurrences)} within a year"
    return f"{times}: {first_line(typical.problem, 100)} {typical.permalink}".rstrip()


def _recurring(problem: Recurring, since: datetime) -> Json:
    return {
        "problem": problem.typical.problem,
        "threads": problem.since(since),
        "within_a_year": len(problem.occurrences),
        "permalinks": [it.permalink for it in problem.occurrences],
        "confirmed": problem.solved.permalink if problem.solved else None,
    }


def _work(found: Statistics) -> Iterator[Line]:
    work = found.work
    people = "1 person" if work.people == 1 else f"{work.people:,} people"
    yield "sessions", f"{work.sessions:,} in {count(work.channels, 'channel')}, with {people}"
    ends = ", ".join(f"{number:,} {outcome}" for outcome, number in found.turns.items())
    yield "turns", f"{sum(found.turns.values()):,}" + (f" ({ends})" if ends else "")
    if work.median_seconds is not None and work.median_tool_calls is not None:
        calls = f"{work.median_tool_calls:g} tool calls"
        yield "half of the sessions", f"took at most {_time(work.median_seconds)} and {calls}"


def _pull_requests(found: Statistics) -> Iterator[Line]:
    """The rate is that of the ones that ended; the cost is all of the model's, whatever it was spent on."""
    pulls = found.pull_requests
    ended = pulls.merged + pulls.closed
    rate = f" ({100 * pulls.merged / ended:.0f} % of those that ended)" if ended else ""
    yield (
        "pull requests",
        f"{pulls.opened:,} opened, {pulls.merged:,} merged{rate}, {pulls.reverted:,} reverted",
    )
    dollars = _dollars(found.usage)
    if pulls.merged and dollars is not None:
        yield "a merged one cost", f"${Decimal(dollars) / pulls.merged:,.2f}"


def _thinking(found: Statistics) -> Iterator[Line]:
    for model in dict.fromkeys(used.model for used in found.usage):
        used = [usage for usage in found.usage if usage.model == model]
        dollars = _dollars(used)
        said = [
            f"{sum(one.calls for one in used):,} calls",
            f"{sum(map(_prompt, used)):,} tokens in",
            f"{sum(one.usage.output_tokens for one in used):,} out",
            "price not known" if dollars is None else f"${Decimal(dollars):,.2f}",
        ]
        yield f"model {model}", ", ".join(said)


def _cost(found: Statistics) -> Iterator[Line]:
    dollars = _dollars(found.usage)
    if dollars is not None:
        yield "model", f"${Decimal(dollars):,.2f}"


def _memory(found: Statistics) -> Iterator[Line]:
    size = found.memory
    solutions, passages = count(size.solutions, "solution"), count(size.passages, "passage")
    yield "memory now", f"{solutions}, {passages}, {size.bytes / 1_000_000:,.1f} MB"
    work = found.work
    yield (
        "memory used",
        f"{work.recalls:,} times to begin a session, {work.searches:,} by the model",
    )


def _availability(found: Statistics) -> Iterator[Line]:
    yield _minutes(found)
    for reached in found.attainment:
        yield f"{reached.unit}s at {reached.level * 100:.2f} %", _reached(reached)
    for session, minutes in found.worst:
        yield f"session {str(session)[:8]}", f"lost {minutes.lost:,} of {minutes.asked:,} minutes"


def _minutes(found: Statistics) -> Line:
    minutes = found.minutes
    lost = f"{minutes.lost:,} lost: {minutes.own:,} by Oxbow, {minutes.provider:,} by the model's provider"
    return "minutes asked for", f"{minutes.asked:,}, {lost}"


def _reached(reached: Attainment) -> str:
    both = (reached.attained, reached.attained_without_provider)
    share, without_provider = (f"{100 * attained / reached.units:.2f} %" for attained in both)
    whole = f"{reached.attained:,} of {reached.units:,}"
    return f"{share} ({whole}), {without_provider} without the provider's faults"


def _prompt(used: ModelUsage) -> int:
    return used.usage.input_tokens + used.usage.cache_read_tokens + used.usage.cache_write_tokens


def _dollars(usage: Sequence[ModelUsage]) -> str | None:
    costs = [cost_together(one.usage, one.model, prompt_above=one.prompt_above) for one in usage]
    known = [dollars for dollars in costs if dollars is not None]
    return str(sum(known, Decimal())) if len(known) == len(costs) else None


def _time(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60} s"
