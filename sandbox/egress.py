"""The proxy on the trusted side, through which alone a workspace reaches the network.

It listens on a Unix socket in the workspace's door; a relay inside carries connections to it. Every request
is checked against the policy, made to the address that was checked, and noted.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from socketserver import StreamRequestHandler, ThreadingMixIn, UnixStreamServer
from threading import Condition, Semaphore, Thread
from types import TracebackType
from typing import Any, Self, TypeAlias

from sandbox import http_heads
from sandbox.door import EGRESS, Door
from sandbox.egress_policy import EgressPolicy, Host, NotAllowed, require_public
from sandbox.http_heads import NotHttp, RequestHead

MOST_REQUESTS = 1000
"""Noted one by one; beyond that they are counted."""

_MOST_CONNECTIONS = 64
_PLACE_SECONDS = 1.0
_CONNECT_SECONDS = 15.0
# Registries answer within seconds; a download that stands still for so long is dead.
_SILENT_SECONDS = 120.0
# A request whose command has ended breaks off at once, unless its host stands still.
_ENDING_SECONDS = 1.0
_UNDER_WAY = "it had not ended when the command did"
_BROKEN = "the connection broke"
_CHUNK = 64 * 1024
_PLAIN_PORT, _TLS_PORT = 80, 443

Resolve: TypeAlias = Callable[[str, int], list[str]]
"""The addresses of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRequest:
    """One request, as it is noted. It holds no header, no query and no secret."""

    method: str
    host: str
    port: int
    path: str
    allowed: bool
    reason: str
    """Why it was refused or failed; empty otherwise."""
    status: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    seconds: float = 0.0


def resolve(name: str, port: int) -> list[str]:
    """The system's answer. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


class EgressProxy:
    """Serves one workspace for as long as it is open; `requests` is what was asked."""

    def __init__(
        self,
        door: Door,
        policy: EgressPolicy,
        *,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._door = door
        self._path = door.folder / EGRESS
        self.policy = policy
        self.resolve = resolve
        self.trust = trust or ssl.create_default_context()
        self.places = Semaphore(_MOST_CONNECTIONS)
        self._noted: list[EgressRequest] = []
        self._uncounted = 0
        self._under_way = 0
        self._changed = Condition()

    def __enter__(self) -> Self:
        folder = os.open(self._door.folder, os.O_PATH | os.O_DIRECTORY)
        try:
            # A worker before this one may have left its own. Paths of sockets are limited to 107 bytes.
            self._path.unlink(missing_ok=True)
            self._server = _Server(f"/proc/self/fd/{folder}/{EGRESS}", _Connection)
        finally:
            os.close(folder)
        self._server.proxy = self
        self._path.chmod(0o600)
        if self._door.uid is not None:
            os.chown(self._path, self._door.uid, self._door.uid)
        self._identity = self._path.stat().st_ino
        secrets = (placeholder for host in self.policy.hosts for placeholder in host.secrets)
        self._door.tell({placeholder: placeholder for placeholder in secrets})
        Thread(target=self._server.serve_forever, args=(0.05,), name="egress", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        with suppress(FileNotFoundError):
            # A later worker may have put its own in this place.
            if self._path.stat().st_ino == self._identity:
                self._path.unlink()

    def begin(self, request: EgressRequest) -> int | None:
        """Note what is asked before anything of it leaves; its place, or None beyond what is noted."""
        with self._changed:
            self._under_way += 1
            if len(self._noted) == MOST_REQUESTS:
                self._uncounted += 1
                return None
            self._noted.append(replace(request, reason=_UNDER_WAY))
            return len(self._noted) - 1

    def end(self, place: int | None, request: EgressRequest) -> None:
        """Note how it ended."""
        with self._changed:
            self._under_way -= 1
            if place is not None:
                self._noted[place] = request
            self._changed.notify_all()

    def taken(self) -> tuple[tuple[EgressRequest, ...], int]:
        """What was asked so far, and how many more were only counted.

        What is under way is waited for a moment.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0, _ENDING_SECONDS)
            return tuple(self._noted), self._uncounted


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    proxy: EgressProxy

    def process_request(self, request: Any, client_address: Any) -> None:
        # A command that opens thousands of connections must not get a thread for each.
        if self.proxy.places.acquire(timeout=_PLACE_SECONDS):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.proxy.places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is said of connections that break: the request was noted."""


class _Connection(StreamRequestHandler):
    """One request of a command."""

    server: _Server
    request: socket.socket

    def handle(self) -> None:
        proxy = self.server.proxy
        self.request.settimeout(_SILENT_SECONDS)
        try:
            asked = http_heads.parse_request(self._head())
        except NotHttp as error:
            self.request.sendall(http_heads.refusal("400 Bad Request", str(error)))
            return
        started, noted = time.monotonic(), _noted(asked)
        place = proxy.begin(noted)
        try:
            noted = self._served(proxy, asked, noted)
        finally:
            proxy.end(place, replace(noted, seconds=round(time.monotonic() - started, 3)))

    def _head(self) -> bytes:
        head = bytearray()
        while not head.endswith(http_heads.END):
            byte = self.rfile.read(1)
            if not byte or len(head) > http_heads.LONGEST_HEAD:
                raise NotHttp("the request ends too early or is too long")
            head += byte
        return bytes(head)

    def _served(self, proxy: EgressProxy, asked: RequestHead, noted: EgressRequest) -> EgressRequest:
        try:
            host = proxy.policy.host(asked.host, asked.port)
            upstream = self._connected(proxy, host, asked)
        except NotAllowed as error:
            self.request.sendall(http_heads.refusal("403 Forbidden", str(error)))
            return replace(noted, reason=str(error))
        except OSError as error:
            reason = f"{asked.host} cannot be reached: {error.strerror or error}"
            self.request.sendall(http_heads.refusal("502 Bad Gateway", reason))
            return replace(noted, allowed=True, reason=reason)
        with upstream:
            return replace(self._carried(upstream, host, asked, noted), allowed=True, reason="")

    def _connected(self, proxy: EgressProxy, host: Host, asked: RequestHead) -> socket.socket:
        """A connection to the one address that was checked."""
        secure = bool(host.secrets) and not asked.tunnel
        port = _TLS_PORT if secure and asked.port == _PLAIN_PORT else asked.port
        addresses = proxy.resolve(asked.host, port)
        for address in addresses:
            require_public(host, address)
        plain = socket.create_connection((addresses[0], port), timeout=_CONNECT_SECONDS)
        plain.settimeout(_SILENT_SECONDS)
        return proxy.trust.wrap_socket(plain, server_hostname=asked.host) if secure else plain

    def _carried(
        self, upstream: socket.socket, host: Host, asked: RequestHead, noted: EgressRequest
    ) -> EgressRequest:
        first = b""
        if asked.tunnel:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            first = http_heads.for_host(asked, host.secrets)
            upstream.sendall(first)
        sent = _Pump(self.rfile.read1, upstream)
        sent.start()
        received = _Pump(upstream.recv, self.request)
        received.run()
        sent.join(_SILENT_SECONDS)
        return replace(
            noted,
            status=None if asked.tunnel else http_heads.status_of(received.beginning),
            sent_bytes=len(first) + sent.carried,
            received_bytes=received.carried,
        )


def _noted(asked: RequestHead) -> EgressRequest:
    return EgressRequest(
        method=asked.method,
        host=asked.host,
        port=asked.port,
        path=asked.path.partition("?")[0],
        allowed=False,
        reason=_BROKEN,
    )


class _Pump(Thread):
    """Carries bytes one way until they end or somebody hangs up."""

    def __init__(self, read: Callable[[int], bytes], write: socket.socket) -> None:
        super().__init__(daemon=True)
        self._read = read
        self._write = write
        self.beginning = b""
        self.carried = 0

    def run(self) -> None:
        with suppress(OSError, ValueError):
            while data := self._read(_CHUNK):
                self._write.sendall(data)
                self.beginning = self.beginning or data
                self.carried += len(data)
        with suppress(OSError):
            self._write.shutdown(socket.SHUT_WR)
