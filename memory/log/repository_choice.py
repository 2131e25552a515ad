"""How far the choice of a session's repository has come, as the log tells it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from memory.log.repository_events import (
    RepositoryAsked,
    RepositoryChosen,
    RepositoryClassified,
    RepositoryPicked,
    RepositoryRecorded,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryChoice:
    """What was asked and said of the repository, and what was chosen."""

    chosen: RepositoryChosen | None = None
    classified: RepositoryClassified | None = None
    asked: tuple[RepositoryAsked, ...] = ()
    """Every question to the thread, in order; the last one may be open."""
    picked: tuple[RepositoryPicked, ...] = ()
    """The first word about each."""

    def question(self, number: int) -> RepositoryAsked | None:
        """The question with this number."""
        return next((asked for asked in self.asked if asked.number == number), None)

    def answer(self, number: int) -> RepositoryPicked | None:
        """What was picked in answer to this question."""
        return next((picked for picked in self.picked if picked.number == number), None)

    def open_in(self, turn: int) -> RepositoryAsked | None:
        """The question that waits in this turn; one of an earlier turn is over."""
        last = self.asked[-1] if self.asked else None
        return last if last is not None and last.turn == turn and self.chosen is None else None


def applied(choice: RepositoryChoice, event: RepositoryRecorded | RepositoryPicked) -> RepositoryChoice:
    """The choice after one more event."""
    match event:
        case RepositoryClassified():
            return replace(choice, classified=event)
        case RepositoryAsked():
            return replace(choice, asked=(*choice.asked, event))
        case RepositoryPicked():
            return choice if choice.answer(event.number) else replace(choice, picked=(*choice.picked, event))
        case RepositoryChosen():
            return replace(choice, chosen=event)
        case _:
            assert_never(event)
