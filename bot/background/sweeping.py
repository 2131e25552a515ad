"""Looking after workspaces in the background: what rests is kept as a snapshot, suspended, removed."""

from __future__ import annotations

import logging
from threading import Event, Thread
from uuid import UUID

from bot.niceness import let_others_go_first
from memory.database import Engine
from memory.errors import DatabaseLost
from memory.log.standings import standings
from sandbox.errors import SandboxError
from sandbox.upkeep import Action, Standing, Upkeep

SWEEP_SECONDS = 600.0
"""Between two looks: what is decided here takes minutes to days to become due."""

logger = logging.getLogger(__name__)


class Sweeper:
    """Does what is due now and then. Any number of processes may; what one did is not due for the next."""

    def __init__(self, upkeep: Upkeep, engine: Engine) -> None:
        self._upkeep = upkeep
        self._engine = engine
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin in the background; the first look is after an interval."""
        self._thread.start()

    def stop(self) -> None:
        """End after the action that is under way, which a snapshot may draw out: it is not waited for."""
        self._stopped.set()

    def due(self) -> tuple[Action, ...]:
        """What there is to do now. Raises `SandboxError`, DatabaseLost."""
        holdings = self._upkeep.sandbox.inventory()
        known = {
            holding.session: identifier for holding in holdings if (identifier := _uuid(holding.session))
        }
        found = {str(each.session): each for each in standings(self._engine, list(known.values()))}
        return self._upkeep.due(
            holdings,
            {
                name: Standing(epoch=found[str(identifier)].epoch, resting=found[str(identifier)].resting)
                for name, identifier in known.items()
                if str(identifier) in found
            },
        )

    def sweep(self) -> list[Action]:
        """Do what is due; what was done. One that fails is said and does not keep the others."""
        return [action for action in self.due() if not self._stopped.is_set() and self._done(action)]

    def _done(self, action: Action) -> bool:
        try:
            return self._upkeep.perform(action)
        except SandboxError as error:
            logger.warning("%s of the workspace of %s: %s", action.kind, action.session, error)
            return False

    def _run(self) -> None:
        let_others_go_first()
        while not self._stopped.wait(SWEEP_SECONDS):
            try:
                for action in self.sweep():
                    logger.info("%s: workspace of %s, %s", action.kind, action.session, action.reason)
            except (DatabaseLost, SandboxError) as error:
                logger.warning("workspaces are not looked after now: %s", error)


def _uuid(session: str) -> UUID | None:
    try:
        return UUID(session)
    except ValueError:
        return None
