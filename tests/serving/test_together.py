"""Several processes on one app and one database: Slack tells any of them, and the work is done once."""

from __future__ import annotations

import signal
from pathlib import Path

from bot.workspace.local import LocalWorkspace
from memory.log.events import Json
from tests.support.balancer import Balancer
from tests.support.messages_api import MessagesApi
from tests.support.messages_api_replies import Answer, Reply, text
from tests.support.processes import Process, free_port, running
from tests.support.served import answers, settings

THREADS = 12


def script(request: Json) -> Answer:
    return Reply(blocks=[text("Heard.")])


def said(slack: LocalWorkspace, threads: list[str]) -> list[list[str]]:
    return [answers(slack, "general", thread) for thread in threads]


def test_every_thread_is_answered_once_and_followed_by_either(
    slack: LocalWorkspace, tmp_path: Path, database_url: str
) -> None:
    with MessagesApi(script) as model:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": database_url,
        }
        with (
            running(tmp_path / "first", "serve", **chosen),
            running(tmp_path / "second", "serve", **chosen),
        ):
            slack.wait_for(lambda: slack.connected == 2)
            threads = [slack.post("ada", "general", f"@Oxbow question {n}") for n in range(THREADS)]
            slack.wait_for(lambda: said(slack, threads) == [["Heard."]] * THREADS, timeout=60.0)
            for thread in threads:
                slack.post("ada", "general", "and then?", thread)
            slack.wait_for(lambda: said(slack, threads) == [["Heard.", "Heard."]] * THREADS, timeout=60.0)
        assert len(model.journal) == 2 * THREADS


def check_nothing_is_lost(slack: LocalWorkspace, victim: Process, model: MessagesApi) -> None:
    """One of two listeners is killed while people write; every mention is answered, once."""
    threads: list[str] = []
    for number in range(THREADS):
        if number == THREADS // 3:
            victim.send(signal.SIGKILL)
        threads.append(slack.post("ada", "general", f"@Oxbow question {number}"))
    slack.wait_for(lambda: said(slack, threads) == [["Heard."]] * THREADS, timeout=90.0)
    assert slack.dropped == []
    assert len(model.journal) == THREADS


def test_a_listener_in_socket_mode_is_killed_and_the_other_hears_everything(
    slack: LocalWorkspace, tmp_path: Path, database_url: str
) -> None:
    with MessagesApi(script) as model:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_APP_TOKEN": slack.app_token,
            "DATABASE_URL": database_url,
        }
        with (
            running(tmp_path / "worker", "work", **chosen),
            running(tmp_path / "first", "listen", **chosen) as first,
            running(tmp_path / "second", "listen", **chosen),
        ):
            slack.wait_for(lambda: slack.connected == 2)
            check_nothing_is_lost(slack, first, model)


def test_a_listener_behind_a_load_balancer_is_killed_and_the_other_hears_everything(
    slack: LocalWorkspace, tmp_path: Path, database_url: str
) -> None:
    ports = [free_port(), free_port()]
    with MessagesApi(script) as model, Balancer(ports) as balancer:
        chosen = settings(slack, model, tmp_path) | {
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "DATABASE_URL": database_url,
        }
        one, other = (chosen | {"PORT": str(port)} for port in ports)
        with (
            running(tmp_path / "worker", "work", **one),
            running(tmp_path / "first", "listen", **one) as first,
            running(tmp_path / "second", "listen", **other),
        ):
            slack.use_request_url(f"{balancer.address}/slack/events")
            check_nothing_is_lost(slack, first, model)
