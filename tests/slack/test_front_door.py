"""One address for several workspaces: who is handed what, and what is believed unsigned."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.slack.tenants.front_door import MOST_BYTES, FrontDoor
from bot.workspace.request_url import signature
from memory.log.events import Json

SECRET = "signing secret"


class Named:
    """An application that writes down what it was handed."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.bodies.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("200 OK", [])
        return [b""]


class Door:
    """A front door with two workspaces behind it, and what it told."""

    def __init__(self) -> None:
        self.installing, self.first, self.second = Named(), Named(), Named()
        self.lost: list[tuple[str, str]] = []
        self.front = FrontDoor(signing_secret=SECRET, installing=self.installing, lost=self._lost)
        self.front.open("T1", self.first)
        self.front.open("T2", self.second)

    def _lost(self, team: str, reason: str, at: datetime) -> None:
        self.lost.append((team, reason))

    def post(self, body: bytes, kind: str = "application/json", *, secret: str = SECRET) -> str:
        """The status of a request that is signed with the secret."""
        stamp, said = str(int(time.time())), list[str]()
        environ = {
            "PATH_INFO": "/slack/events",
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_SLACK_REQUEST_TIMESTAMP": stamp,
            "HTTP_X_SLACK_SIGNATURE": signature(secret, stamp, body.decode(errors="replace")),
            "wsgi.input": BytesIO(body),
        }
        self.front(environ, lambda status, _: said.append(status))
        return said[0]


@pytest.fixture
def door() -> Door:
    return Door()


def event(team: str, **inner: Any) -> bytes:
    return json.dumps({"team_id": team, "event_time": int(time.time()), "event": inner}).encode()


def form(**fields: Any) -> bytes:
    return urlencode(fields).encode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (event("T2", type="message"), "application/json"),
        (form(team_id="T2", command="/oxbow"), "application/x-www-form-urlencoded"),
        (form(payload=json.dumps({"team": {"id": "T2"}})), "application/x-www-form-urlencoded"),
    ],
    ids=["an event", "a command", "a press"],
)
def test_a_request_goes_whole_to_the_workspace_that_it_names(door: Door, body: bytes, kind: str) -> None:
    assert door.post(body, kind) == "200 OK"
    assert (door.first.bodies, door.second.bodies) == ([], [body])


@pytest.mark.parametrize(
    "said", [{"type": "url_verification", "challenge": "1"}, {"team_id": 7}, {"team": "T1"}, ["T1"]]
)
def test_what_names_no_workspace_goes_to_the_installation(door: Door, said: Json) -> None:
    assert door.post(json.dumps(said).encode()) == "200 OK"
    assert len(door.installing.bodies) == 1
    assert door.first.bodies == []


def test_what_cannot_be_read_names_no_workspace(door: Door) -> None:
    door.post(b"\xff{", "application/json")
    door.post(b"payload=%7B", "application/x-www-form-urlencoded")
    assert len(door.installing.bodies) == 2


def test_a_workspace_that_is_not_served_is_asked_to_come_again(door: Door) -> None:
    assert door.post(event("T3", type="message")) == "503 Service Unavailable"
    door.front.close("T1", door.second)
    assert door.post(event("T1", type="message")) == "200 OK"
    door.front.close("T1", door.first)
    assert door.post(event("T1", type="message")) == "503 Service Unavailable"


def test_a_request_that_is_too_large_is_not_read(door: Door) -> None:
    assert door.post(b" " * (MOST_BYTES + 1)) == "413 Content Too Large"


def test_taking_the_app_back_is_heard_when_it_is_signed(door: Door) -> None:
    assert door.post(event("T1", type="app_uninstalled")) == "200 OK"
    assert door.post(event("T2", type="tokens_revoked", tokens={"bot": ["U1"]})) == "200 OK"
    assert [team for team, _ in door.lost] == ["T1", "T2"]


def test_what_is_not_signed_takes_nothing_back(door: Door) -> None:
    assert door.post(event("T1", type="app_uninstalled"), secret="another") == "401 Unauthorized"
    assert door.lost == []


def test_a_persons_token_is_not_the_apps(door: Door) -> None:
    door.post(event("T1", type="tokens_revoked", tokens={"oauth": ["U1"], "bot": []}))
    assert door.lost == []
    assert len(door.first.bodies) == 1
