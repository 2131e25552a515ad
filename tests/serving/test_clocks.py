"""Machines whose clocks are an hour off work together as if they were right."""

from __future__ import annotations

import signal
from pathlib import Path

from bot.worker import BEAT_SECONDS
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW
from memory.log.events import ReplyStarted
from memory.log.session_log import SessionLog
from tests.faults.job import answer, question
from tests.faults.processes import WORKER, owner
from tests.support.databases import connected
from tests.support.processes import Process, running
from tests.support.product import key
from tests.support.waiting import eventually

HOUR = 3600


def answers(slack: LocalWorkspace, thread: str) -> list[str]:
    return [
        message["text"]
        for message in slack.messages("general", thread)
        if message["user"] == OXBOW and key(message).startswith("answer:")
    ]


def answered_in(log: SessionLog, thread: str) -> set[int | None]:
    """The epochs in which the thread's answer was given; what is done in the background has later ones."""
    [session] = [row.session for row in log.sessions() if row.address.thread == thread]
    return {
        recorded.epoch
        for recorded in log.read(session)
        if isinstance(recorded.event, ReplyStarted) and recorded.event.kind == "answer"
    }


def test_a_session_is_neither_taken_early_nor_left_lying(
    slack: LocalWorkspace, tmp_path: Path, database_url: str
) -> None:
    chosen = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "OXBOW_EMBEDDER": "hashing",
        "OXBOW_DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": database_url,
    }
    behind = Process(tmp_path / "behind", (), chosen | {"FAULTS_CLOCK": str(-HOUR)}, program=WORKER)
    ahead = Process(tmp_path / "ahead", (), chosen | {"FAULTS_CLOCK": str(HOUR)}, program=WORKER)
    try:
        behind.await_ready()
        ahead.await_ready()
        with running(tmp_path / "listener", "listen", **chosen), connected(database_url) as engine:
            log = SessionLog(engine)
            first = slack.post("ada", "general", question(1, pause=BEAT_SECONDS + 1))
            slack.wait_for(lambda: answers(slack, first) == [answer(1)], timeout=60.0)
            assert answered_in(log, first) == {1}, "nobody took it while its holder lived"
            second = slack.post("ada", "general", question(2, pause=BEAT_SECONDS + 1))
            holder = eventually(
                lambda: log.sessions()[0].address.thread == second and log.sessions()[0].lease_owner
            )
            (behind if holder == owner(behind) else ahead).send(signal.SIGKILL)
            slack.wait_for(lambda: answers(slack, second) == [answer(2)], timeout=60.0)
            assert answered_in(log, second) == {2}, "the other one took it when its lease had lapsed"
    finally:
        behind.end()
        ahead.end()
