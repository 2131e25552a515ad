"""Which forge a repository is on."""

from __future__ import annotations

from pathlib import Path

from bot.forge.github import GitHub
from bot.forge.mirrors import Mirrors, without_credential
from bot.forge.plain import PlainGit
from bot.forge.port import Forge, Remote


class Forges:
    """GitHub for what is on its host, plain Git for the rest; and the mirrors that both read from."""

    def __init__(self, folder: Path, *, github: GitHub | None = None, web: str = "") -> None:
        """`folder` keeps the mirrors; `web` is the address of a page that shows plain pull requests."""
        self._github = github
        self.mirrors = Mirrors(folder, self._remote)
        self.plain = PlainGit(self.mirrors, web=web)

    def of(self, address: str) -> Forge:
        """The forge that this repository is on."""
        github = self._github
        return github if github is not None and github.hosts(address) else self.plain

    def knows_accounts(self, address: str) -> bool:
        """Whether the repository's forge can be asked what an account may do."""
        return self._github is not None and self._github.hosts(address)

    def writes(self, address: str) -> bool:
        """Whether changes can be pushed there: by the app, or into a folder of this machine."""
        return self.knows_accounts(address) or address.startswith("file:")

    def _remote(self, address: str) -> Remote:
        github = self._github
        hosted = github is not None and github.hosts(address)
        return github.remote(address) if github and hosted else without_credential(address)
