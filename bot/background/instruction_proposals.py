"""A draft pull request, at most once a week, that writes down what solves a problem that keeps coming up."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.background.instructions import branch_of, description, knows, section, title_of, with_section
from bot.background.recurrence import Recurrence
from bot.brain.changes.publishing import AUTHOR
from bot.forge.addition import NewFile, committed
from bot.forge.errors import ForgeRefused
from bot.forge.forges import Forges
from bot.forge.mirrors import Mirror
from bot.forge.plumbing import GitFailed
from bot.forge.port import Proposal, PullRequest
from bot.forge.quarantine import Authorship
from bot.forge.repository import Repository
from memory.database import Engine, transaction
from memory.secrets.mask import SecretMask
from memory.solutions.recurring import Occurrence, Recurring
from memory.workspaces.chores import Chore, Chores, Taken

FEWEST_THREADS = 3
"""Of a problem that is worth a rule: twice may be chance."""

logger = logging.getLogger(__name__)


class InstructionProposals:
    """Proposes an addition to the instruction file of the repository in which a problem was solved."""

    chore = Chore(name="instructions", period="week", hour=7)

    def __init__(
        self,
        *,
        engine: Engine,
        chores: Chores,
        recurrence: Recurrence,
        forges: Forges,
        allowed: Sequence[Repository],
        file: str,
        secrets: SecretMask,
    ) -> None:
        self._engine = engine
        self._chores = chores
        self._recurrence = recurrence
        self._forges = forges
        self._allowed = {repository.name: repository.address for repository in allowed}
        self._file = file
        self._secrets = secrets

    def perform(self, taken: Taken) -> None:
        """See `Task`; raises `ForgeError` too. What was proposed once is not proposed again."""
        for problem in self._recurrence.of_week(taken.team, taken.begun):
            proposed = self._proposed(problem, taken)
            if proposed is not None:
                logger.info("proposed for merging: %s", proposed.address)
                break
        with transaction(self._engine) as connection:
            self._chores.finish(connection, taken)

    def _proposed(self, problem: Recurring, taken: Taken) -> PullRequest | None:
        solved = problem.solved
        address = self._allowed.get((solved and solved.repository) or "")
        if solved is None or address is None or len(problem.occurrences) < FEWEST_THREADS:
            return None
        forge, branch = self._forges.of(address), branch_of(problem)
        if not self._forges.writes(address) or forge.find(address, branch) is not None:
            return None
        # Whoever pushed it died before the pull request was opened.
        pushed = forge.head(address, branch) is not None
        with self._reading(address) as mirror:
            base, into = mirror.commit(mirror.default_branch), mirror.default_branch
            before = mirror.file(base, self._file)
            if not pushed and knows(before, problem):
                return None
            # Whoever lost the chore meanwhile must not push beside the one that has it.
            self._chores.renew(taken)
            if not pushed:
                file = self._new(before, problem, solved, taken)
                with committed(mirror, file, base=base) as (source, made):
                    forge.push(address, source=source, commit=made, branch=branch, expected=None)
        body = self._secrets.text(description(problem, solved, self._file))
        title = self._secrets.text(title_of(problem))
        return forge.open(address, Proposal(branch=branch, base=into, title=title, body=body))

    def _new(self, before: str | None, problem: Recurring, solved: Occurrence, taken: Taken) -> NewFile:
        name, email = AUTHOR
        return NewFile(
            path=self._file,
            content=with_section(before, self._secrets.text(section(problem, solved))),
            message=self._secrets.text(f"{title_of(problem)}\n\nQuoted from {solved.permalink}\n"),
            by=Authorship(name=name, email=email, at=taken.begun.isoformat(timespec="seconds")),
        )

    @contextmanager
    def _reading(self, address: str) -> Iterator[Mirror]:
        """A refreshed mirror; what git says against it is the forge's refusal."""
        try:
            with self._forges.mirrors.refreshed(address) as mirror:
                yield mirror
        except GitFailed as failed:
            raise ForgeRefused(f"no instructions can be proposed: {failed}") from failed
