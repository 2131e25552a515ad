"""Everything fails at random while people write: nothing is lost, nothing is doubled, nothing comes late.

Several workers and two listeners share one database. Processes are killed and frozen, the server is ended as
a crash ends it, connections break at commits, Slack repeats deliveries and loses answers, supervisors of
commands die, and now and then a session kills whoever works on it. People steer and stop meanwhile. In the
end a table says what was done and what was found; FAULTS_REPORT names a file for the same as JSON.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.workspace.delivery import DeliveryRules
from bot.workspace.local import LocalWorkspace
from memory.database import connect, migrate
from memory.log.session_log import SessionLog
from memory.postgres.server import EmbeddedPostgres
from tests.faults.conversations import CHANNELS, Conversation, Found, Inspection, Kind
from tests.faults.faults import Faults, Target
from tests.faults.job import poisonous, question
from tests.faults.processes import Processes, listener, worker
from tests.faults.report import Row, rows, table
from tests.faults.strikes import Strikes
from tests.support.databases import connected
from tests.support.proxy import CuttableWire

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("FAULTS_SECONDS", "420"))
"""For which faults are injected; with the settling a run stays below ten minutes."""

OPEN = 60
"""Sessions at work at the same time: so many that those that wait for a lease to lapse leave others to do."""

POISON_EVERY = 400
"""Conversations to one that kills its workers, each of which costs five of them."""

SETTLING = 150.0
"""Seconds for the survivors to finish everything after the last fault: many leases."""

HOUR = 3600.0


@pytest.fixture
def seed() -> int:
    """Chooses the faults. It is printed, and FAULTS_SEED repeats it as far as the machine lets it."""
    return int(os.environ.get("FAULTS_SEED", str(time.time_ns() % 1_000_000)))


@pytest.fixture
def slack() -> Iterator[LocalWorkspace]:
    """Slack, in less of a hurry to give up than the run is long."""
    with LocalWorkspace(
        rules=DeliveryRules(retry_delays=(0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0))
    ) as workspace:
        for channel in CHANNELS:
            workspace.open_channel(channel)
        yield workspace


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this run's own that keeps what it acknowledged."""
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        engine = connect(server.url)
        migrate(engine)
        engine.dispose()
        yield server


@pytest.fixture
def wire(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[CuttableWire]:
    """The way of one of the workers to the database."""
    folder = tmp_path / "wire"
    folder.mkdir()
    with CuttableWire(postgres.url, folder) as wire:
        yield wire


class People:
    """Open threads, and steer or stop some of them while they run."""

    def __init__(self, slack: LocalWorkspace, strikes: Strikes, chance: random.Random) -> None:
        self._slack = slack
        self._strikes = strikes
        self._chance = chance
        self.conversations: list[Conversation] = []
        self._taken: set[str] = set()
        self._acks = 0

    def keep_busy(self) -> None:
        """Open threads until so many sessions are at work."""
        for _ in range(min(OPEN - self._strikes.open_sessions(), 5)):
            self._ask(len(self.conversations) + 1)

    def interfere(self) -> None:
        """Perhaps now, in threads that were opened lately; in each once.

        Words without a mention count where a session is: nobody writes on before the question was heard.
        """
        self._read_acks()
        for conversation in self.conversations[-2 * OPEN :]:
            heard = conversation.thread in self._taken
            if heard and not conversation.interfered and self._chance.random() < 0.1:
                conversation.interfered = True
                self._say_more(conversation)

    def unacknowledged(self) -> set[str]:
        """What was said and the app has not taken yet."""
        self._read_acks()
        return {ts for conversation in self.conversations for ts in conversation.said} - self._taken

    def _read_acks(self) -> None:
        acks = self._slack.acks
        self._taken |= {ack.delivery.payload.get("event", {}).get("ts") for ack in acks[self._acks :]}
        self._acks = len(acks)

    def _ask(self, number: int) -> None:
        kinds: tuple[Kind, ...] = ("left alone", "left alone", "steered", "stopped")
        kind: Kind = "poisonous" if number % POISON_EVERY == 3 else self._chance.choice(kinds)
        channel = CHANNELS[number % len(CHANNELS)]
        words = poisonous(number) if kind == "poisonous" else question(number)
        if kind == "poisonous":
            self._strikes.record("session that kills its workers")
        thread = self._slack.post("ada", channel, words)
        self.conversations.append(
            Conversation(channel=channel, thread=thread, number=number, kind=kind, said=[thread])
        )

    def _say_more(self, conversation: Conversation) -> None:
        match conversation.kind:
            case "steered":
                words = "and keep the row order"
                ts = self._slack.post("ada", conversation.channel, words, conversation.thread)
                conversation.said.append(ts)
            case "stopped":
                self._slack.post("ada", conversation.channel, "stop", conversation.thread)
            case _:
                pass


def test_random_faults_lose_nothing_double_nothing_and_leave_no_late_effect(
    slack: LocalWorkspace,
    postgres: EmbeddedPostgres,
    wire: CuttableWire,
    tmp_path: Path,
    seed: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chance = random.Random(seed)
    settings = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "OXBOW_EMBEDDER": "hashing",
        "OXBOW_DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": postgres.url,
    }
    workers = (
        worker("wired", settings | {"DATABASE_URL": wire.url}),
        worker("ahead", settings, clock=HOUR),
        worker("behind", settings, clock=-HOUR),
    )
    listeners = (listener("first", settings), listener("second", settings))
    with (
        connected(postgres.url) as engine,
        Processes(tmp_path, workers) as working,
        Processes(tmp_path, listeners) as listening,
        ThreadPoolExecutor(4) as later,
    ):
        strikes = Strikes(engine)
        people = People(slack, strikes, chance)
        target = Target(
            slack=slack,
            postgres=postgres,
            wire=wire,
            workers=working,
            listeners=listening,
            workspaces=tmp_path / "data" / "workspaces",
            later=later,
        )
        working.await_ready()
        listening.await_ready()
        began = time.monotonic()
        faults = Faults(target, strikes, chance)
        while time.monotonic() < began + SECONDS:
            people.keep_busy()
            people.interfere()
            faults.strike()
            working.replace()
            listening.replace()
            time.sleep(0.1)
        working.heal()
        listening.heal()
        settle(people, strikes, working)
        inspection = Inspection(SessionLog(engine), slack, tmp_path / "data")
        found = [inspection.look(conversation) for conversation in people.conversations]
        made = rows(strikes.all, found)
        with capsys.disabled():
            sys.stdout.write(f"\nseed {seed}, {time.monotonic() - began:.0f} s\n\n{table(made)}\n\n")
        keep(made, seed)
        assert working.fallen() == []
    check(found)


def settle(people: People, strikes: Strikes, working: Processes) -> None:
    """Wait until everything is heard and done, replacing the workers that a poisonous session still kills."""
    deadline = time.monotonic() + SETTLING
    while people.unacknowledged() or strikes.open_sessions():
        assert time.monotonic() < deadline, (
            f"after {SETTLING} s: unheard {sorted(people.unacknowledged())}, open {strikes.still_open()}"
        )
        working.replace()
        time.sleep(0.5)


def keep(made: list[Row], seed: int) -> None:
    """Write the table as JSON where FAULTS_REPORT says."""
    if "FAULTS_REPORT" in os.environ:
        report = {"seed": seed, "seconds": SECONDS, "rows": [asdict(row) for row in made]}
        Path(os.environ["FAULTS_REPORT"]).write_text(json.dumps(report, indent=2) + "\n")


def check(found: list[Found]) -> None:
    """Assert what is promised, with the threads that say otherwise."""
    for promise, broken in (
        ("nothing is lost", [what for each in found for what in each.lost]),
        ("nothing is doubled", [what for each in found for what in each.doubled]),
        ("nothing comes late", [what for each in found for what in each.late]),
    ):
        assert not broken, f"{promise}, but:\n" + "\n".join(broken)
