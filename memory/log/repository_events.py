"""The events of choosing the repository that a thread works on, from the first look to the choice.

They belong to `memory.log.events`; they stand apart because they tell one story of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from memory.log.usage import Usage

HowChosen = Literal["named", "channel", "routed", "described", "only", "classified", "picked"]
"""What decided: somebody named it, the channel's default, a routing word, the words of its name, that there
is no other, the model, or somebody who picked it from the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryClassified:
    """The model was asked which repository is meant; None when it does not know, or gave no answer."""

    VERSION: ClassVar[int] = 1
    repository: str | None
    through: int
    """Number of the last message that it saw."""
    model: str
    usage: Usage
    problem: str = ""
    """Why it gave no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAsked:
    """The people of the thread are asked which repository is meant."""

    VERSION: ClassVar[int] = 1
    number: int
    """From 1; a question that a stop ended is asked again under the next."""
    turn: int
    likely: tuple[str, ...]
    others: tuple[str, ...]
    refused: tuple[str, ...]
    """What somebody named and is not on the list."""
    choosers: tuple[str, ...]
    """Users of whom each may choose, fixed at this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPicked:
    """Somebody who may choose did; the first word counts. None: no repository is needed."""

    VERSION: ClassVar[int] = 1
    number: int
    by: str
    by_name: str
    repository: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryChosen:
    """The repository that the thread's workspace is made from; None when it needs none."""

    VERSION: ClassVar[int] = 1
    repository: str | None
    how: HowChosen


RepositoryRecorded: TypeAlias = RepositoryClassified | RepositoryAsked | RepositoryChosen
"""Recorded by the holder of the lease; `RepositoryPicked` is received."""
