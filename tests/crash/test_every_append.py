"""A worker may die at any instant: from every point of the log a fresh one reaches the same end.

The instants are those around each append, before and after its commit: between two appends nothing is kept
outside the log that a fresh worker would miss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Connection, Engine, text

from bot.workspace.people import TEAM
from memory.events import Json, Recorded, SolutionIndexed, ToolFinished, ToolStarted
from memory.log import Lease, SessionLog, ThreadAddress
from sandbox.choose import open_sandbox
from tests.support.product import MOMENT, Product, product
from tests.support.script_model import ScriptModel

Instant = Literal["before", "after"]
QUESTION = "@Oxbow the counter is wrong, KeyError tz, please count"
STEPS = 3


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


def script(messages: Sequence[Json]) -> list[Json]:
    """Counts in the workspace, `STEPS` times, then tells what the counter says. Any process can go on."""
    made = sum(1 for message in messages if message["role"] == "assistant")
    if made < STEPS:
        command = "echo counted >> counter; wc -l < counter"
        # The call is named after its thread, so that no two threads share an id.
        name = f"toolu_{abs(hash(str(messages[0]['content'][-1])))}_{made}"
        return [{"type": "tool_use", "id": name, "name": "bash", "input": {"command": command}}]
    last = messages[-1]["content"][0]["content"][0]["text"].strip()
    return [{"type": "text", "text": f"The counter says {last}."}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crash")


@pytest.fixture
def built(engine: Engine, folder: Path) -> Iterator[Product]:
    with product(engine, folder, open_sandbox("auto", folder / "workspaces")) as built:
        yield built


def run_and_die(built: Product, engine: Engine, at: int, instant: Instant) -> tuple[str, bool]:
    """A mention, a worker that dies around its n-th append, and fresh workers to the end."""
    ts = built.say("ada", "general", f"{QUESTION} {at} {instant}")
    model = ScriptModel(script)
    died = False
    try:
        built.work(model, DyingLog(engine, at, instant), ttl=MOMENT)
    except Died:
        died = True
    built.settle(model)
    return ts, died


def check_end(built: Product, ts: str) -> None:
    """One answer, each call made once, one solution: whatever happened on the way."""
    address = ThreadAddress(team=TEAM, channel=built.workspace.channel_id("general"), thread=ts)
    state = built.log.thread_state(address)
    assert state is not None
    events = [recorded.event for recorded in built.log.read(state.session)]
    started = [event.call for event in events if isinstance(event, ToolStarted)]
    assert len(started) == len(set(started)) == STEPS
    assert [event.output.strip() for event in events if isinstance(event, ToolFinished)] == ["1", "2", "3"]
    said = built.answers("general", ts)
    assert said.count("The counter says 3.") == 1
    assert len(said) == len(set(said))
    assert sum(isinstance(event, SolutionIndexed) for event in events) == 1


@pytest.mark.parametrize("instant", ["before", "after"])
def test_a_fresh_worker_reaches_the_same_end_from_every_append(
    built: Product, engine: Engine, instant: Instant
) -> None:
    at = 0
    died = True
    while died:
        at += 1
        ts, died = run_and_die(built, engine, at, instant)
        check_end(built, ts)
    assert at > 15, "the main job makes more appends than that"
    with engine.connect() as connection:
        solutions = connection.execute(text("SELECT count(*) FROM solutions")).scalar_one()
    assert solutions == at
