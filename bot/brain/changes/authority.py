"""Who may let a change be pushed: the person who asked, with rights of their own.

Oxbow's own rights reach further than those of many who may write to it. Where they alone decided, whoever can
mention it could write everywhere. So the forge is asked about the person, where their account is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.brain.policy import Unlinked
from bot.forge.forges import Forges
from bot.forge.repository import Repository
from memory.log.change_events import HowAuthorised
from memory.workspaces.accounts import Accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """The change may be pushed; `account` is the person's on the forge, empty where none is known."""

    how: HowAuthorised
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthorised:
    """It may not; `why` is for the thread, with the way out."""

    why: str


class Authority:
    """Asks whether somebody may write to a repository themselves."""

    def __init__(
        self,
        *,
        forges: Forges,
        accounts: Accounts | None,
        writers: Mapping[str, tuple[str, ...]],
        unlinked: Unlinked,
    ) -> None:
        """`accounts` is None where none can be linked; `writers` are Slack users by the name of a repository
        whose forge knows no accounts."""
        self._forges = forges
        self._accounts = accounts
        self._writers = writers
        self._unlinked = unlinked

    def of(self, repository: Repository, person: str, name: str) -> Authorised | Unauthorised:
        """Whether the person, called `name`, may write there. Raises `ForgeUnavailable`, `ForgeRefused`."""
        if self._forges.knows_accounts(repository.address):
            return self._by_account(repository, person, name)
        listed = self._writers.get(repository.name)
        if listed is None:
            why = f"Nobody is listed in OXBOW_WRITERS for `{repository.name}`, so nothing is pushed there."
            return self._unknown(f"{why} Whoever runs me lists people, or sets OXBOW_UNLINKED=bot.")
        if person in listed:
            return Authorised(how="listed")
        return Unauthorised(why=f"{name} is not listed in OXBOW_WRITERS for `{repository.name}`. {_OTHERS}")

    def _by_account(self, repository: Repository, person: str, name: str) -> Authorised | Unauthorised:
        if self._accounts is None:
            why = "No accounts can be linked here, so I cannot know what you may change yourselves."
            return self._unknown(f"{why} Whoever runs me sets GITHUB_CLIENT_ID, or OXBOW_UNLINKED=bot.")
        account = self._accounts.of(person)
        if account is None:
            why = f"I push only what {name}, who asked, may push without me, and their account is not linked."
            return self._unknown(f"{why} `/oxbow link` in the channel links it; then say *go on*.")
        if self._forges.of(repository.address).may_write(repository.address, account.number):
            return Authorised(how="linked", account=account.login)
        return Unauthorised(
            why=f"{name}, who asked, has no write access to `{repository.name}` as {account.login}. {_OTHERS}"
        )

    def _unknown(self, why: str) -> Authorised | Unauthorised:
        return Authorised(how="bot") if self._unlinked == "bot" else Unauthorised(why=why)


_OTHERS = "Somebody who may write there can say *go on* in this thread."
