"""What commands print and files hold, on its way into the log."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from bot.brain.hands import EVENT_BYTES
from memory.log.session_log import SessionLog
from tests.brain.test_hands import Worker, ends
from tests.support.secrets import GITHUB_TOKEN


def test_what_a_command_prints_loses_its_secrets_before_it_is_recorded(
    engine: Engine, tmp_path: Path
) -> None:
    worker = Worker(engine, tmp_path, ends(f"TOKEN={GITHUB_TOKEN}\n".encode()))
    assert worker.result(command="env").output == "TOKEN=[masked GitHub token]\n"


def test_the_whole_of_a_long_output_is_kept_without_its_secrets(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path, ends(f"{'x ' * EVENT_BYTES}{GITHUB_TOKEN}".encode()))
    worker.result(command="cat log")
    kept = SessionLog(engine).get_blob(worker.claimed.id, "c1")
    assert kept is not None
    assert kept.endswith(b"[masked GitHub token]")


def test_a_file_is_shown_without_its_secrets(engine: Engine, tmp_path: Path) -> None:
    worker = Worker(engine, tmp_path)
    worker.call("write", path=".env", content=f"TOKEN={GITHUB_TOKEN}\n")
    assert worker.result("view", path=".env").output == "     1  TOKEN=[masked GitHub token]"
