"""Serving: from settings to a running process, and down again without losing anything."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from types import FrameType

from bot.background.chores import periodically
from bot.compose import (
    build_remembering,
    build_secrets,
    listening,
    open_database,
    working,
)
from bot.demo.repositories import materialise
from bot.embedding import open_embedding, warm
from bot.hosting.serving_tenants import Shared, serve_tenants
from bot.local_slack import local_workspace
from bot.models import build_model
from bot.sandboxes import build_sandbox
from bot.settings import Settings, SettingsProblem, read_settings
from bot.slack.side import slack_side
from bot.worker import Worker
from memory.database import Engines, engines

DRAIN_SECONDS = 20.0
"""Time for running steps to end after SIGTERM; common process managers kill after 30."""

logger = logging.getLogger("oxbow")


def serve(*, listen: bool, work: bool) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = read_settings()
    if settings.local and not (listen and work):
        raise SettingsProblem(
            "`oxbow listen` and `oxbow work` need a Slack workspace: set SLACK_BOT_TOKEN and "
            "SLACK_APP_TOKEN, or use `oxbow serve`, which brings its own"
        )
    return _run(settings, listen=listen, work=work)


def demo() -> int:
    """Serve the local workspace with the scripted model."""
    aside = {
        "slack_client_id": None,
        "slack_bot_token": None,
        "slack_app_token": None,
        "anthropic_api_key": None,
        "oxbow_repositories": (),
    }
    return _run(read_settings().model_copy(update=aside), listen=True, work=True)


def _run(settings: Settings, *, listen: bool, work: bool) -> int:
    _log_to_stderr()
    settings = with_samples(settings)
    stopping = Event()
    with ExitStack() as parts:
        parts.enter_context(_signals(stopping))
        connections = parts.enter_context(engines(parts.enter_context(open_database(settings))))
        if settings.oauth:
            _serve_several(settings, connections, stopping, listen=listen, work=work)
        else:
            _serve_one(settings, connections, stopping, listen=listen, work=work)
    return 0


def _serve_several(
    settings: Settings, connections: Engines, stopping: Event, *, listen: bool, work: bool
) -> None:
    with open_embedding(settings) as embedder:
        warm(embedder)
        shared = Shared(
            settings=settings,
            engines=connections,
            embedder=embedder,
            secrets=build_secrets(settings),
            model=build_model(settings) if work else None,
            sandbox=build_sandbox(settings) if work else "this process does not work",
            drain_seconds=DRAIN_SECONDS,
        )
        serve_tenants(shared, stopping, listen=listen)


def _serve_one(
    settings: Settings, connections: Engines, stopping: Event, *, listen: bool, work: bool
) -> None:
    with ExitStack() as parts:
        page = None
        wanted = settings
        if settings.local:
            wanted, workspace = parts.enter_context(local_workspace(settings))
            page = workspace.url
        slack = slack_side(wanted, connections.hot)
        embedder = parts.enter_context(open_embedding(wanted))
        warm(embedder)
        secrets = build_secrets(wanted)
        remembering = build_remembering(wanted, connections, embedder, slack, secrets)
        worker: Worker | None = None
        how: list[str] = []
        if work:
            model, sandbox = build_model(wanted), build_sandbox(wanted)
            pulls = f"{page.removesuffix('/')}/pulls" if page else ""
            worker = parts.enter_context(
                working(
                    wanted,
                    slack,
                    connections,
                    remembering,
                    secrets,
                    model=model,
                    sandbox=sandbox,
                    pulls=pulls,
                )
            )
            parts.enter_context(periodically(wanted, slack, connections, embedder))
            how.append("working")
        if listen:
            heard = listening(wanted, slack, connections, remembering, secrets)
            how.insert(0, parts.enter_context(heard))
        logger.info("ready: %s", ", ".join([*([f"open {page}"] if page else []), *how]))
        _wait(worker, stopping)


def _log_to_stderr() -> None:
    """Our own lines from information upwards, those of libraries from warnings upwards."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for name in ("bot", "memory", "oxbow", "sandbox"):
        logging.getLogger(name).setLevel(logging.INFO)
    # Bolt finds the token in the environment as well and warns of it; ours is in the client that it is given.
    logging.getLogger("slack_bolt.App").addFilter(lambda line: "`token`" not in line.getMessage())


def _wait(worker: Worker | None, stopping: Event) -> None:
    if worker is None:
        stopping.wait()
        return
    worker.serve(stopping)
    logger.info("stopping: handing %d sessions over", worker.running)
    worker.drain(DRAIN_SECONDS)


@contextmanager
def _signals(stopping: Event) -> Iterator[None]:
    """SIGTERM and SIGINT ask to stop; a second one ends the process where it is and loses nothing either."""

    def stop(number: int, _: FrameType | None) -> None:
        if stopping.is_set():
            signal.default_int_handler(number, None)
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def with_samples(settings: Settings) -> Settings:
    """The settings, with the sample repositories where none is named and there is nothing else to work on.

    The scripted model plays against the samples; the real one has them to try in the local workspace.
    """
    if settings.oxbow_repositories or (settings.anthropic_api_key is not None and not settings.local):
        return settings
    samples = tuple(materialise(settings.oxbow_data_dir.resolve() / "samples"))
    return settings.model_copy(update={"oxbow_repositories": samples})
