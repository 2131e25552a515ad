"""What only a real worker process shows: its memory under many sessions, and how soon another takes over."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bot.worker import LEASE_SECONDS
from bot.workspace.local import LocalWorkspace
from memory.database import Engine
from memory.log import SessionLog
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Silence
from tests.support.processes import Process, running
from tests.support.waiting import eventually

COUNTS = (1, 100, 500)
MEBIBYTE = 1024 * 1024


@contextmanager
def waiting_model(url: str, folder: Path) -> Iterator[tuple[LocalWorkspace, dict[str, str]]]:
    """A workspace, and the settings of a product whose model takes requests and never answers."""
    with LocalWorkspace() as workspace, MessagesApi(lambda _: Silence()) as model:
        yield (
            workspace,
            {
                "SLACK_BOT_TOKEN": workspace.bot_token,
                "SLACK_APP_TOKEN": workspace.app_token,
                "SLACK_API_URL": workspace.api_url,
                "ANTHROPIC_API_KEY": KEY,
                "ANTHROPIC_BASE_URL": model.address,
                "OXBOW_EMBEDDER": "hashing",
                "OXBOW_DATA_DIR": str(folder / "data"),
                "DATABASE_URL": url,
            },
        )


def asked(log: SessionLog, sessions: int) -> bool:
    """Whether that many sessions wait for the model's answer."""
    rows = log.sessions(limit=sessions + 10)
    # Opened, received, progress started and posted, recalled, requested: six events.
    return sum(row.head >= 6 for row in rows) >= sessions


def resident(engine: Engine, url: str, folder: Path) -> dict[str, float]:
    """Resident memory of one worker while 1, 100 and 500 sessions wait for the model."""
    log, figures, said = SessionLog(engine), {}, 0
    with (
        waiting_model(url, folder) as (workspace, settings),
        running(folder / "listen", "listen", **settings),
        running(folder / "work", "work", **settings) as worker,
    ):
        for sessions in COUNTS:
            while said < sessions:
                said += 1
                workspace.post("ada", "general", f"@Oxbow wait for {said}")
            eventually(lambda wanted=sessions: asked(log, wanted), within=240.0, every=0.5)  # type: ignore[misc]
            memory = psutil.Process(worker.pid).memory_info().rss
            figures[f"resident memory with {sessions} sessions MiB"] = memory / MEBIBYTE
    return figures


def takeover(engine: Engine, url: str, folder: Path) -> dict[str, float]:
    """Seconds from kill -9 of the worker to the first event of another; the lease is most of it."""
    log = SessionLog(engine)
    with (
        waiting_model(url, folder) as (workspace, settings),
        running(folder / "listen", "listen", **settings),
        running(folder / "first", "work", **settings) as first,
    ):
        workspace.post("ada", "general", "@Oxbow wait")
        eventually(lambda: asked(log, 1), within=60.0)
        [row] = log.sessions()
        with running(folder / "second", "work", **settings):
            _kill(first)
            begun = time.monotonic()
            eventually(lambda: log.sessions()[0].head > row.head, within=60.0)
            return {
                "lease s": LEASE_SECONDS,
                "first event of another after kill -9 s": time.monotonic() - begun,
            }


def _kill(process: Process) -> None:
    process.send(signal.SIGKILL)
    process.end()
