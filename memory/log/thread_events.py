"""Events of the thread itself: what was said before the session, and whether it is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A message from before the session."""

    ts: str
    author: str
    author_name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRead:
    """The thread was read up to the message that opened the session; its root comes first."""

    VERSION: ClassVar[int] = 1
    messages: tuple[Earlier, ...]
    left_out: int
    """Messages between the first and the second of these."""
    problem: str = ""
    """Why it could not be read, in words for the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionChanged:
    """Somebody asked the session to take mentions alone for said to it, or to follow the thread again."""

    VERSION: ClassVar[int] = 1
    by: str
    quiet: bool
