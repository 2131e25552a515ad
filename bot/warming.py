"""Keeping workspaces ready in the background: cloned, set up by the repository's own command, up to date."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event, Thread
from uuid import uuid4

from bot.brain.network import Network
from bot.brain.preparing import provide
from bot.brain.unpacking import declaration_of, unpack
from bot.forge.errors import RepositoryUnavailable
from bot.forge.mirrors import Bundle, Mirrors
from bot.forge.repository import Repository
from bot.niceness import let_others_go_first
from memory.log.events import SandboxAttached
from sandbox.errors import SandboxError
from sandbox.pool import PooledSandbox
from sandbox.port import Finished, Limits

LOOK_SECONDS = 60.0
"""Between two looks: a fetch for each repository, and a workspace where one was handed out."""

_EPOCH = 1
"""Nobody else ever holds a session of the pool."""

logger = logging.getLogger(__name__)


class Warmer:
    """Fills the pool of one backend; of several processes with the same pool, one."""

    def __init__(
        self,
        sandbox: PooledSandbox,
        mirrors: Mirrors,
        repositories: Sequence[Repository],
        network: Network,
        *,
        size: int,
        limits: Limits,
    ) -> None:
        self._sandbox = sandbox
        self._mirrors = mirrors
        self._repositories = tuple(repositories)
        self._network = network
        self._size = size
        self._limits = limits
        self._failed: set[tuple[str, str]] = set()
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="warmer", daemon=True)

    def start(self) -> None:
        """Begin in the background, at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the workspace that is under way, whose command is told to stop."""
        self._stopped.set()

    def fill(self) -> None:
        """Prepare what is missing or out of date, unless another process does, and remove what is neither.

        Raises `SandboxError`.
        """
        with self._sandbox.filling() as ours:
            if not ours:
                return
            found = {repository.name: self._filled(repository) for repository in self._repositories}
            if not self._stopped.is_set():
                self._sandbox.keep_only({name: commit for name, commit in found.items() if commit})

    def _filled(self, repository: Repository) -> str | None:
        """The commit whose workspaces are kept; None keeps none."""
        name = repository.name
        try:
            commit = self._mirrors.commit(repository.address)
            while self._sandbox.shelved(name).count(commit) < self._size:
                if self._stopped.is_set() or (name, commit) in self._failed:
                    break
                commit = self._prepared(repository)
        except RepositoryUnavailable as error:
            logger.warning("no workspace of %s is prepared now: %s", name, error)
            return next(iter(self._sandbox.shelved(name)), None)
        return commit

    def _prepared(self, repository: Repository) -> str:
        """One more workspace, unless its set-up fails; the commit that it is at."""
        bundle = self._mirrors.bundle(repository.address)
        self._prepare(repository, bundle)
        return bundle.commit

    def _prepare(self, repository: Repository, bundle: Bundle) -> None:
        attachment = self._sandbox.attach(f"pool-{uuid4().hex}", epoch=_EPOCH, known=None)
        reference = attachment.reference
        attached = SandboxAttached(
            backend=self._sandbox.name,
            reference=reference,
            isolation=attachment.isolation,
            isolated=attachment.isolated,
            repository=repository.name,
        )
        unpack(
            self._sandbox,
            reference,
            bundle,
            call="unpack",
            limits=self._limits,
            epoch=_EPOCH,
            cancelled=self._stopped,
        )
        provide(self._sandbox, reference, epoch=_EPOCH)
        setup = declaration_of(self._sandbox, reference, _EPOCH).commands.get("setup")
        if setup is None or self._set_up(attached, setup):
            self._sandbox.shelve(reference, shelf=repository.name, label=bundle.commit, epoch=_EPOCH)
            return
        # Not tried again before the next commit: it would take the processors for nothing.
        self._failed.add((repository.name, bundle.commit))
        self._sandbox.release(reference, epoch=_EPOCH)

    def _set_up(self, attached: SandboxAttached, command: str) -> bool:
        """Run the repository's own command; whether it succeeded."""
        with self._network.opened(self._sandbox, attached, epoch=_EPOCH, command=True) as used:
            outcome = self._sandbox.execute(
                attached.reference,
                call="setup",
                command=command,
                limits=self._limits,
                epoch=_EPOCH,
                cancelled=self._stopped,
            )
            asked = used("setup")
        for request in (request for event in asked for request in event.requests):
            verdict = "allowed" if request.allowed else "refused"
            logger.info(
                "the set-up of %s asked for %s:%d: %s",
                attached.repository,
                request.host,
                request.port,
                verdict,
            )
        succeeded = isinstance(outcome, Finished) and outcome.exit_code == 0
        if not succeeded:
            logger.warning(
                "the set-up of %s failed, no workspace is prepared: %s", attached.repository, outcome
            )
        return succeeded

    def _run(self) -> None:
        let_others_go_first()
        while not self._stopped.is_set():
            try:
                self.fill()
            except SandboxError as error:
                logger.warning("no workspaces are prepared now: %s", error)
            self._stopped.wait(LOOK_SECONDS)
