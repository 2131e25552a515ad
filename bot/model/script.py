"""Recorded problems as data: what was asked, which moves were made, what came out.

`ScriptedModel` plays them, `bot.demo` holds them.
"""

from __future__ import annotations

from dataclasses import dataclass

from memory.log.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call of a move."""

    tool: str
    input: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One response of the model: a text and the tool calls it asks for."""

    text: str
    calls: tuple[Call, ...]
    expected: str = ""
    """What the results of the calls must contain; without it the playback stops and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """The shorter way, taken when memory brought an earlier solution that matches."""

    sign: str
    """A text that a matching earlier solution contains, such as the error message."""
    moves: tuple[Move, ...]
    answer: str
    """As `Problem.answer`; `{link}` stands for the earlier thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A recorded problem."""

    name: str
    title: str
    """One line, for lists."""
    channel: str
    """The channel in which it is asked, without #."""
    repository: str
    mention: str
    """What to write, without the bot's name, with the repository. Two fifths of its words are enough."""
    moves: tuple[Move, ...]
    answer: str
    """Markdown; `{commit}` stands for the abbreviated commit that the moves made."""
    shortcut: Shortcut | None = None
