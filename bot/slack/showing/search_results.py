"""What a search of memory looks like in Slack. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    without_markdown,
)
from memory.recall.finding import Found
from memory.recall.recall import Hit

SHARE, PAGE = "oxbow_share", "oxbow_page"
"""Action ids of the buttons that repeat the search for everybody in the channel, and on another page."""

RESULTS = 5
"""Threads on one page: what is read without scrolling."""

VALUE_CHARACTERS = 1_900
"""Of a search that a button repeats; Slack's limit of its value is 2,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of a search that was made at `now`."""

    asked: str
    """The search as it was typed."""
    found: Found
    page: int
    """0 for the first."""
    now: datetime

    @property
    def hits(self) -> Sequence[Hit]:
        """The hits of this page."""
        return self.found.hits[self.page * RESULTS : (self.page + 1) * RESULTS]

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(0, len(self.found.hits) - 1) // RESULTS


def search_results(results: Results, *, shared: bool) -> Rendered:
    """Finished threads for one person, or shared in the channel."""
    asked = escape(cut(results.asked, 200))
    notes = list(_notes(results))
    if not results.hits:
        return plain("\n".join([f"Nothing similar found for *{asked}*.", *notes]))
    blocks = [section(f"*Solved before* — {asked}"), *([context(*notes)] if notes else [])]
    blocks += [section(_hit(hit, results.now)) for hit in results.hits]
    if not shared:
        blocks.append(actions(*_buttons(results)))
    number = count(len(results.found.hits), "earlier thread")
    return Rendered(text=f"{number} for {asked}", blocks=tuple(blocks))


def button_value(page: int, asked: str) -> str:
    """The value of a button that repeats a search on a page."""
    return f"{page}:{cut(asked, VALUE_CHARACTERS)}"


def read_button_value(value: str) -> tuple[int, str]:
    """The page and the search of a button."""
    page, _, asked = value.partition(":")
    return int(page), asked


def _notes(results: Results) -> Iterable[str]:
    if results.found.corrections:
        meant = ", ".join(
            f"*{escape(word)}* for _{escape(typed)}_" for typed, word in results.found.corrections.items()
        )
        yield f"No thread holds what was typed; I looked for {meant}."
    if results.last:
        yield f"Page {results.page + 1} of {results.last + 1}"


def _buttons(results: Results) -> Iterable[dict[str, object]]:
    page, asked = results.page, results.asked
    if page > 0:
        yield button("Previous", action=f"{PAGE}:previous", value=button_value(page - 1, asked))
    if page < results.last:
        yield button("Next", action=f"{PAGE}:next", value=button_value(page + 1, asked))
    yield button("Share in channel", action=SHARE, value=button_value(page, asked))


def _hit(hit: Hit, now: datetime) -> str:
    state = OUTCOME_WORDS[hit.outcome if hit.standing == "current" else hit.standing]
    if hit.successor:
        state += f" by {link(hit.successor, 'another thread')}"
    facts = [f"#{escape(hit.channel_name)}", state, _age(hit.finished_at, now)]
    if hit.repository:
        facts.append(escape(hit.repository) + (f" @ {hit.commit[:10]}" if hit.commit else ""))
    fix = f"\n> {_marked(first_line(without_markdown(hit.fix), 240), hit.shared)}" if hit.fix else ""
    line = _telling_line(hit)
    excerpt = f"\n_…_ {_marked(line, hit.shared)}" if line else ""
    return (
        f"{link(hit.permalink, first_line(hit.problem, 160))}\n{'  ·  '.join(facts)}\n{escape(hit.why)}"
        f"{excerpt}{fix}"
    )


def _age(finished_at: datetime, now: datetime) -> str:
    days = (now - finished_at).days
    if days < 1:
        return "today"
    if days < 60:
        return f"{count(days, 'day')} ago"
    return f"{finished_at.date().isoformat()}, {count(days // 30, 'month')} ago"


def _telling_line(hit: Hit) -> str:
    """The line of the nearest passage that holds most of what is shared; empty when it is shown anyway."""
    shown = {first_line(hit.problem, 160), first_line(without_markdown(hit.fix), 240)}
    lines = filter(None, map(str.strip, hit.excerpt.splitlines()))
    others = [line for line in lines if cut(line, 160) not in shown and cut(line, 240) not in shown]
    best = max(others, key=lambda line: len(_places(line, hit.shared)), default="")
    return cut(best, 240) if _places(best, hit.shared) else ""


def _places(line: str, words: Sequence[str]) -> list[re.Match[str]]:
    """Where the words stand as words outside of code, of two at one place the longer one."""
    if not words:
        return []
    either = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    found = re.finditer(rf"`[^`]*`|(?<![\w*])(?:{either})(?![\w*])", line, re.IGNORECASE)
    return [place for place in found if not place[0].startswith("`")]


def _marked(line: str, words: Sequence[str]) -> str:
    """The line with the words in bold."""
    pieces, at = [], 0
    for place in _places(line, words):
        pieces += [escape(line[at : place.start()]), f"*{escape(place[0])}*"]
        at = place.end()
    return "".join([*pieces, escape(line[at:])])
