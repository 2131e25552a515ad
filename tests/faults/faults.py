"""The kinds of faults, how often each comes, and how it is injected."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from bot.worker import LEASE_SECONDS
from bot.workspace.delivery import Undelivered
from bot.workspace.journal import Delivery
from bot.workspace.local import LocalWorkspace
from memory.errors import PostgresError
from memory.postgres.server import EmbeddedPostgres
from tests.faults.processes import Processes, kill_one, owner, supervisors
from tests.faults.strikes import Strikes
from tests.support.proxy import CuttableWire
from tests.support.waiting import eventually

LONGEST_FREEZE = 15.0
"""Seconds; beyond a lease and its takeover."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """A kind of fault, injected by itself every `seconds` on average."""

    inject: Callable[[], object]
    seconds: float
    due: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Everything that can be hit."""

    slack: LocalWorkspace
    postgres: EmbeddedPostgres
    wire: CuttableWire
    workers: Processes
    listeners: Processes
    workspaces: Path
    later: Executor
    """For what waits for an answer, so that the next fault need not."""


class Faults:
    """Injects each kind at random moments."""

    def __init__(self, target: Target, strikes: Strikes, chance: random.Random) -> None:
        self._target = target
        self._strikes = strikes
        self._chance = chance
        # Worker faults cost whole leases and starts of processes; so many leave the survivors time to work.
        self._kinds = [
            Fault(inject=self._kill_worker, seconds=7.0),
            Fault(inject=lambda: self._freeze(0.5, LEASE_SECONDS - 2.0), seconds=15.0),
            Fault(inject=lambda: self._freeze(LEASE_SECONDS + 1.0, LONGEST_FREEZE), seconds=20.0),
            Fault(inject=self._kill_listener, seconds=30.0),
            Fault(inject=self._restart_database, seconds=25.0),
            Fault(inject=self._cut_at_commit, seconds=3.0),
            Fault(inject=self._kill_supervisor, seconds=6.0),
            Fault(inject=self._repeat_delivery, seconds=0.5),
            Fault(inject=self._lose_answer, seconds=2.0),
            Fault(inject=self._lose_request, seconds=5.0),
        ]
        for kind in self._kinds:
            kind.due = time.monotonic() + chance.uniform(0.0, kind.seconds)

    def strike(self) -> None:
        """Inject whatever is due."""
        for kind in self._kinds:
            if kind.due <= time.monotonic():
                kind.inject()
                kind.due = time.monotonic() + self._chance.expovariate(1.0 / kind.seconds)

    def _kill_worker(self) -> None:
        victim = self._target.workers.victim(self._chance)
        if victim is not None:
            self._strikes.record("worker killed", owner=owner(victim), stops=True)
            self._target.workers.kill(victim)

    def _freeze(self, shortest: float, longest: float) -> None:
        victim = self._target.workers.victim(self._chance)
        if victim is not None:
            beyond = shortest > LEASE_SECONDS
            kind = "worker frozen beyond its lease" if beyond else "worker frozen within its lease"
            self._strikes.record(kind, owner=owner(victim), stops=True)
            self._target.workers.freeze(victim, self._chance.uniform(shortest, longest))

    def _kill_listener(self) -> None:
        victim = self._target.listeners.victim(self._chance)
        if victim is not None:
            self._strikes.record("listener killed")
            self._target.listeners.kill(victim)

    def _restart_database(self) -> None:
        """End the server as a crash does, without a checkpoint, and start it again."""
        postgres = self._target.postgres
        self._strikes.record("database restarted at once", stops=True)
        os.kill(postgres.pid or 0, self._chance.choice((signal.SIGQUIT, signal.SIGKILL)))
        eventually(lambda: postgres.pid is None)
        eventually(lambda: _started(postgres), within=60.0, every=0.2)

    def _cut_at_commit(self) -> None:
        """The next commit of the worker behind the wire lands or not, and nobody tells which."""
        self._strikes.record("connection cut at a commit")
        self._target.wire.cut_at("COMMIT", deliver=self._chance.random() < 0.5)

    def _kill_supervisor(self) -> None:
        if kill_one(supervisors(self._target.workspaces), self._chance):
            self._strikes.record("supervisor of a command killed")

    def _repeat_delivery(self) -> None:
        recent = self._target.slack.deliveries[-30:]
        if recent:
            self._strikes.record("delivery repeated")
            self._target.later.submit(self._again, self._chance.choice(recent), self._chance.choice((0, 1)))

    def _again(self, delivery: Delivery, attempt: int) -> None:
        try:
            self._target.slack.deliver_again(delivery, attempt=attempt)
        except Undelivered:
            return  # the listener died over it; the first delivery goes its own way

    def _lose_answer(self) -> None:
        self._strikes.record("Slack's answer to a post lost")
        self._target.slack.lose_next_response("chat.postMessage")

    def _lose_request(self) -> None:
        self._strikes.record("post lost on its way to Slack")
        self._target.slack.lose_next_request("chat.postMessage")


def _started(postgres: EmbeddedPostgres) -> bool:
    """Start it, unless processes of the one that was killed are still on their way out."""
    try:
        postgres.start()
    except PostgresError:
        return False
    return True
