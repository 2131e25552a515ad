"""Indexing: what a finished turn taught goes into memory, in the transaction of the event that says so."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from bot.brain.claimed import Claimed
from bot.brain.distilling import Distilled, Distilling
from bot.model.port import ModelCancelled
from memory.database import Connection
from memory.errors import LeaseLost
from memory.log.distilled_events import SolutionDistilled
from memory.log.events import SolutionIndexed
from memory.log.session_log import ThreadAddress
from memory.secrets.mask import SecretMask
from memory.solutions.distil import distil
from memory.solutions.index import PreparedSolution, SolutionIndex
from memory.solutions.kept_forms import record_forms
from memory.solutions.solution import Solution
from memory.solutions.uses import record_answer


class Indexing:
    """Writes what turns taught, as rules read it or, with `distilling`, as a small model does."""

    def __init__(
        self, index: SolutionIndex, secrets: SecretMask, distilling: Distilling | None = None
    ) -> None:
        self._index = index
        self._secrets = secrets
        self._distilling = distilling

    def index(
        self, claimed: Claimed, turn: int, permalink: str, *, keep: bool = True, may_ask: bool = True
    ) -> None:
        """Write what the turn taught, in the transaction of the event that says so; nothing unless `keep`.

        A model is asked about it only if `may_ask`.
        """
        taught = distil(claimed.session, turn, session_id=claimed.id, permalink=permalink)
        solution = taught if keep else None
        if solution is None:
            claimed.append(
                SolutionIndexed(turn=turn, kept=False), within=partial(self._withdraw, claimed.address, turn)
            )
            return
        # The log of an older version may hold what was not masked then.
        rules = self._secrets.solution(solution)
        # First, so that no call is made for nothing while the embedder is away.
        prepared = self._index.prepare(rules)
        distilled = self._distilled(claimed, rules, may_ask)
        if distilled is not None:
            prepared = self._index.prepare(distilled.read.solution)
        claimed.append(
            *_asked(turn, self._distilling, distilled),
            SolutionIndexed(turn=turn, kept=True),
            within=partial(self._store, claimed.id, rules, prepared, distilled),
        )

    def _distilled(self, claimed: Claimed, rules: Solution, may_ask: bool) -> Distilled | None:  # noqa: FBT001
        if self._distilling is None:
            return None
        try:
            with claimed.effect("model"):
                return self._distilling.distil(rules, may_ask=may_ask, abandoned=claimed.stop.abandoned)
        except ModelCancelled:
            raise LeaseLost(f"the lease of session {claimed.id} went while its turn was read") from None

    def _store(
        self,
        session: UUID,
        rules: Solution,
        prepared: PreparedSolution,
        distilled: Distilled | None,
        connection: Connection,
    ) -> None:
        identifier = self._index.store(connection, prepared)
        record_forms(connection, identifier, distilled.read.forms if distilled else ())
        record_answer(connection, session, team=rules.team, answer=rules.fix)

    def _withdraw(self, address: ThreadAddress, turn: int, connection: Connection) -> None:
        self._index.withdraw_turn(
            connection, team=address.team, channel=address.channel, thread=address.thread, turn=turn
        )


def _asked(turn: int, distilling: Distilling | None, distilled: Distilled | None) -> list[SolutionDistilled]:
    """The call that was made, if one was."""
    if distilling is None or distilled is None or distilled.reading is None:
        return []
    reading = distilled.reading
    said = SolutionDistilled(turn=turn, model=distilling.name, usage=reading.usage, refused=reading.refused)
    return [said]
