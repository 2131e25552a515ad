"""A solution: what one finished thread taught, as plain data.

Sessions are distilled into it (`memory.solutions.distil`), imports are read into it
(`memory.imports.importing`), the index stores it (`memory.solutions.index`) and recall finds it
(`memory.recall.recall`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Outcome = Literal["confirmed", "answered", "unsolved", "withdrawn", "failed"]
Standing = Literal["current", "wrong", "outdated", "superseded"]
"""Whether a solution still holds, as the people of its thread said last."""

Form = Literal["rules", "model"]
"""What read the typed fields out of the thread."""

Correction = Literal["forget", "wrong", "outdated", "superseded"]
"""What the people of a thread may say of what it taught."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One message of the thread, as plain text."""

    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A command that was run and how it ended."""

    command: str
    exit_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What a finished thread taught, and where it can be read."""

    team: str
    channel: str
    thread: str
    turn: int
    """1 for the first turn of a thread; imports have exactly one."""
    session: UUID | None
    """The session whose log this was distilled from; None for an import."""
    problem: str
    """The question in its asker's words."""
    fix: str
    """The answer in its author's words; empty when the thread has none."""
    outcome: Outcome
    finished_at: datetime
    permalink: str
    symptoms: tuple[str, ...] = ()
    """Error texts, verbatim."""
    environment: tuple[str, ...] = ()
    """Programs with their versions, as the thread writes them."""
    cause: str = ""
    evidence: tuple[Evidence, ...] = ()
    files: tuple[str, ...] = ()
    repository: str | None = None
    commit: str | None = None
    pull_request: str | None = None
    """The link of the one that its turn opened."""
    people: tuple[str, ...] = ()
    conversation: tuple[Utterance, ...] = ()
    """Every message of the thread in order; its chunks are indexed beside the typed fields."""
    form: Form = "rules"
