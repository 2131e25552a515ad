"""Workers are killed and frozen at random while people write: nothing is lost, nothing is doubled.

Deliveries come twice. The model is slow enough to be killed in the middle of, and so are the commands.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.workspace.local import LocalWorkspace
from memory.codec import type_name
from memory.events import Json, ToolFinished
from memory.log import SessionLog
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text, tool_use
from tests.support.processes import Process, running
from tests.support.served import answers, settings
from tests.support.waiting import eventually

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("FAULTS_SECONDS", "480"))
WORKERS = 2
STEPS = 3
CHANNELS = ("general", "data-platform", "shop-backend", "help-python")
SETTLING = 120.0
"""Seconds for the survivors to finish everything after the last fault: several leases."""


def script(request: Json) -> Answer:
    """Counts in the workspace, then tells the count; the thread's number names its calls."""
    messages = request["messages"]
    number = int(re.findall(r"count for (\d+)", str(messages[0]))[-1])
    made = sum(1 for message in messages if message["role"] == "assistant")
    time.sleep(0.2)
    if made < STEPS:
        command = "echo counted >> counter; sleep 0.3; wc -l < counter"
        return Reply(blocks=[tool_use(number * 100 + made, "bash", command=command)])
    results = [b for b in messages[-1]["content"] if b["type"] == "tool_result"]
    return Reply(blocks=[text(f"Thread {number} counted {results[-1]['content'][0]['text'].strip()}.")])


@pytest.fixture
def slack() -> Iterator[LocalWorkspace]:
    with LocalWorkspace() as workspace:
        yield workspace


def disturb(chance: random.Random, workers: list[Process]) -> None:
    """Kill or freeze one worker; a frozen one thaws after its leases have lapsed."""
    victim = chance.choice(workers)
    if chance.random() < 0.6:
        victim.send(signal.SIGKILL)
    else:
        victim.send(signal.SIGSTOP)
        time.sleep(chance.uniform(0.5, 12.0))
        victim.send(signal.SIGCONT)


@pytest.fixture
def seed() -> int:
    """Chooses the faults; a failure shows it, and FAULTS_SEED repeats it."""
    return int(os.environ.get("FAULTS_SEED", str(time.time_ns() % 1_000_000)))


def test_random_kills_and_freezes_lose_nothing_and_double_nothing(
    slack: LocalWorkspace, engine: Engine, database_url: str, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with MessagesApi(script) as model, ExitStack() as processes:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": database_url,
        }
        started = 0

        def start(command: str) -> Process:
            nonlocal started
            started += 1
            return processes.enter_context(running(tmp_path / f"log-{started}", command, **chosen))

        start("listen")
        workers = [start("work") for _ in range(WORKERS)]
        threads: list[tuple[str, str]] = []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            channel = CHANNELS[len(threads) % len(CHANNELS)]
            threads.append((channel, slack.post("ada", channel, f"@Oxbow count for {len(threads) + 1}")))
            slack.deliver_again(slack.wait_for(lambda: slack.deliveries)[-1])
            if chance.random() < 0.5:
                disturb(chance, workers)
            workers = [start("work") if worker.ended() else worker for worker in workers]
            time.sleep(chance.uniform(0.2, 1.5))
        for number, (channel, thread) in enumerate(threads, start=1):
            eventually(lambda c=channel, t=thread: answers(slack, c, t), within=SETTLING)  # type: ignore[misc]
            assert answers(slack, channel, thread) == [f"Thread {number} counted {STEPS}."]
        check_logs(SessionLog(engine), len(threads))


def check_logs(log: SessionLog, threads: int) -> None:
    """Every log is without gaps, and each call was started and finished once."""
    rows = log.sessions(limit=10_000)
    assert len(rows) == threads
    for row in rows:
        events = log.read(row.session)
        assert [event.seq for event in events] == list(range(1, row.head + 1))
        names = [type_name(type(event.event)) for event in events]
        assert names.count("tool_started") == names.count("tool_finished") == STEPS
        assert names.count("message_received") == 1
        outputs = [e.event.output.strip() for e in events if isinstance(e.event, ToolFinished)]
        assert outputs == [str(step + 1) for step in range(STEPS)]
