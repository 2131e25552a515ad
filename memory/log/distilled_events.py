"""The event of a reading of a finished turn; `memory.log.events` says what events are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from memory.log.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class SolutionDistilled:
    """A small model was asked what a turn taught; `refused` says why its answer is not used."""

    VERSION: ClassVar[int] = 1
    turn: int
    model: str
    usage: Usage
    refused: str | None = None
