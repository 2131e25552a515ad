"""From the delivery of an event to its acknowledgement, at 100 events a second."""

from __future__ import annotations

import time

from bot.workspace.journal import Acknowledgement
from bot.workspace.local import LocalWorkspace
from tests.bench.figures import Figures, spread
from tests.bench.place import Place
from tests.bench.processes import settings_for
from tests.support.processes import free_port, running

RATE = 100
SECONDS = 10


def by_socket(at: Place) -> Figures:
    """A listening process in Socket Mode."""
    with LocalWorkspace() as workspace:
        settings = settings_for(workspace, at, SLACK_APP_TOKEN=workspace.app_token)
        with running(at.folder / "listen", "listen", **settings):
            return _heard(workspace)


def by_http(at: Place) -> Figures:
    """A listening process that gets signed requests."""
    port = free_port()
    with LocalWorkspace() as workspace:
        settings = settings_for(workspace, at, SLACK_SIGNING_SECRET=workspace.signing_secret, PORT=str(port))
        with running(at.folder / "listen", "listen", **settings):
            workspace.use_request_url(f"http://127.0.0.1:{port}/slack/events")
            return _heard(workspace)


def _heard(workspace: LocalWorkspace) -> Figures:
    """A mention is two events, so half as many mentions a second; each opens a session."""
    workspace.post("ada", "general", "@Oxbow first")
    workspace.wait_for(lambda: len(_acknowledged(workspace)) == 2)
    mentions, begun = RATE * SECONDS // 2, time.perf_counter()
    for number in range(mentions):
        time.sleep(max(0.0, begun + 2 * number / RATE - time.perf_counter()))
        workspace.post("ada", "general", f"@Oxbow number {number}")
    sent = time.perf_counter() - begun
    workspace.wait_for(lambda: len(_acknowledged(workspace)) == 2 + 2 * mentions, timeout=60.0)
    taken = [ack.latency * 1000 for ack in _acknowledged(workspace)[2:]]
    return spread("acknowledgement", taken) | {
        "events per second": 2 * mentions / sent,
        "delivered again": float(sum(delivery.attempt > 0 for delivery in workspace.deliveries)),
    }


def _acknowledged(workspace: LocalWorkspace) -> list[Acknowledgement]:
    """Of the mentions; the bot's own reactions are events too, with nothing to keep."""
    return [ack for ack in workspace.acks if ack.delivery.type in ("message", "app_mention")]
