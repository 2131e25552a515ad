"""What a search may find: the filters of a person's search, and the moment it looks from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from memory.solutions.solution import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Filters that must all hold; an empty one holds for every solution.

    `as_of` moves the search to an earlier moment: what finished later is not seen, and age counts from then.
    """

    channels: tuple[str, ...] = ()
    """Identifiers; one of them."""
    people: tuple[str, ...] = ()
    """Names as the threads spell them, in any case; all of them took part."""
    repository: str | None = None
    """Part of its name, in any case."""
    path: str | None = None
    """Part of the path of a file that was changed, in any case."""
    after: datetime | None = None
    """Finished at this time or later."""
    before: datetime | None = None
    """Finished earlier than this."""
    outcomes: tuple[Outcome, ...] = ()
    """One of them."""
    phrases: tuple[str, ...] = ()
    """All of them occur, letter for letter but for case, in the problem, the fix or a message."""
    without: tuple[str, ...] = ()
    """None of them occurs so."""
    as_of: datetime | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything is filtered out beside what is later than `as_of`."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "as_of")

    def parameters(self) -> Mapping[str, object]:
        """The scope as parameters of a search: NULL where a filter is not given."""
        return {
            "narrow": self.narrow,
            "channels": list(self.channels) or None,
            "people": [name.lower() for name in self.people] or None,
            "repository": self.repository and _containing(self.repository),
            "path": self.path and _containing(self.path),
            "after": self.after,
            "before": self.before,
            "outcomes": list(self.outcomes) or None,
            "phrases": [_containing(phrase) for phrase in self.phrases] or None,
            "without": [_containing(phrase) for phrase in self.without] or None,
            "as_of": self.as_of,
        }


EVERYTHING = Scope()


def _containing(words: str) -> str:
    """A pattern of ILIKE that means just these characters."""
    for special in "\\%_":
        words = words.replace(special, f"\\{special}")
    return f"%{words}%"
