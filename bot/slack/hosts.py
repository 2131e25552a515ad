"""Slack's own hosts: where the token, and the bytes of files, may go."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

QUIET_SECONDS = 10.0
"""Between two pieces of a file."""

_SLACK = "slack.com"


class SlackHosts:
    """The hosts of the Slack whose API is at an address."""

    def __init__(self, api_url: str) -> None:
        self._api = urlsplit(api_url)

    def own(self, place: SplitResult) -> bool:
        """Slack's own hosts over TLS; with an API elsewhere, as in tests, that very host."""
        if "@" in place.netloc or not place.hostname:
            return False
        if (self._api.hostname or "").endswith(_SLACK):
            named = place.hostname == _SLACK or place.hostname.endswith(f".{_SLACK}")
            return place.scheme == "https" and named and place.port in (None, 443)
        return (place.scheme, place.netloc) == (self._api.scheme, self._api.netloc)


def connection(place: SplitResult) -> HTTPConnection:
    """Not yet connected."""
    host = place.hostname or ""
    if place.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, place.port, timeout=QUIET_SECONDS, context=context)
    return HTTPConnection(host, place.port, timeout=QUIET_SECONDS)


def path_of(place: SplitResult) -> str:
    """What the request line names."""
    return place.path + (f"?{place.query}" if place.query else "")
