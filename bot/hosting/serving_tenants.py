"""Serving several workspaces: what they share, and what each gets when it is there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event

from bot.background.chores import periodically
from bot.compose import build_remembering, listening, working
from bot.hosting.hosting import build_webhooks
from bot.hosting.tenancy import Tenancy, at_work, reseal
from bot.model.port import Model
from bot.settings import Settings
from bot.slack.hearing.connection import HttpConnection
from bot.slack.side import TIMEOUT, installed_side
from bot.slack.tenants.access import InstalledAccess, rotator
from bot.slack.tenants.front_door import FrontDoor, door
from bot.slack.tenants.installing import SealedStore, build_installing
from bot.slack.tenants.sealing import Sealing
from memory.database import Engines
from memory.embedding.embedder import Embedder
from memory.secrets.mask import SecretMask
from memory.workspaces.installations import Installations
from sandbox.port import Sandbox

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all workspaces have together."""

    settings: Settings
    engines: Engines
    embedder: Embedder
    secrets: SecretMask
    model: Model | None
    """None where this process does not work."""
    sandbox: Sandbox | str
    drain_seconds: float


def serve_tenants(shared: Shared, stopping: Event, *, listen: bool) -> None:
    """Serve every workspace that is installed, until `stopping`."""
    settings, ended = shared.settings, Event()
    installations, sealing = Installations(shared.engines.hot), Sealing(settings.token_keys)
    reseal(installations, sealing)
    with ExitStack() as parts:
        front: FrontDoor | None = None
        tenancy = Tenancy(
            installations=installations,
            teams=settings.oxbow_teams,
            open_workspace=lambda team: _workspace(shared, sealing, front, ended, team),
        )
        if listen:
            front = parts.enter_context(_front(shared, installations, sealing, tenancy.look_now))
        logger.info("ready: workspaces %s", ", ".join(settings.oxbow_teams))
        tenancy.serve(stopping, ended)


@contextmanager
def _front(
    shared: Shared, installations: Installations, sealing: Sealing, look_now: Callable[[], None]
) -> Iterator[FrontDoor]:
    """The address of all workspaces, for as long as this is open."""
    settings = shared.settings

    def lost(team: str, reason: str, at: datetime) -> None:
        installations.park(team, reason, before=at)
        look_now()

    if settings.slack_signing_secret is None or settings.port is None:
        raise AssertionError("settings with SLACK_CLIENT_ID are complete")
    store = SealedStore(installations, sealing, settings.oxbow_teams, look_now)
    front = FrontDoor(
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        installing=build_installing(settings, store, sealing),
        lost=lost,
    )
    http = HttpConnection(front, settings.port, build_webhooks(settings, shared.engines.hot))
    logger.info("%s; install at /slack/install", http.start())
    try:
        yield front
    finally:
        http.stop()


@contextmanager
def _workspace(
    shared: Shared, sealing: Sealing, front: FrontDoor | None, ended: Event, team: str
) -> Iterator[None]:
    """One workspace, served for as long as this is open."""
    settings, engines, secrets = shared.settings, shared.engines, shared.secrets
    if settings.slack_client_id is None or settings.slack_client_secret is None:
        raise AssertionError("settings with SLACK_CLIENT_ID are complete")
    access = InstalledAccess(
        team,
        Installations(engines.hot),
        sealing,
        rotator(
            settings.slack_client_id,
            settings.slack_client_secret.get_secret_value(),
            api_url=settings.slack_api_url,
            timeout=TIMEOUT,
        ),
    )
    slack = installed_side(settings, engines.hot, access)
    remembering = build_remembering(settings, engines, shared.embedder, slack, secrets)
    with ExitStack() as parts:
        if shared.model is not None:
            work = working(
                settings,
                slack,
                engines,
                remembering,
                secrets,
                model=shared.model,
                sandbox=shared.sandbox,
            )
            worker = parts.enter_context(work)
            parts.enter_context(at_work(worker, ended, drain_seconds=shared.drain_seconds))
            parts.enter_context(periodically(settings, slack, engines, shared.embedder))
        if front is not None:
            connect = partial(door, front, team)
            parts.enter_context(listening(settings, slack, engines, remembering, secrets, connect))
        yield
