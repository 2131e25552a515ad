"""GitHub's webhooks: signed requests that say that something happened to a pull request."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

PATH = "/github/events"

LARGEST = 25 * 1024**2
"""Bytes of a delivery; GitHub sends none above."""

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Happened = Callable[[str, int], None]
"""Told a repository (owner/name) and the number of a pull request."""


class GitHubWebhooks:
    """A WSGI application for `PATH`. Unsigned requests are refused unread."""

    def __init__(self, secret: str, happened: Happened) -> None:
        self._secret = secret.encode()
        self._happened = happened

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status = self._answer(environ)
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return []

    def _answer(self, environ: Environ) -> str:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        if environ["REQUEST_METHOD"] != "POST" or size > LARGEST:
            return "400 Bad Request"
        body = environ["wsgi.input"].read(size)
        if not signed(body, environ.get("HTTP_X_HUB_SIGNATURE_256", ""), self._secret):
            return "401 Unauthorized"
        try:
            payload = json.loads(body)
        except ValueError:
            return "400 Bad Request"
        for repository, number in mentioned(payload):
            self._happened(repository, number)
        return "204 No Content"


def signed(body: bytes, signature: str, secret: bytes) -> bool:
    """Whether the sender knows the secret; compared in constant time."""
    wanted = f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))


def mentioned(payload: object) -> Iterator[tuple[str, int]]:
    """The pull requests that a delivery is about: of reviews, comments, check suites and the rest."""
    match payload:
        case {"repository": {"full_name": str(name)}}:
            for number in _numbers(payload):
                yield name, number
        case _:
            return


def _numbers(payload: object) -> Iterator[int]:
    match payload:
        case {"pull_request": {"number": int(number)}} | {
            "issue": {"number": int(number), "pull_request": _}
        }:
            yield number
        case {"check_run": {"pull_requests": [*pulls]}} | {"check_suite": {"pull_requests": [*pulls]}}:
            for pull in pulls:
                match pull:
                    case {"number": int(number)}:
                        yield number
                    case _:
                        continue
        case _:
            return
