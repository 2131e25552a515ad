"""What solves a problem that keeps coming up is proposed once, as a draft that a person merges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.background.instruction_proposals import InstructionProposals
from bot.background.recurrence import Recurrence
from bot.forge.forges import Forges
from bot.forge.plumbing import git
from bot.forge.port import PullRequest
from bot.forge.repository import repositories
from memory.embedding.embedder import HashingEmbedder
from memory.solutions.solution import Solution
from memory.workspaces.chores import Chores
from tests.forge.origins import bare, commit, initialised
from tests.memory.solution_makers import TEAM, make_solution, remember
from tests.support.secrets import secret_mask

SECRET = "ghp_" + "a1B2" * 9
FIX = f"Install `tzdata`.\n@pytest.fixture needs no token {SECRET}"


def threads(repository: str = "cart") -> list[Solution]:
    """A problem that came up three times in the last weeks, solved in a repository the second time."""
    now = datetime.now(UTC) - timedelta(hours=InstructionProposals.chore.hour)
    last_week = now - timedelta(days=now.weekday() + 4)
    asked = [
        make_solution("# import `fails` with KeyError tz", thread=f"{n}.0", finished_at=last_week)
        for n in range(3)
    ]
    asked[1] = replace(asked[1], outcome="confirmed", fix=FIX, repository=repository)
    return asked


class Place:
    """A repository, and who proposes."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.work = initialised(folder / "work")
        self.origin = bare(folder / "cart.git", self.work)
        self.address = self.origin.as_uri()
        self.forges = Forges(folder / "mirrors")
        self.proposals = InstructionProposals(
            engine=engine,
            chores=Chores(engine),
            recurrence=Recurrence(engine=engine, embedder=HashingEmbedder().name, shows=lambda _: True),
            forges=self.forges,
            allowed=repositories([self.address]),
            file="AGENTS.md",
            secrets=secret_mask(),
        )

    def perform(self) -> None:
        """As in a new week."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE chores SET lease_until = '-infinity', done_for = NULL"))
        taken = Chores(self.engine).take(TEAM, InstructionProposals.chore)
        assert taken is not None
        self.proposals.perform(taken)

    def branches(self) -> list[str]:
        shape = "--format=%(refname:lstrip=2)"
        return git("for-each-ref", shape, "refs/heads/oxbow/", cwd=self.origin).split()

    def proposed(self) -> PullRequest:
        [branch] = self.branches()
        found = self.forges.plain.find(self.address, branch)
        assert found is not None
        return found

    def numbers(self) -> int:
        return git("for-each-ref", "refs/oxbow/pull/", cwd=self.origin).count("\n")


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Place:
    return Place(engine, tmp_path)


def test_a_draft_adds_what_was_confirmed_and_names_its_threads(place: Place, engine: Engine) -> None:
    remember(engine, HashingEmbedder(), *threads())
    place.perform()
    pull = place.proposed()
    assert (pull.draft, pull.state, pull.base) == (True, "open", "trunk")
    assert pull.title == "Say how to solve: import 'fails' with KeyError tz"
    _, body, diff = place.forges.plain.describe(place.address, pull.number)
    added = [line[1:] for line in diff.splitlines() if line.startswith("+") and line[:3] != "+++"]
    assert added[0] == "## import 'fails' with KeyError tz"
    assert "> Install `tzdata`." in added
    assert SECRET not in diff + body
    for thread in threads():
        assert thread.permalink in body
        assert f"- {thread.permalink}" in added
    assert git("ls-tree", "--name-only", "trunk", cwd=place.origin).split() == ["file"]


def test_what_the_file_says_already_stays_above_it(place: Place, engine: Engine) -> None:
    commit(place.work, "Be kind.\n", "AGENTS.md")
    git("push", "--quiet", place.address, "trunk", cwd=place.work)
    remember(engine, HashingEmbedder(), *threads())
    place.perform()
    held = git("show", f"{place.branches()[0]}:AGENTS.md", cwd=place.origin)
    assert held.startswith("Be kind.\n\n## import")


def test_it_is_proposed_once_whatever_becomes_of_it(place: Place, engine: Engine) -> None:
    remember(engine, HashingEmbedder(), *threads())
    place.perform()
    place.perform()
    git("update-ref", f"refs/oxbow/closed/{place.proposed().number}", _blob(place), cwd=place.origin)
    place.perform()
    assert (place.proposed().state, place.numbers()) == ("closed", 1)


def test_a_branch_without_its_pull_request_gets_it(place: Place, engine: Engine) -> None:
    """Whoever pushed it died then."""
    remember(engine, HashingEmbedder(), *threads())
    place.perform()
    git("update-ref", "-d", f"refs/oxbow/pull/{place.proposed().number}", cwd=place.origin)
    place.perform()
    assert place.proposed().state == "open"


def test_what_was_merged_is_not_proposed_again_under_another_name(place: Place, engine: Engine) -> None:
    remember(engine, HashingEmbedder(), *threads())
    place.perform()
    git("update-ref", "refs/heads/trunk", place.branches()[0], cwd=place.origin)
    git("update-ref", "-d", f"refs/heads/{place.branches()[0]}", cwd=place.origin)
    git("update-ref", "-d", "refs/oxbow/pull/1", cwd=place.origin)
    place.perform()
    assert place.branches() == []


@pytest.mark.parametrize(
    "known",
    [threads()[:2], [replace(it, outcome="answered") for it in threads()], threads(repository="other")],
    ids=["too seldom", "not confirmed", "another repository"],
)
def test_nothing_is_proposed_where_little_is_known(
    place: Place, engine: Engine, known: list[Solution]
) -> None:
    remember(engine, HashingEmbedder(), *known)
    place.perform()
    assert place.branches() == []


def _blob(place: Place) -> str:
    return git("rev-parse", "trunk:file", cwd=place.origin).strip()
