"""A stand-in for a cluster: the part of the Kubernetes API that the sandbox uses, over HTTP on this machine.

Pods, volume claims and network policies are what the API's reference says, with its status codes; a program
in a pod is started by a web socket with a channel number before each piece (`v4.channel.k8s.io`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import shutil
import struct
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import RLock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.containers import Container, Containers, kill, watch

IMAGE = "stand-in:latest"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_NAMESPACED = r"/(?:api/v1|apis/networking\.k8s\.io/v1)/namespaces/([^/]+)/([a-z]+)(?:/([^/]+))?(/exec)?"


@dataclass(slots=True)
class State:
    """What the cluster holds, by kind and name."""

    volumes: Path
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    processes: Containers = field(default_factory=Containers)


class StandInCluster:
    """The cluster, for as long as this is open."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.state = State(folder / "volumes")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.state = self.state  # type: ignore[attr-defined]  # read by the handler
        self._open = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self.kill_all()
        self.state.processes.close()

    def cut(self) -> None:
        """Answer nothing any more."""
        if self._open:
            self._open = False
            self._server.shutdown()
            self._server.server_close()

    def kill_all(self) -> None:
        """End every pod's processes, as when its node starts anew."""
        for container in list(self.state.containers.values()):
            kill(container)

    def lose(self, name: str) -> None:
        """Destroy a claim and the pod on it."""
        with self.state.lock:
            if name in self.state.containers:
                kill(self.state.containers.pop(name))
            self.state.objects.pop(("pods", name), None)
            del self.state.objects["persistentvolumeclaims", name]
            shutil.rmtree(self.state.volumes / name)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def state(self) -> State:
        found: State = self.server.state  # type: ignore[attr-defined]  # set by the cluster
        return found

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        pass

    def do_GET(self) -> None:
        kind, name, execute = self._asked()
        if execute:
            _execute(self, self.state, name)
        elif name:
            self._send(*self._found(kind, name))
        else:
            items = [each for (held, _), each in self.state.objects.items() if held == kind]
            self._send(200, {"kind": "List", "items": items, "metadata": {}})

    def do_POST(self) -> None:
        kind, _, _ = self._asked()
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = given["metadata"]["name"]
        with self.state.lock:
            if (kind, name) in self.state.objects:
                self._send(409, _status(409, "AlreadyExists"))
                return
            given["metadata"]["uid"] = secrets.token_hex(8)
            self.state.objects[kind, name] = given
            if kind == "persistentvolumeclaims":
                (self.state.volumes / name).mkdir(parents=True)
            if kind == "pods":
                _start(self.state, name, given)
        self._send(201, given)

    def do_DELETE(self) -> None:
        kind, name, _ = self._asked()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, found = self._found(kind, name)
        with self.state.lock:
            if name in self.state.containers:
                kill(self.state.containers.pop(name))
            self.state.objects.pop((kind, name), None)
        self._send(status, found)

    def _asked(self) -> tuple[str, str, bool]:
        found = re.fullmatch(_NAMESPACED, urlsplit(self.path).path)
        assert found, self.path
        return found[2], found[3] or "", bool(found[4])

    def _found(self, kind: str, name: str) -> tuple[int, dict[str, Any]]:
        found = self.state.objects.get((kind, name))
        return (200, found) if found else (404, _status(404, "NotFound"))

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _status(code: int, reason: str) -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "reason": reason, "code": code}


def _start(state: State, name: str, pod: dict[str, Any]) -> None:
    (described,) = pod["spec"]["containers"]
    if described["image"] != IMAGE:
        waiting = {"waiting": {"reason": "ErrImagePull"}}
        status = {"name": "workspace", "image": "", "imageID": "", "ready": False, "restartCount": 0}
        pod["status"] = {"phase": "Pending", "containerStatuses": [status | {"state": waiting}]}
        return
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    container = Container(
        identifier=name,
        name=name,
        command=described["command"],
        labels={},
        capabilities=described["securityContext"]["capabilities"]["add"],
        mounts={
            mount["mountPath"]: state.volumes / claims[mount["name"]]
            for mount in described["volumeMounts"]
            if mount["name"] in claims
        },
    )
    state.processes.start(container)
    state.containers[name] = container
    pod["status"] = {"phase": "Running"}
    watch(container, Thread(target=pod["status"].update, args=({"phase": "Succeeded"},), daemon=True))


def _execute(handler: _Handler, state: State, name: str) -> None:
    """Upgrade to a web socket and carry the program's streams over it."""
    container = state.containers.get(name)
    if container is None or not container.running:
        handler._send(404 if container is None else 500, _status(500, "NotRunning"))
        return
    key = base64.b64encode(hashlib.sha1(handler.headers["Sec-WebSocket-Key"].encode() + _GUID).digest())
    handler.close_connection = True
    handler.wfile.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: v4.channel.k8s.io\r\nSec-WebSocket-Accept: " + key + b"\r\n\r\n"
    )
    argv = parse_qs(urlsplit(handler.path).query)["command"]
    lock = RLock()
    with state.processes.execute(container, argv) as process:
        Thread(target=_feed, args=(handler, process), daemon=True).start()
        streams = [
            Thread(target=_carry, args=(handler, lock, channel, stream), daemon=True)
            for channel, stream in ((1, process.stdout), (2, process.stderr))
        ]
        for stream in streams:
            stream.start()
        for stream in streams:
            stream.join()
        code = process.wait()
    ended = {"status": "Success"} if not code else _failure(code)
    with suppress(OSError):
        _frame(handler, lock, 2, b"\x03" + json.dumps(ended).encode())
        _frame(handler, lock, 8, struct.pack(">H", 1000))


def _failure(code: int) -> dict[str, Any]:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}


def _feed(handler: _Handler, process: subprocess.Popen[bytes]) -> None:
    """Client frames to the program's standard input; they are masked."""
    assert process.stdin is not None
    with suppress(OSError, ValueError, struct.error):
        while True:
            first, second = handler.rfile.read(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", handler.rfile.read(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", handler.rfile.read(8))
            mask = handler.rfile.read(4)
            data = handler.rfile.read(size)
            if first & 0x0F == 8:
                return
            pad = (mask * (size // 4 + 1))[:size]
            plain = (int.from_bytes(data) ^ int.from_bytes(pad)).to_bytes(size)
            if plain[:1] == b"\x00":
                process.stdin.write(plain[1:])


def _carry(handler: _Handler, lock: RLock, channel: int, stream: Any) -> None:
    connected = True
    while data := stream.read(65536):
        if connected:
            try:
                _frame(handler, lock, 2, bytes([channel]) + data)
            except OSError:
                connected = False


def _frame(handler: _Handler, lock: RLock, opcode: int, data: bytes) -> None:
    size = len(data)
    head = bytes([0x80 | opcode]) + (
        bytes([size])
        if size < 126
        else b"\x7e" + struct.pack(">H", size)
        if size < 65536
        else b"\x7f" + struct.pack(">Q", size)
    )
    with lock:
        handler.wfile.write(head + data)
