"""A change that has arrived on the trusted side: what speaks against it, and what it comes after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.forge.mirrors import Mirror
from bot.forge.plumbing import GitFailed
from bot.forge.quarantine import Quarantine
from memory.log.change import Publication
from memory.log.change_events import Premise, Withholding
from memory.secrets.mask import SecretMask

COMPARED = 200
"""Branches that are compared with the change, each in some ten milliseconds."""

Objection = tuple[Withholding, str]
"""Why a change is withheld, and the same in words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The change in quarantine, beside the mirror as the repository is now."""

    quarantine: Quarantine
    mirror: Mirror
    branch: str
    """Where it would go."""
    before: Publication
    """What the session has published so far."""

    def objection(self, secrets: SecretMask) -> Objection | None:
        """The first thing that speaks against pushing it."""
        return next(self._objections(secrets), None)

    def _objections(self, secrets: SecretMask) -> Iterator[Objection]:
        kinds = dict.fromkeys(secrets.mask(self.quarantine.added_text()).kinds)
        if kinds:
            yield "secret", f"The change holds what looks like a secret: {', '.join(kinds)}."
        head = self._head
        if head is not None and head not in self.before.commits:
            yield "taken_over", f"Somebody else committed to `{self.branch}`; I leave it alone."
        if self.quarantine.tree == self.quarantine.tree_of(self.parent):
            yield "unchanged", "Nothing changed since the last push."
        if self._solved_on_base():
            yield "obsolete", f"`{self.mirror.default_branch}` holds this change already."

    def twins(self) -> tuple[str, ...]:
        """Branches of other sessions and of people that hold the same change."""
        others = (name for name, head in self.mirror.branches.items() if head not in self.before.commits)
        # Those of other sessions first: they are the likely ones.
        ordered = sorted(others, key=lambda name: (not name.startswith("oxbow/"), name))[:COMPARED]
        return tuple(name for name in ordered if self._same_change_on(name))

    @property
    def parent(self) -> str:
        """The commit that the change comes after: the branch's, else the session's last, else its base."""
        if self._head is not None:
            return self._head
        pushed = self.before.pushed
        return pushed.commit if pushed is not None and self.before.finished else self.quarantine.base

    @property
    def premise(self) -> Premise:
        """What became of the base meanwhile."""
        now = self.mirror.commit(self.mirror.default_branch)
        if now == self.quarantine.base:
            return "unmoved"
        return "conflicts" if self.quarantine.applies(onto=now) is None else "moved"

    @property
    def _head(self) -> str | None:
        return self.mirror.branches.get(self.branch)

    def _solved_on_base(self) -> bool:
        now = self.mirror.commit(self.mirror.default_branch)
        if now == self.quarantine.base:
            return False
        return self.quarantine.applies(onto=now) == self.quarantine.tree_of(now)

    def _same_change_on(self, branch: str) -> bool:
        try:
            now = self.mirror.commit(self.mirror.default_branch)
            theirs = self.quarantine.patch(self.mirror.branches[branch], base=now)
        except GitFailed:
            # It has no history in common with the default branch.
            return False
        return theirs == self.quarantine.patch_here()
