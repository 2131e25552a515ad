"""What is done once in a night or a week."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from bot.background.nightly_refit import NightlyRefit
from bot.background.periodic import Periodic, Task
from bot.slack.errors import SlackUnavailable
from memory.embedding.embedder import HashingEmbedder
from memory.recall.ranker_versions import roll_back, versions
from memory.recall.recall import Recall
from memory.workspaces.chores import Chore, Chores, Taken
from tests.memory.solution_makers import TEAM, remember
from tests.memory.test_refitting import MANY, threads


@dataclass(slots=True)
class Counted:
    """A task that is done, or fails, and counts."""

    engine: Engine
    chore: Chore
    fails: bool = False
    times: list[Taken] = field(default_factory=list)

    def perform(self, taken: Taken) -> None:
        self.times.append(taken)
        if self.fails:
            raise SlackUnavailable("away", delay=1.0)
        with self.engine.begin() as connection:
            Chores(self.engine).finish(connection, taken)


def look(engine: Engine, *tasks: Task) -> None:
    Periodic(team=TEAM, chores=Chores(engine), tasks=tasks).look()


def tomorrow(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE chores SET done_for = done_for - interval '1 day'"))


def test_one_that_fails_does_not_keep_the_others_and_each_is_done_once(engine: Engine) -> None:
    failing = Counted(engine, Chore(name="fails", period="day", hour=0), fails=True)
    working = Counted(engine, Chore(name="works", period="day", hour=0))
    for _ in range(3):
        look(engine, failing, working)
    assert (len(failing.times), len(working.times)) == (1, 1)


def test_the_ranking_is_learned_in_the_night_and_not_again_when_it_was_taken_back(engine: Engine) -> None:
    remember(engine, HashingEmbedder(), *threads(MANY))
    nightly = NightlyRefit(engine, Recall(engine, HashingEmbedder()), Chores(engine))
    look(engine, nightly)
    with engine.begin() as connection:
        assert [version.current for version in versions(connection, TEAM)] == [True]
        assert roll_back(connection, TEAM)
    tomorrow(engine)
    look(engine, nightly)
    with engine.connect() as connection:
        assert [version.current for version in versions(connection, TEAM)] == [False]
