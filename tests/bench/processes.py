"""What only real worker processes show: their memory under many sessions, and how soon another takes over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bot.workspace.local import LocalWorkspace
from memory.log.session_log import SessionLog, SessionRow
from tests.bench.figures import Figures
from tests.bench.place import Place
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Silence
from tests.support.processes import running
from tests.support.waiting import eventually

COUNTS = (1, 100, 500)
TAKEN_OVER = 20
CHANNELS = tuple(f"team-{number}" for number in range(40))
"""So many that Slack's limit of posts in each holds nothing up."""

MEBIBYTE = 1024 * 1024


def settings_for(workspace: LocalWorkspace, at: Place, **more: str) -> dict[str, str]:
    """The environment of a process of the product at this workspace and this database."""
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_API_URL": workspace.api_url,
        "OXBOW_EMBEDDER": "hashing",
        "OXBOW_DATA_DIR": str(at.folder / "data"),
        "DATABASE_URL": at.url,
        **more,
    }


@contextmanager
def waiting_model(at: Place) -> Iterator[tuple[LocalWorkspace, MessagesApi, dict[str, str]]]:
    """A workspace with a listener, a model that never answers, and the settings of workers that ask it."""
    with LocalWorkspace() as workspace, MessagesApi(lambda _: Silence()) as model:
        for channel in CHANNELS:
            workspace.open_channel(channel)
        settings = settings_for(
            workspace,
            at,
            SLACK_APP_TOKEN=workspace.app_token,
            ANTHROPIC_API_KEY=KEY,
            ANTHROPIC_BASE_URL=model.address,
        )
        with running(at.folder / "listen", "listen", **settings):
            yield workspace, model, settings


def resident(at: Place) -> Figures:
    """Resident memory of one worker, seen from outside, while sessions wait for the model."""
    figures: Figures = {}
    with (
        waiting_model(at) as (workspace, model, settings),
        running(at.folder / "work", "work", **settings) as worker,
    ):
        seen = psutil.Process(worker.pid)
        said = 0
        for sessions in COUNTS:
            _mention(workspace, sessions - said)
            said = sessions
            _await_asked(model, sessions)
            memory = seen.memory_info().rss / MEBIBYTE
            figures[f"resident memory, {sessions} session{'s' if sessions > 1 else ''} MiB"] = memory
    return figures


def takeover(at: Place) -> Figures:
    """Seconds of the database's clock from the end of a killed worker's lease to another's first event."""
    log = SessionLog(at.engine)
    with (
        waiting_model(at) as (workspace, model, settings),
        running(at.folder / "first", "work", **settings) as first,
    ):
        _mention(workspace, TAKEN_OVER)
        _await_asked(model, TAKEN_OVER)
        with running(at.folder / "second", "work", **settings):
            first.send(signal.SIGKILL)
            first.wait()
            held = log.sessions(limit=TAKEN_OVER)
            eventually(lambda: all(_taken(log, row) for row in held), within=60.0)
    late = sorted(_seconds_late(log, row) for row in held)
    return {
        f"first of {TAKEN_OVER} sessions, s beyond the lease": late[0],
        f"last of {TAKEN_OVER} sessions, s beyond the lease": late[-1],
    }


def _mention(workspace: LocalWorkspace, times: int) -> None:
    for number in range(times):
        workspace.post("ada", CHANNELS[number % len(CHANNELS)], f"@Oxbow wait for {number}")


def _await_asked(model: MessagesApi, sessions: int) -> None:
    """Wait until that many requests hang at the model."""
    eventually(lambda: len(model.journal) == sessions, within=300.0, every=0.25)


def _taken(log: SessionLog, held: SessionRow) -> bool:
    return bool(log.read(held.session, after=held.head))


def _seconds_late(log: SessionLog, held: SessionRow) -> float:
    """From the end of the lease, as it was after its holder died, to the first event after it."""
    first, *_ = log.read(held.session, after=held.head)
    if held.lease_until is None:
        raise AssertionError("the killed worker held the session")
    return (first.recorded_at - held.lease_until).total_seconds()
