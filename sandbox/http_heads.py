"""The first lines of HTTP messages, as a proxy reads and rewrites them. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_HEAD = 64 * 1024
END = b"\r\n\r\n"
# Meant for the proxy, not for the host (RFC 9110, 7.6.1).
_HOP_BY_HOP = {"connection", "proxy-connection", "proxy-authorization", "keep-alive", "te", "upgrade", "host"}


class NotHttp(Exception):
    """The bytes are no request that a proxy can serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead:
    """A request to a proxy: a tunnel (`CONNECT`) or a request with a whole address."""

    method: str
    host: str
    port: int
    path: str
    """Empty for a tunnel."""
    headers: tuple[tuple[str, str], ...]

    @property
    def tunnel(self) -> bool:
        return self.method == "CONNECT"


def parse_request(head: bytes) -> RequestHead:
    """Raises `NotHttp`."""
    first, *rest = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not parts[0].isalpha():
        raise NotHttp("the request line is not that of HTTP/1")
    headers = tuple(_header(line) for line in rest if line)
    method, target = parts[0].upper(), parts[1]
    try:
        place = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = place.hostname, place.port
    except ValueError as error:
        raise NotHttp("the address of the request cannot be read") from error
    if not host or (method != "CONNECT" and place.scheme != "http"):
        raise NotHttp("the request needs a whole address, http://host/path, or CONNECT host:443")
    path = "" if method == "CONNECT" else (place.path or "/") + (f"?{place.query}" if place.query else "")
    default = 443 if method == "CONNECT" else 80
    return RequestHead(method=method, host=host, port=port or default, path=path, headers=headers)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise NotHttp("a header line cannot be read")
    return name, value.strip()


def for_host(request: RequestHead, secrets: Mapping[str, str]) -> bytes:
    """The head as the host gets it: its own name, placeholders replaced, one request per connection."""
    host = request.host if request.port in {80, 443} else f"{request.host}:{request.port}"
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    for name, value in request.headers:
        if name.lower() not in _HOP_BY_HOP:
            lines.append(f"{name}: {_filled(value, secrets)}")
    return "\r\n".join(lines).encode("latin-1") + END


def _filled(value: str, secrets: Mapping[str, str]) -> str:
    scheme, _, coded = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            plain = base64.b64decode(coded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return value
        filled = _replaced(plain, secrets)
        return value if filled == plain else f"{scheme} {base64.b64encode(filled.encode()).decode()}"
    return _replaced(value, secrets)


def _replaced(text: str, secrets: Mapping[str, str]) -> str:
    for placeholder, secret in secrets.items():
        text = text.replace(placeholder, secret)
    return text


def status_of(response: bytes) -> int | None:
    """The status of a response, as far as it has come."""
    parts = response[:20].split(b" ")
    known = len(parts) > 1 and parts[0].startswith(b"HTTP/1.") and parts[1][:3].isdigit()
    return int(parts[1][:3]) if known else None


def refusal(status: str, reason: str) -> bytes:
    """A whole response that says why nothing was done."""
    body = f"oxbow: {reason}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body
