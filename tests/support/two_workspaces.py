"""Slack as an app that several workspaces installed sees it: one Web API, one token for each, OAuth.

Behind it are two local workspaces with the same people and channels under the same identifiers; the team of
the second one is called by another name on the way out and in, whatever speaks of it.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

from bot.slack.scopes import SCOPES
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import APP, OXBOW, TEAM
from bot.workspace.request_url import signature
from memory.log.events import Json

SECOND = "T0SECOND01"
"""As long as the first's, so that a body keeps its length."""

TEAMS = (TEAM, SECOND)


@dataclass
class TwoWorkspaces:
    """The two, and what they gave to the app."""

    first: LocalWorkspace
    second: LocalWorkspace
    url: str = ""
    app_url: str = ""
    """Where the second's deliveries go; the first brings its own."""
    tokens: dict[str, str] = field(default_factory=dict)
    """The team of each token that is good."""
    expired: set[str] = field(default_factory=set)
    refreshes: list[str] = field(default_factory=list)
    """The team of each."""
    refused: int = 0
    """Refreshes with a refresh token that was used before."""
    expires_in: int | None = None
    """Seconds; None: tokens last for ever."""
    lock: Lock = field(default_factory=Lock)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def signing_secret(self) -> str:
        return self.first.signing_secret

    def workspace(self, team: str) -> LocalWorkspace:
        return self.first if team == TEAM else self.second

    def deliver_to(self, app_url: str) -> None:
        """Both bring their events to the app from now on."""
        self.app_url = app_url
        self.first.use_request_url(app_url)
        self.second.use_request_url(f"{self.url}/deliveries")

    def access(self, form: dict[str, str]) -> Json:
        """oauth.v2.access: a code is `code-` and the team, a refresh token works once."""
        with self.lock:
            if form.get("grant_type") == "refresh_token":
                team = self.tokens.pop(form["refresh_token"], None)
                if team is None:
                    self.refused += 1
                    return {"ok": False, "error": "invalid_refresh_token"}
                self.refreshes.append(team)
            else:
                team = form["code"].removeprefix("code-")
            return self._granted(team)

    def _granted(self, team: str) -> Json:
        number = len(self.tokens) + len(self.expired)
        token, refresh = f"xoxe.xoxb-{team}-{number}", f"xoxe-{team}-{number}"
        self.tokens |= {token: team, refresh: team}
        rotating = {"refresh_token": refresh, "expires_in": self.expires_in} if self.expires_in else {}
        return {
            "ok": True,
            "app_id": APP,
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(SCOPES),
            "bot_user_id": OXBOW,
            "team": {"id": team, "name": team},
            "authed_user": {"id": "U0ADA00001"},
            "enterprise": None,
            "is_enterprise_install": False,
            **rotating,
        }


@contextmanager
def two_workspaces() -> Iterator[TwoWorkspaces]:
    """Both, for as long as this is open."""
    with LocalWorkspace(scopes=SCOPES) as first, LocalWorkspace(scopes=SCOPES) as second:
        both = TwoWorkspaces(first=first, second=second)

        class Handler(_Handler):
            slack = both

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        both.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield both
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    slack: TwoWorkspaces
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/deliveries":
            self._deliver(body)
        elif self.path == "/api/oauth.v2.access":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self._say(200, json.dumps(self.slack.access(form)).encode(), {})
        else:
            self._call(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        pass

    def _call(self, body: bytes) -> None:
        """A method of the Web API, in the workspace of the token."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self.slack.expired:
            return self._say(200, b'{"ok": false, "error": "token_expired"}', {})
        team = self.slack.tokens.get(token)
        if team is None:
            return self._say(200, b'{"ok": false, "error": "invalid_auth"}', {})
        workspace = self.slack.workspace(team)
        headers = {
            "Authorization": f"Bearer {workspace.bot_token}",
            "Content-Type": self.headers.get("Content-Type", ""),
        }
        status, answer, told = _post(workspace.url + self.path, body, headers)
        scopes = told.get("X-OAuth-Scopes") or told.get("x-oauth-scopes", "")
        return self._say(status, answer.replace(TEAM.encode(), team.encode()), {"X-OAuth-Scopes": scopes})

    def _deliver(self, body: bytes) -> None:
        """A delivery of the second workspace, under its name and signed anew."""
        named = body.replace(TEAM.encode(), SECOND.encode())
        stamp = str(int(time.time()))
        signed = {
            **{k: v for k, v in self.headers.items() if k.lower().startswith(("content-type", "x-slack-r"))},
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self.slack.signing_secret, stamp, named.decode()),
        }
        status, answer, _ = _post(self.slack.app_url, named, signed)
        self._say(status, answer, {})

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=20.0)
    try:
        connection.request("POST", address.path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(), dict(response.getheaders())
    finally:
        connection.close()
