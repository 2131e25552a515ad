"""A stand-in for E2B: the part of its API that the sandbox uses, over HTTP on this machine.

The life of sandboxes goes by REST, with the API's status codes; programs in them by the daemon's service
`process.Process`, whose protocol is served by the library that the SDK ships for it. A paused sandbox keeps
its disk and nothing of its memory here, which is the harder case.
"""

from __future__ import annotations

import io
import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from socketserver import ThreadingMixIn
from threading import RLock, Thread
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.request import RequestContext
from e2b.envd.process import process_connect, process_pb
from protobuf import Oneof

from sandbox.keeper import CAPABILITIES, DISK
from tests.support.containers import Container, Containers, kill

TEMPLATE = "stand-in"
KEY = "e2b_stand-in-key"
_VERSION = "0.6.0"
# As the first process of a machine, it takes no signal from within, unlike that of a container.
_FIRST = [
    "python3",
    "-I",
    "-S",
    "-c",
    "import signal; signal.signal(17, signal.SIG_IGN)\nwhile True: signal.pause()",
]
_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    401: "Unauthorized",
    404: "Not Found",
    502: "Bad Gateway",
}


@dataclass(slots=True, kw_only=True)
class Machine:
    """One sandbox as E2B knows it."""

    identifier: str
    asked: dict[str, Any]
    """The body of the request for it."""
    token: str
    ends: datetime
    container: Container

    @property
    def running(self) -> bool:
        return self.container.running


@dataclass(slots=True)
class State:
    """What E2B holds."""

    disks: Path
    machines: dict[str, Machine] = field(default_factory=dict)
    programs: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    """Everything that was started in machines."""
    python: bool = True
    """Whether the template has one."""
    lock: RLock = field(default_factory=RLock)
    processes: Containers = field(default_factory=Containers)

    def of_key(self, key: str) -> Machine:
        (found,) = (each for each in self.machines.values() if each.asked["metadata"]["oxbow_key"] == key)
        return found


class StandInCloud:
    """E2B, for as long as this is open."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.state = State(folder / "disks")
        self._server = make_server("127.0.0.1", 0, _Application(self.state), _Server, _Handler)
        self._open = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause_all()
        self.cut()
        self.state.processes.close()

    def cut(self) -> None:
        """Answer nothing any more."""
        if self._open:
            self._open = False
            self._server.shutdown()
            self._server.server_close()

    def pause_all(self) -> None:
        """Pause every machine, as at the end of its time."""
        for machine in list(self.state.machines.values()):
            kill(machine.container)

    def lose(self, key: str) -> None:
        """Destroy a machine with its disk."""
        with self.state.lock:
            machine = self.state.of_key(key)
            kill(machine.container)
            del self.state.machines[machine.identifier]
            shutil.rmtree(self.state.disks / machine.identifier)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is no news."""


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        pass


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Application:
    """REST and the daemons' service at one address."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = io.BytesIO(_body(environ))
        try:
            if environ["PATH_INFO"].startswith("/process.Process/"):
                return self._daemon(environ)(environ, respond)
            status, content = self._rest(environ)
        except _Refused as refused:
            status, content = refused.status, {"code": refused.status, "message": str(refused)}
        respond(f"{status} {_REASONS[status]}", [("Content-Type", "application/json")])
        return [] if content is None else [json.dumps(content).encode()]

    def _daemon(self, environ: WSGIEnvironment) -> process_connect.ProcessWSGIApplication:
        machine = self._state.machines.get(environ["HTTP_E2B_SANDBOX_ID"])
        if machine is None or not machine.running:
            raise _Refused(502, "The sandbox was not found")
        if environ["HTTP_X_ACCESS_TOKEN"] != machine.token:
            raise _Refused(401, "invalid access token")
        return process_connect.ProcessWSGIApplication(_Daemon(self._state, machine.container))

    def _rest(self, environ: WSGIEnvironment) -> tuple[int, object]:
        if environ.get("HTTP_X_API_KEY") != KEY:
            raise _Refused(401, "invalid API key")
        given = environ["wsgi.input"].read()
        asked = json.loads(given) if given else {}
        with self._state.lock:
            match environ["REQUEST_METHOD"], environ["PATH_INFO"].strip("/").split("/"):
                case "POST", ["v2", "sandboxes"]:
                    return 201, _described(_made(self._state, asked))
                case "GET", ["v2", "sandboxes"]:
                    return 200, _listed(self._state, environ["QUERY_STRING"])
                case "POST", ["v2", "sandboxes", identifier, "connect"]:
                    return 200, _described(_resumed(self._state, identifier, asked))
                case "POST", ["sandboxes", identifier, "timeout"]:
                    _found(self._state, identifier).ends = _from_now(asked)
                    return 204, None
                case "DELETE", ["sandboxes", identifier]:
                    kill(_found(self._state, identifier).container)
                    del self._state.machines[identifier]
                    return 204, None
                case _:
                    raise _Refused(404, "page not found")


def _body(environ: WSGIEnvironment) -> bytes:
    given = environ["wsgi.input"]
    if environ.get("HTTP_TRANSFER_ENCODING") != "chunked":
        whole: bytes = given.read(int(environ.get("CONTENT_LENGTH") or 0))
        return whole
    body = b""
    while size := int(given.readline(), 16):
        body += given.read(size)
        given.readline()
    return body


def _found(state: State, identifier: str) -> Machine:
    if identifier not in state.machines:
        raise _Refused(404, f"sandbox {identifier} not found")
    return state.machines[identifier]


def _from_now(asked: dict[str, Any]) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=asked["timeout"])


def _made(state: State, asked: dict[str, Any]) -> Machine:
    if asked["templateID"] != TEMPLATE:
        raise _Refused(404, f"template '{asked['templateID']}' not found")
    identifier = "i" + secrets.token_hex(10)
    (state.disks / identifier).mkdir(parents=True)
    machine = Machine(
        identifier=identifier,
        asked=asked,
        token=secrets.token_hex(16),
        ends=_from_now(asked),
        container=_started(state, identifier),
    )
    state.machines[identifier] = machine
    return machine


def _resumed(state: State, identifier: str, asked: dict[str, Any]) -> Machine:
    machine = _found(state, identifier)
    if not machine.running:
        machine.container = _started(state, identifier)
    machine.ends = max(machine.ends, _from_now(asked))
    return machine


def _started(state: State, identifier: str) -> Container:
    container = Container(
        identifier=identifier,
        name=identifier,
        command=_FIRST,
        labels={},
        capabilities=list(CAPABILITIES),
        mounts={DISK: state.disks / identifier},
    )
    state.processes.start(container)
    return container


def _described(machine: Machine) -> dict[str, object]:
    return {
        "templateID": TEMPLATE,
        "sandboxID": machine.identifier,
        "clientID": "stand-in",
        "envdVersion": _VERSION,
        "envdAccessToken": machine.token,
    }


def _listed(state: State, query: str) -> list[dict[str, object]]:
    (asked,) = parse_qs(query)["metadata"]
    wanted = {name: values[0] for name, values in parse_qs(asked).items()}
    now = datetime.now(UTC).isoformat()
    return [
        _described(machine)
        | {
            "startedAt": now,
            "endAt": machine.ends.isoformat(),
            "cpuCount": 2,
            "memoryMB": 512,
            "diskSizeMB": 10240,
            "state": "running" if machine.running else "paused",
            "metadata": machine.asked["metadata"],
        }
        for machine in state.machines.values()
        if wanted.items() <= machine.asked["metadata"].items()
    ]


class _Daemon(process_connect.ProcessSync):
    """The daemon of one machine."""

    def __init__(self, state: State, container: Container) -> None:
        self._state = state
        self._container = container

    def start(
        self,
        request: process_pb.StartRequest,
        ctx: RequestContext[process_pb.StartRequest, process_pb.StartResponse],
    ) -> Iterator[process_pb.StartResponse]:
        assert request.process is not None
        command = request.process.args[-1]
        self._state.commands.append(command)
        if not self._state.python:
            command = re.sub("^python3", "missing-python3", command)
        process = self._state.processes.execute(self._container, ["/bin/bash", "-l", "-c", command])
        self._state.programs[process.pid] = process
        said: SimpleQueue[process_pb.ProcessEvent | None] = SimpleQueue()
        # It goes on when nobody listens any more.
        Thread(target=self._see_through, args=(process, said), daemon=True).start()
        return _events(process, said)

    def _see_through(
        self, process: subprocess.Popen[bytes], said: SimpleQueue[process_pb.ProcessEvent | None]
    ) -> None:
        with process:
            streams = [
                Thread(target=_drain, args=(stream, kind, said), daemon=True)
                for kind, stream in (("stdout", process.stdout), ("stderr", process.stderr))
            ]
            for stream in streams:
                stream.start()
            for stream in streams:
                stream.join()
            process.wait()
            del self._state.programs[process.pid]
        said.put(None)

    def send_input(
        self,
        request: process_pb.SendInputRequest,
        ctx: RequestContext[process_pb.SendInputRequest, process_pb.SendInputResponse],
    ) -> process_pb.SendInputResponse:
        assert request.process is not None
        assert request.process.selector is not None
        assert request.input is not None
        assert request.input.input is not None
        process = self._state.programs.get(int(request.process.selector.value))
        if process is None:
            raise ConnectError(Code.NOT_FOUND, f"process with pid {request.process.selector.value} not found")
        assert process.stdin is not None
        try:
            process.stdin.write(request.input.input.value)
        except OSError as error:
            raise ConnectError(Code.INTERNAL, f"error writing to stdin: {error}") from error
        return process_pb.SendInputResponse()


def _events(
    process: subprocess.Popen[bytes], said: SimpleQueue[process_pb.ProcessEvent | None]
) -> Iterator[process_pb.StartResponse]:
    begun: Oneof[Literal["start"], process_pb.ProcessEvent.StartEvent] = Oneof(
        "start", process_pb.ProcessEvent.StartEvent(pid=process.pid)
    )
    yield process_pb.StartResponse(event=process_pb.ProcessEvent(event=begun))
    while (event := said.get()) is not None:
        yield process_pb.StartResponse(event=event)
    code = process.returncode
    ended: Oneof[Literal["end"], process_pb.ProcessEvent.EndEvent] = Oneof(
        "end", process_pb.ProcessEvent.EndEvent(exit_code=code, exited=True, status=f"exit status {code}")
    )
    yield process_pb.StartResponse(event=process_pb.ProcessEvent(event=ended))


def _drain(stream: Any, kind: str, said: SimpleQueue[process_pb.ProcessEvent | None]) -> None:
    while data := stream.read(65536):
        output: Any = Oneof(kind, data)
        event: Oneof[Literal["data"], process_pb.ProcessEvent.DataEvent] = Oneof(
            "data", process_pb.ProcessEvent.DataEvent(output=output)
        )
        said.put(process_pb.ProcessEvent(event=event))
