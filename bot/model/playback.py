"""Where a conversation stands in a recorded problem. Pure: the messages of the request tell everything.

Nothing is remembered between calls, so any process can go on with any conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import TypeAlias

from bot.model.script import Move, Problem
from memory.log.events import Json

ENOUGH = 0.4
"""Share of a mention's words that a message must hold: rephrasing passes, another subject does not."""

_MESSAGE = re.compile(r"<message\b[^>]*>\n?(.*?)\n?</message>", re.DOTALL)
_ASIDE = re.compile(r"<(recalled_solutions|note|summary_of_earlier_work)>.*?</\1>", re.DOTALL)
_SOLUTION = re.compile(r'<solution\b[^>]*\blink="([^"]*)"[^>]*>(.*?)</solution>', re.DOTALL)
_COMMIT = re.compile(r"^\[.+ ([0-9a-f]{7,40})\] ", re.MULTILINE)
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """A recorded problem is under way and its next move is due."""

    problem: Problem
    moves: tuple[Move, ...]
    answer: str
    """Ready to be shown: what stands for the commit and the link is filled in."""
    made: int
    """Moves made so far in this turn."""
    results: str
    """Output of the latest move's calls."""
    aside: str
    """What people wrote while the latest move was under way; empty when nobody did."""

    @property
    def missing(self) -> str:
        """What the latest move should have shown and did not; empty when all is as recorded."""
        expected = self.moves[self.made - 1].expected if self.made else ""
        return "" if expected in self.results else expected


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterAnswer:
    """A recorded problem was answered and people go on talking."""

    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded:
    """Nothing recorded fits what people ask."""


Position: TypeAlias = Playing | AfterAnswer | Unrecorded


def locate(messages: Sequence[Json], problems: Sequence[Problem]) -> Position:
    """The position of a conversation whose last message is the people's."""
    start, problem = _start(messages, problems)
    if problem is None:
        return Unrecorded()
    later = messages[start + 1 :]
    made = 0
    for message in later:
        if message["role"] == "assistant":
            if not any(block["type"] == "tool_use" for block in message["content"]):
                return AfterAnswer(problem=problem)
            made += 1
    moves, answer = _variant(problem, _texts(messages[start]))
    commits = _COMMIT.findall("\n".join(map(_results, later)))
    return Playing(
        problem=problem,
        moves=moves,
        answer=answer.replace("{commit}", commits[-1] if commits else "none"),
        made=min(made, len(moves)),
        results=_results(later[-1]) if later else "",
        aside=spoken(later[-1]) if later else "",
    )


def spoken(message: Json) -> str:
    """What people wrote in a user message, without quotations and notes."""
    text = _ASIDE.sub("", _texts(message))
    return "\n".join(_MESSAGE.findall(text)) or text.strip()


def _start(messages: Sequence[Json], problems: Sequence[Problem]) -> tuple[int, Problem | None]:
    """The latest message that asks for a recorded problem."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index]["role"] == "user" and (found := _match(spoken(messages[index]), problems)):
            return index, found
    return 0, None


def _match(text: str, problems: Sequence[Problem]) -> Problem | None:
    words = _words(text)
    score, problem = max(
        ((_overlap(words, problem), problem) for problem in problems),
        key=lambda candidate: candidate[0],
        default=(0.0, None),
    )
    return problem if score >= ENOUGH else None


def _overlap(words: frozenset[str], problem: Problem) -> float:
    recorded = _words(problem.mention)
    return len(words & recorded) / len(recorded)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _variant(problem: Problem, asked: str) -> tuple[tuple[Move, ...], str]:
    """The shorter moves with the earlier thread's link when memory brought one that matches."""
    if problem.shortcut:
        for link, body in _SOLUTION.findall(asked):
            if problem.shortcut.sign in unescape(body):
                return problem.shortcut.moves, problem.shortcut.answer.replace("{link}", unescape(link))
    return problem.moves, problem.answer


def _texts(message: Json) -> str:
    return "\n".join(block["text"] for block in message["content"] if block["type"] == "text")


def _results(message: Json) -> str:
    return "\n".join(_output(block) for block in message["content"] if block["type"] == "tool_result")


def _output(block: Json) -> str:
    content: str | Iterable[Json] = block.get("content", "")
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)
