"""The ranking, learned anew every night in which there is something new to learn from."""

from __future__ import annotations

import logging

from memory.database import Engine, transaction
from memory.recall.recall import Recall
from memory.recall.refitting import Refit, adopt, refit
from memory.solutions.teaching import news
from memory.workspaces.chores import Chore, Chores, Taken

FEWEST_NEWS = 10
"""Things indexed or judged since the last version: less changes nothing, and what somebody took back the day
before is not taken up again for nothing."""

RENEW_EVERY = 50
"""Questions, each a search: some seconds to a minute, well within the lease."""

logger = logging.getLogger(__name__)


class NightlyRefit:
    """Learns a team's ranking and puts it to use if held-back questions gain by it."""

    chore = Chore(name="refit", period="day", hour=3)

    def __init__(self, engine: Engine, recall: Recall, chores: Chores) -> None:
        self._engine = engine
        self._recall = recall
        self._chores = chores

    def perform(self, taken: Taken) -> None:
        """See `Task`; a team of which too little is new is done at once."""
        learned = self._learned(taken)
        with transaction(self._engine) as connection:
            self._chores.finish(connection, taken)
            if adopt(connection, learned, team=taken.team):
                logger.info("searches go by a ranking that %d questions taught", learned.questions)

    def _learned(self, taken: Taken) -> Refit:
        learned = Refit(done=0, total=0)
        with transaction(self._engine) as connection:
            if news(connection, taken.team) < FEWEST_NEWS:
                return learned
        for learned in refit(self._engine, self._recall, team=taken.team):
            if learned.done % RENEW_EVERY == 0:
                self._chores.renew(taken)
        return learned
