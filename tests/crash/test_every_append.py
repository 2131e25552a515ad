"""A worker may die at any instant: from every point of the log a fresh one reaches the same end.

The instants are those around each append, before and after its commit: between two appends nothing is kept
outside the log that a fresh worker would miss. The job recalls an earlier solution, runs commands that count,
is steered while it runs, answers in several posts and is indexed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Connection, Engine, text

from bot.brain.claimed import Claimed, StopSignal
from bot.workspace.people import TEAM
from memory.codec import type_name
from memory.errors import LeaseLost
from memory.events import Event, Json, Recorded, SandboxAttached, ToolFinished, ToolStarted
from memory.log import Lease, SessionLog, ThreadAddress
from sandbox.choose import open_sandbox
from sandbox.port import Sandbox
from tests.support.product import MOMENT, Product, product
from tests.support.script_model import ScriptModel

Instant = Literal["before", "after"]
QUESTION = "@Oxbow the counter is wrong, KeyError tz, please count"
STEER = "and keep the row order"
STEPS = 3
PARAGRAPHS = [f"{number}. " + "evidence " * 100 for number in range(30)]
"""Of the answer: more than fits into two posts."""

ONCE = {
    "session_opened": 1,
    "message_received": 2,
    "solutions_recalled": 1,
    "sandbox_attached": 1,
    "model_responded": STEPS + 1,
    "tool_started": STEPS,
    "tool_finished": STEPS,
    "turn_finished": 1,
    "solution_indexed": 1,
}
"""What every log holds in the end, wherever a worker died. Beginnings of effects may be recorded twice."""


class Died(BaseException):
    """The worker is gone."""


class DyingLog(SessionLog):
    """A log whose holder dies around the n-th append."""

    def __init__(self, engine: Engine, at: int, instant: Instant) -> None:
        super().__init__(engine)
        self.left = at
        self._instant = instant

    def append(
        self, lease: Lease, *events: Recorded, within: Callable[[Connection], None] | None = None
    ) -> int:
        self.left -= 1
        if self.left == 0 and self._instant == "before":
            raise Died
        head = super().append(lease, *events, within=within)
        if self.left == 0:
            raise Died
        return head


class FreezingLog(SessionLog):
    """A log whose holder is frozen right after the n-th append, and wakes when its lease has lapsed."""

    def __init__(self, engine: Engine, at: int, stop: StopSignal, thread: Thread) -> None:
        super().__init__(engine)
        self.left = at
        self.shown: list[str] = []
        """Which posts the thread had when it was frozen."""
        self._stop = stop
        self._thread = thread

    def append(
        self, lease: Lease, *events: Recorded, within: Callable[[Connection], None] | None = None
    ) -> int:
        head = super().append(lease, *events, within=within)
        self.left -= 1
        if self.left == 0:
            self.shown = self._thread.shown()
            self._stop.renew(time.monotonic() - 1.0)
        return head


@dataclass
class Thread:
    """One run of the job, in a thread of its own."""

    built: Product
    sandbox: Sandbox
    ts: str
    steered: str | None = None
    model: ScriptModel = field(init=False)

    def __post_init__(self) -> None:
        self.model = ScriptModel(self.script)

    def script(self, messages: Sequence[Json]) -> list[Json]:
        """Counts in the workspace, `STEPS` times, then tells what the counter says."""
        made = sum(1 for message in messages if message["role"] == "assistant")
        if made == 1:
            self.steer()
        if made < STEPS:
            command = "echo counted >> counter; wc -l < counter"
            name = f"toolu_{self.ts.replace('.', '_')}_{made}"
            return [{"type": "tool_use", "id": name, "name": "bash", "input": {"command": command}}]
        last = messages[-1]["content"][0]["content"][0]["text"].strip()
        answer = [f"The counter says {last}.", *PARAGRAPHS]
        return [{"type": "text", "text": "\n\n".join(answer)}]

    def steer(self) -> None:
        """Somebody writes while the model thinks; a model that is asked again does not hear it twice."""
        if self.steered is None:
            self.steered = self.built.say("bruno", "general", STEER, self.ts)

    @property
    def events(self) -> list[Event]:
        channel = self.built.workspace.channel_id("general")
        state = self.built.log.thread_state(ThreadAddress(team=TEAM, channel=channel, thread=self.ts))
        assert state is not None
        return [recorded.event for recorded in self.built.log.read(state.session)]

    def check(self) -> None:
        """One answer, each call made once, one solution: whatever happened on the way."""
        events = self.events
        names = [type_name(type(event)) for event in events]
        assert {name: names.count(name) for name in ONCE} == ONCE
        started = [event.call for event in events if isinstance(event, ToolStarted)]
        assert len(set(started)) == STEPS
        assert [e.output.strip() for e in events if isinstance(e, ToolFinished)] == ["1", "2", "3"]
        [attached] = [event for event in events if isinstance(event, SandboxAttached)]
        counter = self.sandbox.read(attached.reference, path="counter", epoch=1_000)
        assert counter == b"counted\n" * STEPS
        assert STEER in str(self.model.requests[-1].messages)

    def shown(self) -> list[str]:
        """The keys of what the bot posted."""
        return [key for key, *_ in self.said()]

    def said(self) -> list[tuple[str, ...]]:
        """What the thread shows, in kinds of posts and whole texts."""
        messages = self.built.workspace.messages("general", self.ts)
        posts = [(str(m["metadata"]["event_payload"]["key"]), m) for m in messages if m.get("metadata")]
        return [
            (key, "".join(block["text"] for block in post["blocks"] if block["type"] == "markdown"))
            for key, post in posts
        ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crash")


@pytest.fixture(scope="module")
def sandbox(folder: Path) -> Sandbox:
    return open_sandbox("auto", folder / "workspaces")


@pytest.fixture
def built(engine: Engine, folder: Path, sandbox: Sandbox) -> Iterator[Product]:
    with product(engine, folder, sandbox) as built:
        yield built


def begin(built: Product, sandbox: Sandbox, name: str) -> Thread:
    return Thread(built, sandbox, built.say("ada", "general", f"{QUESTION} {name}"))


def run_and_die(thread: Thread, engine: Engine, at: int, instant: Instant) -> bool:
    """A worker that dies around its n-th append, and fresh workers to the end; False when none died."""
    died = False
    try:
        thread.built.work(thread.model, DyingLog(engine, at, instant), ttl=MOMENT)
    except Died:
        died = True
    thread.built.settle(thread.model)
    return died


@pytest.mark.parametrize("instant", ["before", "after"])
def test_a_fresh_worker_reaches_the_same_end_from_every_append(
    built: Product, sandbox: Sandbox, engine: Engine, instant: Instant
) -> None:
    # The first thread is there to be recalled; the second runs to its end undisturbed.
    built.settle(begin(built, sandbox, "to be recalled").model)
    undisturbed = begin(built, sandbox, "undisturbed")
    built.settle(undisturbed.model)
    undisturbed.check()
    wanted = undisturbed.said()
    assert [key for key, _ in wanted if key.startswith(("recall:", "answer:1:"))] == [
        "recall:1",
        "answer:1:1",
        "answer:1:2",
        "answer:1:3",
    ]
    at = 0
    died = True
    while died:
        at += 1
        thread = begin(built, sandbox, f"{at} {instant}")
        died = run_and_die(thread, engine, at, instant)
        thread.check()
        assert thread.said() == wanted, f"died {instant} append {at}"
    assert at > 25, "the job makes more appends than that"
    with engine.connect() as connection:
        solutions = connection.execute(text("SELECT count(*) FROM solutions")).scalar_one()
    assert solutions == at + 2


def wakes_too_late(thread: Thread, engine: Engine, at: int) -> bool:
    """A worker that is frozen at its n-th append until its lease has lapsed; False when it never was."""
    lease = thread.built.claim(MOMENT)
    assert lease is not None
    stop = StopSignal(lease.interrupt_seq)
    log = FreezingLog(engine, at, stop, thread)
    try:
        thread.built.brain(thread.model).run(Claimed(log, lease, stop), lambda: False)
    except LeaseLost:
        assert log.left == 0, "it recorded something after it woke"
        assert thread.shown() == log.shown, f"it posted something after it woke at append {at}"
        return True
    return False


def test_a_worker_that_wakes_after_its_lease_records_nothing_and_posts_nothing(
    built: Product, sandbox: Sandbox, engine: Engine
) -> None:
    at, woke = 0, True
    while woke:
        at += 1
        thread = begin(built, sandbox, f"frozen at {at}")
        woke = wakes_too_late(thread, engine, at)
        built.settle(thread.model)
        thread.check()
    assert at > 25, "the job makes more appends than that"
