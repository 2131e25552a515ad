"""Several workspaces in one process: each that installed the app has parts of its own.

Nothing of one workspace is within reach of another: its client, its gate, its listener and its worker are
made for it alone. They share the machine, the database, the model and the repositories.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread

from bot.slack.errors import SlackProblem
from bot.slack.tenants.sealing import Sealing, Unsealable
from bot.worker import Worker
from memory.errors import DatabaseLost
from memory.workspaces.installations import Installation, Installations

LOOK_SECONDS = 1.0
"""Between two looks at what is installed, by whatever process; also the longest that a stop is not heard."""

RETRY_SECONDS = 60.0
"""Until a workspace is tried again that could not be served."""

CLOSED_AT_ONCE = 8
"""Workspaces whose parts are taken down at the same time."""

logger = logging.getLogger(__name__)

Open = Callable[[str], AbstractContextManager[None]]
"""Serves a workspace for as long as it is open. Raises SlackProblem, DatabaseLost, Unsealable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tenant:
    installed_at: datetime
    parts: ExitStack


class Tenancy:
    """Serves whoever is installed."""

    def __init__(self, *, installations: Installations, teams: Collection[str], open_workspace: Open) -> None:
        """`teams` are those that the operator names; another is not served though it be installed."""
        self._installations = installations
        self._teams = frozenset(teams)
        self._open = open_workspace
        self._tenants: dict[str, _Tenant] = {}
        self._retry_at: dict[tuple[str, datetime], float] = {}
        """By workspace and installation: a new one is tried at once."""
        self._woken = Event()

    def look_now(self) -> None:
        """Something was installed or taken back."""
        self._woken.set()

    def serve(self, stopping: Event, ended: Event) -> None:
        """Serve until `stopping`. Raises RuntimeError when one of its workers has `ended`."""
        with ThreadPoolExecutor(CLOSED_AT_ONCE, thread_name_prefix="closing") as closing:
            try:
                while not stopping.is_set():
                    if ended.is_set():
                        raise RuntimeError("a worker has ended; its own traceback says why")
                    self._look(closing)
                    self._woken.wait(LOOK_SECONDS)
                    self._woken.clear()
            finally:
                for team in [*self._tenants]:
                    closing.submit(self._tenants.pop(team).parts.close)

    def _look(self, closing: ThreadPoolExecutor) -> None:
        try:
            served = (it for it in self._installations.all() if it.parked is None and it.team in self._teams)
            found = {it.team: it for it in served}
        except DatabaseLost as error:
            logger.warning("the database is away: %s", error)
            return
        for team, tenant in [*self._tenants.items()]:
            if team not in found or found[team].installed_at != tenant.installed_at:
                logger.info("workspace %s is not served any more", team)
                closing.submit(self._tenants.pop(team).parts.close)
        for team, installation in found.items():
            retry_at = self._retry_at.get((team, installation.installed_at), 0.0)
            if team not in self._tenants and time.monotonic() >= retry_at:
                self._admit(installation)

    def _admit(self, installation: Installation) -> None:
        team, parts = installation.team, ExitStack()
        try:
            parts.enter_context(self._open(team))
        except (SlackProblem, DatabaseLost, Unsealable) as error:
            logger.warning("workspace %s cannot be served now: %s", team, error)
            self._retry_at[team, installation.installed_at] = time.monotonic() + RETRY_SECONDS
            return
        self._tenants[team] = _Tenant(installed_at=installation.installed_at, parts=parts)
        logger.info("workspace %s is served", team)


@contextmanager
def at_work(worker: Worker, ended: Event, *, drain_seconds: float) -> Iterator[None]:
    """Let the worker serve in a thread of its own; `ended` is set when it ends by itself."""
    stopping = Event()

    def serve() -> None:
        try:
            worker.serve(stopping)
        finally:
            if not stopping.is_set():
                ended.set()

    thread = Thread(target=serve, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        worker.drain(drain_seconds)


def reseal(installations: Installations, sealing: Sealing) -> None:
    """Seal everything under the first key, so that the others can be taken away."""
    for installation in installations.all():
        try:
            installations.renew(
                installation.team, lambda it: (sealing.resealed(it.sealed), it.expires_at), wait=True
            )
        except Unsealable as error:
            logger.warning("workspace %s: OXBOW_TOKEN_KEY is not its key. %s", installation.team, error)
