"""A stand-in for a container engine: the part of Docker's HTTP API that the sandbox uses, on a Unix socket.

It answers as the API's reference says, with its status codes, its streams and its errors: a name that is
taken is 409, what is not there 404, a program is started by an upgraded connection whose output comes in
frames.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import RLock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.containers import Container, Containers, kill, watch

IMAGE = "stand-in:latest"
_VERSION = {"ApiVersion": "1.47", "MinAPIVersion": "1.24", "Version": "27.0.0", "Os": "linux"}


@dataclass(slots=True, kw_only=True)
class _Execution:
    container: Container
    argv: list[str]
    exit_code: int | None = None


@dataclass(slots=True)
class State:
    """What the engine knows."""

    volumes: Path
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    executions: dict[str, _Execution] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The body of every request for a container."""
    python: bool = True
    """Whether the image has one."""
    lock: RLock = field(default_factory=RLock)
    processes: Containers = field(default_factory=Containers)


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    state: State

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is no news."""


class StandInEngine:
    """The engine, for as long as this is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.state = State(folder / "volumes")
        # Socket paths are short by nature, pytest's folders are not.
        self._socket = Path("/tmp") / f"oxbow-engine-{secrets.token_hex(6)}.sock"
        self._server = _Server(str(self._socket), _Handler)
        self._server.state = self.state
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        return f"unix://{self._socket}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self.kill_all()
        self.state.processes.close()

    def cut(self) -> None:
        """Answer nothing any more."""
        if self._socket.exists():
            self._server.shutdown()
            self._server.server_close()
            self._socket.unlink()

    def kill_all(self) -> None:
        """End every container, as when the engine's host starts anew."""
        for container in list(self.state.containers.values()):
            kill(container)

    def lose(self, volume: str) -> None:
        """Destroy a volume and the container on it."""
        for container in list(self.state.containers.values()):
            if container.name == volume:
                kill(container)
        with self.state.lock:
            del self.state.labels[volume]
        shutil.rmtree(self.state.volumes / volume)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        pass

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = json.loads(body) if body else {}
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = re.sub(r"^/v[0-9.]+", "", parts.path)
        for method, pattern, answer in _ROUTES:
            if method == self.command and (found := re.fullmatch(pattern, path)):
                try:
                    if answer is _start_execution:
                        _run(self, self.server.state, found[1])
                        return
                    status, content = answer(self.server.state, found.groups(), query, given)
                except _Refused as refused:
                    status, content = refused.status, {"message": str(refused)}
                self._send(status, content)
                return
        self._send(404, {"message": "page not found"})

    def _send(self, status: int, content: object) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


_Result = tuple[int, object]


def _version(state: State, _: tuple[str, ...], __: dict[str, str], ___: dict[str, Any]) -> _Result:
    return 200, _VERSION


def _make_volume(state: State, _: tuple[str, ...], __: dict[str, str], given: dict[str, Any]) -> _Result:
    with state.lock:
        state.labels.setdefault(given["Name"], given.get("Labels") or {})
        (state.volumes / given["Name"]).mkdir(parents=True, exist_ok=True)
    return 201, _volume(state, given["Name"])


def _volume(state: State, name: str) -> dict[str, object]:
    return {"Name": name, "Driver": "local", "Labels": state.labels[name], "Scope": "local"}


def _see_volume(state: State, found: tuple[str, ...], _: dict[str, str], __: dict[str, Any]) -> _Result:
    if found[0] not in state.labels:
        raise _Refused(404, f"get {found[0]}: no such volume")
    return 200, _volume(state, found[0])


def _volumes(state: State, _: tuple[str, ...], query: dict[str, str], __: dict[str, Any]) -> _Result:
    (wanted,) = json.loads(query["filters"])["label"]
    names = [name for name, labels in state.labels.items() if wanted in labels]
    return 200, {"Volumes": [_volume(state, name) for name in names] or None, "Warnings": None}


def _make_container(
    state: State, _: tuple[str, ...], query: dict[str, str], given: dict[str, Any]
) -> _Result:
    if given["Image"] != IMAGE:
        raise _Refused(404, f"No such image: {given['Image']}")
    host = given["HostConfig"]
    with state.lock:
        state.asked.append(given)
        if any(container.name == query["name"] for container in state.containers.values()):
            raise _Refused(409, f'Conflict. The container name "/{query["name"]}" is already in use')
        container = Container(
            identifier=secrets.token_hex(32),
            name=query["name"],
            command=given["Cmd"],
            labels=given.get("Labels") or {},
            capabilities=host["CapAdd"],
            mounts={mount["Target"]: state.volumes / mount["Source"] for mount in host["Mounts"]},
        )
        state.containers[container.identifier] = container
    return 201, {"Id": container.identifier, "Warnings": []}


def _named(state: State, name: str) -> Container:
    for container in state.containers.values():
        if name in {container.name, container.identifier}:
            return container
    raise _Refused(404, f"No such container: {name}")


def _start_container(state: State, found: tuple[str, ...], _: dict[str, str], __: dict[str, Any]) -> _Result:
    with state.lock:
        container = _named(state, found[0])
        if container.running:
            return 304, None
        if container.process is not None:
            raise _Refused(409, "container is marked for removal and cannot be started")
        state.processes.start(container)
    # Made with AutoRemove: the engine forgets it when it ends.
    watch(container, Thread(target=state.containers.pop, args=(container.identifier,), daemon=True))
    return 204, None


def _list(state: State, _: tuple[str, ...], query: dict[str, str], __: dict[str, Any]) -> _Result:
    (wanted,) = json.loads(query["filters"])["label"]
    return 200, [
        {"Id": each.identifier, "Names": [f"/{each.name}"], "Labels": each.labels, "State": "running"}
        for each in list(state.containers.values())
        if each.running and wanted in each.labels
    ]


def _make_execution(
    state: State, found: tuple[str, ...], _: dict[str, str], given: dict[str, Any]
) -> _Result:
    container = _named(state, found[0])
    if not container.running:
        raise _Refused(409, f"container {container.identifier} is not running")
    identifier = secrets.token_hex(32)
    argv = given["Cmd"] if state.python else ["missing-python3", *given["Cmd"][1:]]
    state.executions[identifier] = _Execution(container=container, argv=argv)
    return 201, {"Id": identifier}


def _see_execution(state: State, found: tuple[str, ...], _: dict[str, str], __: dict[str, Any]) -> _Result:
    execution = state.executions[found[0]]
    return 200, {"ID": found[0], "Running": execution.exit_code is None, "ExitCode": execution.exit_code}


def _start_execution(state: State, found: tuple[str, ...], _: dict[str, str], __: dict[str, Any]) -> _Result:
    raise NotImplementedError("is answered by an upgraded connection")


def _run(handler: _Handler, state: State, identifier: str) -> None:
    """Upgrade the connection and carry the program's streams over it."""
    execution = state.executions[identifier]
    if not execution.container.running:
        raise _Refused(409, f"container {execution.container.identifier} is not running")
    handler.close_connection = True
    connection = handler.connection
    connection.sendall(
        b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
        b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    )
    with state.processes.execute(execution.container, execution.argv) as process:
        Thread(target=_feed, args=(handler, process), daemon=True).start()
        lock = RLock()
        streams = [
            Thread(target=_frames, args=(connection, lock, number, stream), daemon=True)
            for number, stream in ((1, process.stdout), (2, process.stderr))
        ]
        for stream in streams:
            stream.start()
        for stream in streams:
            stream.join()
        execution.exit_code = process.wait()
    with suppress(OSError):  # the client may have hung up already
        connection.shutdown(socket.SHUT_RDWR)


def _feed(handler: _Handler, process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    try:
        while data := handler.rfile.read1(65536):
            process.stdin.write(data)
    except (OSError, ValueError):
        pass


def _frames(connection: socket.socket, lock: RLock, number: int, stream: Any) -> None:
    connected = True
    while data := stream.read(65536):
        if connected:
            try:
                with lock:
                    connection.sendall(struct.pack(">BxxxL", number, len(data)) + data)
            except OSError:
                connected = False  # the program goes on without a listener


_ROUTES: list[tuple[str, str, Callable[..., _Result]]] = [
    ("GET", "/version", _version),
    ("POST", "/volumes/create", _make_volume),
    ("GET", "/volumes", _volumes),
    ("GET", "/volumes/([^/]+)", _see_volume),
    ("GET", "/containers/json", _list),
    ("POST", "/containers/create", _make_container),
    ("POST", "/containers/([^/]+)/start", _start_container),
    ("POST", "/containers/([^/]+)/exec", _make_execution),
    ("GET", "/exec/([^/]+)/json", _see_execution),
    ("POST", "/exec/([^/]+)/start", _start_execution),
]
