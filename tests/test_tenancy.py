"""Which workspaces a process serves: those that are installed, not parked, and named by the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from bot.hosting.tenancy import Tenancy
from bot.slack.errors import SlackUnavailable
from memory.workspaces.installations import Installations
from tests.support.waiting import eventually


class Opened:
    """A tenancy at work, and which workspaces it serves at present."""

    def __init__(self, installations: Installations) -> None:
        self.installations = installations
        self.served: list[str] = []
        self.openings: list[str] = []
        self.refused: set[str] = set()
        self.tenancy = Tenancy(installations=installations, teams=("T1", "T2"), open_workspace=self._open)

    @contextmanager
    def _open(self, team: str) -> Iterator[None]:
        self.openings.append(team)
        if team in self.refused:
            raise SlackUnavailable("away", delay=1.0)
        self.served.append(team)
        yield
        self.served.remove(team)

    def install(self, *teams: str) -> None:
        for team in teams:
            self.installations.keep(team, b"sealed", None)
        self.tenancy.look_now()

    def park(self, team: str) -> None:
        self.installations.park(team, "the app was uninstalled")
        self.tenancy.look_now()


@pytest.fixture
def opened(engine: Engine) -> Iterator[Opened]:
    opened, stopping = Opened(Installations(engine)), Event()
    thread = Thread(target=opened.tenancy.serve, args=(stopping, Event()))
    thread.start()
    yield opened
    stopping.set()
    opened.tenancy.look_now()
    thread.join()
    assert opened.served == []


def test_who_is_installed_and_named_is_served(opened: Opened) -> None:
    opened.install("T1", "T3", "T2")
    eventually(lambda: sorted(opened.served) == ["T1", "T2"])
    assert "T3" not in opened.openings


def test_who_is_parked_is_served_no_more_until_it_is_installed_again(opened: Opened) -> None:
    opened.install("T1", "T2")
    eventually(lambda: len(opened.served) == 2)
    opened.park("T1")
    eventually(lambda: opened.served == ["T2"])
    opened.install("T1")
    eventually(lambda: opened.served == ["T2", "T1"])


def test_who_is_installed_again_is_opened_anew(opened: Opened) -> None:
    opened.install("T1")
    eventually(lambda: opened.served == ["T1"])
    opened.install("T1")
    eventually(lambda: opened.openings == ["T1", "T1"] and opened.served == ["T1"])


def test_one_that_cannot_be_served_keeps_no_other(opened: Opened) -> None:
    opened.refused.add("T1")
    opened.install("T1", "T2")
    eventually(lambda: opened.served == ["T2"])
    opened.refused.clear()
    opened.install("T1")
    eventually(lambda: opened.served == ["T2", "T1"])


def test_a_worker_that_ends_by_itself_ends_the_process(engine: Engine) -> None:
    ended = Event()
    ended.set()
    with pytest.raises(RuntimeError, match="a worker has ended"):
        Opened(Installations(engine)).tenancy.serve(Event(), ended)
