"""Events over HTTP: signed requests to the app's request URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from bot.workspace.delivery import Parcel, Undelivered
from bot.workspace.errors import UrlNotVerified
from bot.workspace.wire import Json

NO_RETRY = "x-slack-no-retry"
_REASONS = {"timeout": "http_timeout"}


class RequestUrl:
    """A Carrier to one address, which serves events, commands and interactivity alike."""

    def __init__(self, url: str, signing_secret: str) -> None:
        self._address = urlsplit(url)
        self._signing_secret = signing_secret

    def verify(self, seconds: float) -> None:
        """Ask the address to echo a challenge. Raises UrlNotVerified."""
        challenge = secrets.token_urlsafe(16)
        body = json.dumps({"type": "url_verification", "challenge": challenge, "token": "local"})
        try:
            reply = self._post(body, "application/json", {}, seconds)
        except Undelivered as failure:
            raise UrlNotVerified(f"{UrlNotVerified.__doc__} It failed: {failure.reason}.") from None
        if reply.status != 200 or challenge not in reply.body:
            raise UrlNotVerified(f"{UrlNotVerified.__doc__} It answered {reply.status}.")

    async def bring(self, parcel: Parcel, seconds: float, taken: Callable[[], None]) -> Json | None:
        """Post the payload as Slack does; any status of 2xx takes it."""
        headers = {}
        if parcel.attempt:
            reason = _REASONS.get(parcel.reason, parcel.reason)
            headers = {"X-Slack-Retry-Num": str(parcel.attempt), "X-Slack-Retry-Reason": reason}
        body, content_type = _body(parcel)
        reply = await asyncio.to_thread(self._post, body, content_type, headers, seconds)
        if not 200 <= reply.status < 300:
            raise Undelivered("no_retry" if reply.no_retry else "http_error")
        taken()
        return reply.as_json()

    def _post(self, body: str, content_type: str, headers: dict[str, str], seconds: float) -> _Reply:
        stamp = str(int(time.time()))
        signed = headers | {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (local workspace)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self._signing_secret, stamp, body),
        }
        path = self._address.path or "/"
        connection = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port or 80, timeout=seconds
        )
        try:
            connection.request("POST", path, body.encode(), signed)
            response = connection.getresponse()
            text = response.read().decode()
            return _Reply(
                status=response.status, body=text, no_retry=response.getheader(NO_RETRY) is not None
            )
        except TimeoutError:
            raise Undelivered("timeout") from None
        except (OSError, http.client.HTTPException):
            raise Undelivered("connection_failed") from None
        finally:
            connection.close()


def signature(signing_secret: str, stamp: str, body: str) -> str:
    """Slack's version 0 signature of a raw body at a time (seconds since 1970)."""
    digest = hmac.new(signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What the app answered."""

    status: int
    body: str
    no_retry: bool

    def as_json(self) -> Json | None:
        """A JSON body as it is, any other text as the text of a message."""
        if not self.body.strip():
            return None
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {"text": self.body}
        return parsed if isinstance(parsed, dict) else {"text": self.body}


def _body(parcel: Parcel) -> tuple[str, str]:
    form = "application/x-www-form-urlencoded"
    match parcel.kind:
        case "events_api":
            return json.dumps(parcel.payload), "application/json"
        case "slash_commands":
            return urlencode(parcel.payload), form
        case _:
            return urlencode({"payload": json.dumps(parcel.payload)}), form
