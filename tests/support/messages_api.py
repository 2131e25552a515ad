"""A stand-in for the Messages API: real HTTP on loopback, real server-sent events, scripted answers, faults.

It refuses what the API refuses, counts cached tokens, and keeps every request as it came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from threading import Event, Thread
from types import TracebackType
from typing import Self

from bot.model.capabilities import CAPABILITIES
from memory.log.events import Json
from tests.support.messages_api_cache import PromptCache
from tests.support.messages_api_replies import Answer, Broken, Refusal, Reply, Script, Silence
from tests.support.messages_api_rules import Invalid, check
from tests.support.messages_api_wire import encoded, events, message

KEY = "sk-ant-test-0123456789"
"""The one key that is let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The key, in the header of its own or, as the SDK of version 2.14 sends it, as a bearer token."""
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return self.headers.get("x-api-key", bearer)

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


class MessagesApi:
    """A running stand-in; `with MessagesApi(script) as api: …` and give `api.address` to the client.

    `port` 0 takes a free one.
    """

    def __init__(self, script: Script, *, port: int = 0) -> None:
        self.script = script
        self.journal: list[Received] = []
        self.stopped = Event()
        self.hung_up = Event()
        """Set when a client closed a stream before its end."""
        self._cache = PromptCache()
        self._signed: set[str] = set()
        self._server = _Server(self, port)

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def model(self, path: str, headers: dict[str, str]) -> Refusal | Json:
        """The answer of `GET /v1/models/NAME`."""
        if Received(path=path, headers=headers, body=b"").key != KEY:
            return Refusal(status=401, kind="authentication_error", message="invalid API key")
        name = path.removeprefix("/v1/models/")
        if name not in CAPABILITIES:
            return Refusal(status=404, kind="not_found_error", message=f"model: {name}")
        created = "2026-01-01T00:00:00Z"
        return {"type": "model", "id": name, "display_name": name, "created_at": created}

    def answer(self, received: Received) -> Answer:
        """The script's answer, unless the API itself would refuse."""
        if received.path != "/v1/messages":
            return Refusal(status=404, kind="not_found_error", message=f"{received.path} not found")
        if received.key != KEY:
            return Refusal(status=401, kind="authentication_error", message="invalid API key")
        try:
            check(received.json, self._signed)
        except Invalid as invalid:
            return Refusal(status=400, kind="invalid_request_error", message=str(invalid))
        return self.script(received.json)

    def whole(self, received: Received, reply: Reply) -> Json:
        """The message of a reply, with what it costs; its thoughts are known from now on."""
        calls = any(block["type"] == "tool_use" for block in reply.blocks)
        self._signed |= {
            json.dumps(block, sort_keys=True) for block in reply.blocks if block["type"] == "thinking"
        }
        usage = {
            **self._cache.usage(received.json),
            "output_tokens": len(json.dumps(list(reply.blocks))) // 4,
        }
        stop_reason = reply.stop_reason or ("tool_use" if calls else "end_turn")
        return message(received.json["model"], reply.blocks, stop_reason, usage)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, api: MessagesApi, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.api = api


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        match self.server.api.model(self.path, headers):
            case Refusal() as refusal:
                self._refuse(refusal)
            case model:
                self._send(200, model, {})

    def do_POST(self) -> None:
        received = Received(
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers["content-length"])),
        )
        self.server.api.journal.append(received)
        match self.server.api.answer(received):
            case Refusal() as refusal:
                self._refuse(refusal)
            case Silence():
                self.server.api.stopped.wait()
                self.close_connection = True
            case Reply() as reply if received.json.get("stream"):
                self._stream(map(encoded, events(self.server.api.whole(received, reply))))
            case Reply() as reply:
                self._send(200, self.server.api.whole(received, reply), {})
            case Broken() as broken:
                self._break(broken, events(self.server.api.whole(received, broken.reply)))

    def _refuse(self, refusal: Refusal) -> None:
        body = {"type": "error", "error": {"type": refusal.kind, "message": refusal.message}}
        self._send(refusal.status, {**body, "request_id": "req_test"}, refusal.headers)

    def _send(self, status: int, body: Json, headers: dict[str, str]) -> None:
        written = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "request-id": "req_test", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def _break(self, broken: Broken, whole: Iterator[Json]) -> None:
        beginning = list(map(encoded, islice(whole, broken.after)))
        match broken.how:
            case "ends":
                self._stream(iter(beginning))
            case "garbles":
                self._stream(iter([*beginning, b'event: content_block_delta\ndata: {"type": "cont\n\n']))
            case "fails":
                self._stream(iter([*beginning, _error("api_error", "Internal server error")]))
            case "overloads":
                self._stream(iter([*beginning, _error("overloaded_error", "Overloaded")]))
            case "drops":
                self._stream(iter(beginning), ending=b"")
            case "stalls":
                self._stream(iter(beginning), ending=b"", wait=self.server.api.stopped)

    def _stream(
        self, parts: Iterator[bytes], *, ending: bytes = b"0\r\n\r\n", wait: Event | None = None
    ) -> None:
        """Send parts as chunks; without the ending chunk the client sees a connection that drops."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("request-id", "req_test")
        self.end_headers()
        try:
            for part in parts:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            if wait:
                self._wait_for_hang_up(wait)
            self.wfile.write(ending)
        except ConnectionError:
            self.server.api.hung_up.set()
        self.close_connection = True

    def _wait_for_hang_up(self, stopped: Event) -> None:
        self.connection.settimeout(0.05)
        while not stopped.is_set():
            try:
                if not self.connection.recv(1):
                    raise ConnectionResetError
            except TimeoutError:
                continue


def _error(kind: str, said: str) -> bytes:
    return encoded({"type": "error", "error": {"type": kind, "message": said}})
