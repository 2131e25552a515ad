"""A person's search, read: words to look for, and filters that must hold. Pure.

    certificate in:#support from:@ada outcome:confirmed after:2026-05 "handshake failed" -staging

Filters and signs count in a search of one line. What has several lines was pasted, and a stack trace full of
quotation marks and dashes is looked for as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast, get_args

from memory.solutions.solution import Outcome

FILTERS = ("in", "from", "repo", "path", "before", "after", "outcome")

_TOKEN = re.compile(
    r"(?P<minus>-?)(?:(?P<filter>in|from|repo|path|before|after|outcome):)?"
    r'(?:"(?P<quoted>[^"]*)"(?=\s|$)|(?P<bare>\S*))',
    re.IGNORECASE,
)
_SHORTEST_EXCLUSION = 3
"""Characters after a minus: `-x` and `-rf` are options of a command that somebody pasted."""

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_AGO = re.compile(r"(\d{1,3})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}

_OUTCOME_WORDS: dict[str, Outcome] = {
    "solved": "confirmed",
    "confirmed": "confirmed",
    "answered": "answered",
    "unsolved": "unsolved",
    "not-solved": "unsolved",
    "failed": "failed",
}
_CURLY = str.maketrans("\u201c\u201d\u201e\u00ab\u00bb\u2013", '"""""-')
"""What phones make of quotation marks and of a minus."""


class QueryProblem(Exception):
    """A search says something that cannot be done; the text names it and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for, and what must hold of everything that is found."""

    text: str
    """The words and the phrases, to be compared by meaning and by word."""
    channels: tuple[str, ...] = ()
    """Names without #, or identifiers."""
    people: tuple[str, ...] = ()
    repository: str | None = None
    path: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    outcomes: tuple[Outcome, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def parse(text: str, *, now: datetime) -> Query:
    """Read a search. Raises `QueryProblem` for a filter that says nothing, or nothing that can be."""
    text = text.strip()
    if "\n" in text:
        return Query(text=text)
    query = Query(text="")
    words: list[str] = []
    for token in _tokens(text.translate(_CURLY)):
        value = token["quoted"] if token["quoted"] is not None else token["bare"]
        if token["filter"]:
            query = _filtered(query, token["filter"].lower(), value.strip(), token, now)
        elif token["minus"] and (token["quoted"] or _excludes(value)):
            query = replace(query, without=(*query.without, value))
        elif token["quoted"]:
            query = replace(query, phrases=(*query.phrases, value))
            words.append(value)
        else:
            words.append(token[0])
    query = replace(query, text=" ".join(words).strip())
    if not query.text and text:
        raise QueryProblem("Say what to look for beside the filters, such as `timeout in:#support`.")
    return query


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while (start := re.compile(r"\S").search(text, at)) is not None:
        token = _TOKEN.match(text, start.start())
        assert token is not None  # noqa: S101  the pattern takes any word
        yield token
        at = token.end()


def _excludes(value: str) -> bool:
    return len(value) >= _SHORTEST_EXCLUSION and value[0].isalnum()


def _filtered(query: Query, name: str, value: str, token: re.Match[str], now: datetime) -> Query:
    if token["minus"]:
        raise QueryProblem(f"`-{name}:` is not possible: a minus excludes words, such as `-staging`.")
    value = value.lstrip("#@") if name in ("in", "from") else value
    if not value:
        raise QueryProblem(f"`{name}:` needs a value right after it, such as {_EXAMPLES[name]}.")
    match name:
        case "in":
            return replace(query, channels=(*query.channels, value))
        case "from":
            return replace(query, people=(*query.people, value))
        case "repo":
            return replace(query, repository=value)
        case "path":
            return replace(query, path=value)
        case "before":
            return replace(query, before=_time(name, value, now))
        case "after":
            return replace(query, after=_time(name, value, now))
        case _:
            return replace(query, outcomes=(*query.outcomes, _outcome(value)))


_EXAMPLES = {
    "in": "`in:#support`",
    "from": "`from:@ada`",
    "repo": "`repo:orders`",
    "path": "`path:src/parser.py`",
    "before": "`before:2026-05-01`",
    "after": "`after:30d`",
    "outcome": "`outcome:confirmed`",
}


def _outcome(value: str) -> Outcome:
    if value.lower() not in _OUTCOME_WORDS:
        known = [outcome for outcome in cast(tuple[str, ...], get_args(Outcome)) if outcome != "withdrawn"]
        raise QueryProblem(f"`outcome:{value}` is not known; choose one of {', '.join(known)}.")
    return _OUTCOME_WORDS[value.lower()]


def _time(name: str, value: str, now: datetime) -> datetime:
    if ago := _AGO.fullmatch(value.lower()):
        return now - timedelta(days=int(ago[1]) * _DAYS[ago[2]])
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if value.lower() in ("today", "yesterday"):
        return midnight - timedelta(days=value.lower() == "yesterday")
    if date := _DATE.fullmatch(value):
        try:
            return datetime(int(date[1]), int(date[2] or 1), int(date[3] or 1), tzinfo=UTC)
        except ValueError as error:
            raise QueryProblem(f"`{name}:{value}` is no day of the calendar.") from error
    raise QueryProblem(
        f"`{name}:{value}` is no time; write 2026-05-01, 2026-05, 2026, 30d, 4w, 6m, today or yesterday."
    )
