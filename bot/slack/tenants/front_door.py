"""One address for several workspaces: each request goes to the app of the workspace that it names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from slack_bolt import App
from slack_sdk.signature import SignatureVerifier

from bot.slack.hearing.connection import Connection, WsgiApplication, over_http
from memory.log.events import Json

EVENTS = "/slack/events"

MOST_BYTES = 1024 * 1024
"""Of one request; Slack's are of a few kilobytes."""

Lost = Callable[[str, str, datetime], None]
"""Told of a workspace that took its installation back: its id, why, and when."""


class FrontDoor:
    """Every workspace has an app of its own, which verifies what it is handed; no two share anything here."""

    def __init__(self, *, signing_secret: str, installing: WsgiApplication, lost: Lost) -> None:
        """`installing` serves the pages of the installation, and tells Slack that this address is ours."""
        self._verifier = SignatureVerifier(signing_secret)
        self._installing = installing
        self._lost = lost
        self._apps: dict[str, WsgiApplication] = {}

    def open(self, team: str, app: WsgiApplication) -> None:
        """Hand the workspace's requests to the app from now on."""
        self._apps[team] = app

    def close(self, team: str, app: WsgiApplication) -> None:
        """Hand it no more of them, unless another has taken its place."""
        if self._apps.get(team) is app:
            del self._apps[team]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != EVENTS or environ["REQUEST_METHOD"] != "POST":
            return self._installing(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MOST_BYTES:
            return _answer(start_response, "413 Content Too Large")
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = BytesIO(body)
        said = _said(body, str(environ.get("CONTENT_TYPE") or ""))
        team = _team(said)
        if team is None:
            return self._installing(environ, start_response)
        reason = _taken_back(said)
        if reason is not None:
            return self._take_back(team, reason, said, body, environ, start_response)
        app = self._apps.get(team)
        if app is None:
            # Not yet, or not any more: Slack asks again in a minute.
            return _answer(start_response, "503 Service Unavailable")
        return app(environ, start_response)

    def _take_back(
        self,
        team: str,
        reason: str,
        said: Json,
        body: bytes,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        stamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        if not self._verifier.is_valid(body=body, timestamp=stamp, signature=signature):
            return _answer(start_response, "401 Unauthorized")
        self._lost(team, reason, datetime.fromtimestamp(int(said["event_time"]) + 1, UTC))
        return _answer(start_response, "200 OK")


class Door:
    """One workspace's way in through the front door."""

    def __init__(self, front: FrontDoor, team: str, app: App) -> None:
        self._front = front
        self._team = team
        self._app = over_http(app)

    def start(self) -> str:
        """Take requests."""
        self._front.open(self._team, self._app)
        return f"HTTP for {self._team}"

    def stop(self) -> None:
        """Take no more requests."""
        self._front.close(self._team, self._app)

    def hears(self) -> bool:
        """Whoever holds the front door open hears."""
        return True


def door(front: FrontDoor, team: str, app: App, _: Callable[[float], None]) -> Connection:
    """A workspace's connection; HTTP knows no silence to look back to."""
    return Door(front, team, app)


def _answer(start_response: Callable[..., Any], status: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain")])
    return [b""]


def _said(body: bytes, content_type: str) -> Json:
    """An event, a command, or what a button or a shortcut sends; empty when it is none of these."""
    try:
        if content_type.startswith("application/json"):
            said = json.loads(body)
        else:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            said = json.loads(form["payload"]) if "payload" in form else form
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _team(said: Json) -> str | None:
    team = said.get("team")
    found = said.get("team_id") or (team.get("id") if isinstance(team, dict) else None)
    return found if isinstance(found, str) else None


def _taken_back(said: Json) -> str | None:
    """Why the installation is over, if that is what is said."""
    match said.get("event"):
        case {"type": "app_uninstalled"}:
            return "the app was uninstalled"
        case {"type": "tokens_revoked", "tokens": {"bot": [_, *_]}}:
            return "its token was revoked"
        case _:
            return None
