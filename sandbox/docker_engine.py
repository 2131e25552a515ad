"""Machines as containers of any engine that speaks Docker's HTTP API, through its official SDK.

A session has one volume and, while it is in use, one container on it, which the engine removes when it ends.
The container has no network, no capability that its commands could use, a process and a memory limit, and
ends by itself when the agent in it says so.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
import docker.errors
import docker.types
import docker.utils
import requests

from sandbox.errors import SandboxLost, SandboxUnavailable, SandboxUnreachable
from sandbox.keeper import CAPABILITIES, DISK, KEEPER
from sandbox.machines import BrokenOff, Channel, Machine, MachineAbsent

LABEL = "oxbow.session"

# The largest command's own limit is 2 GiB; the rest is for the agents beside it and /tmp.
_MEMORY = 3 * 1024**3
_PROCESSES = 512
_TMP = "rw,nosuid,nodev,size=256m,mode=1777"
_SHM = 64 * 1024**2
# A container that is being removed keeps its name for a moment.
_NAME_SECONDS = 20.0
_PAUSE = 0.05
_PREFIX = "oxbow-"
# A container that takes nothing for so long while we send to it is not there any more.
_SILENCE = 60.0
_STDERR = 2
_MOST_ERRORS = 16 * 1024
_HEADER = 8
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where the engine is and which image the containers are made of."""

    image: str
    address: str | None = None
    """`unix://…`, `tcp://…`; None for what the environment says (DOCKER_HOST), else the usual socket."""


class DockerMachines:
    """The protocol `Machines` on a container engine."""

    name = "docker"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._version: str | None = None

    def describe(self) -> str:
        return (
            f"a container of its own ({self._engine.image}), an unprivileged user in it, no network; "
            "limits: time, output, memory (watched every 0.1 s, the container's by the engine), processes "
            "(counted, the container's by the engine), file size (rlimit), disk and number of files (watched "
            "every 0.5 s)"
        )

    def run(self, key: str, argv: Sequence[str]) -> Channel:
        with self._asking() as client:
            try:
                made = client.exec_create(_name(key), list(argv), stdin=True, user="0:0")
                raw = client.exec_start(made["Id"], socket=True)
            except docker.errors.APIError as error:
                if error.status_code in {404, 409}:
                    raise MachineAbsent(f"{_name(key)}: {error.explanation}") from error
                raise
        return _Attached(raw, lambda: self._ended(made["Id"]))

    def start(self, key: str, session: str | None) -> None:
        deadline = time.monotonic() + _NAME_SECONDS
        while not self._started(key, session):
            if time.monotonic() > deadline:
                raise SandboxUnreachable(f"the container {_name(key)} neither runs nor goes away")
            time.sleep(_PAUSE)

    def all(self) -> Mapping[str, Machine]:
        with self._asking() as client:
            volumes = client.volumes(filters={"label": LABEL})["Volumes"] or []
            running = {
                name.removeprefix("/")
                for container in client.containers(filters={"label": LABEL})
                for name in container["Names"]
            }
        return {
            volume["Name"].removeprefix(_PREFIX): Machine(
                session=volume["Labels"][LABEL], running=volume["Name"] in running
            )
            for volume in volumes
        }

    def _started(self, key: str, session: str | None) -> bool:
        """Whether the container runs now; where it is missing it is made, and the next look starts it."""
        with self._asking() as client:
            try:
                client.start(_name(key))
            except docker.errors.NotFound:
                self._create(client, key, session)
                return False
            except docker.errors.APIError as error:
                if error.status_code == 409:
                    return False  # it is being removed
                raise
            return True

    def _create(self, client: docker.APIClient, key: str, session: str | None) -> None:
        labels = self._disk(client, key, session)
        try:
            client.create_container(
                self._engine.image,
                command=["python3", "-I", "-S", "-c", KEEPER],
                name=_name(key),
                hostname="oxbow",
                user="0:0",
                working_dir="/",
                labels=labels,
                host_config=_confinement(client, key),
            )
        except docker.errors.ImageNotFound as error:
            image = self._engine.image
            raise SandboxUnavailable(
                f"the engine has no image {image}: load it with `docker pull {image}` or set "
                "OXBOW_SANDBOX_IMAGE"
            ) from error
        except docker.errors.APIError as error:
            if error.status_code != 409:  # another worker made it at this moment
                raise

    def _disk(self, client: docker.APIClient, key: str, session: str | None) -> dict[str, str]:
        """The labels of the session's volume, made when `session` is given."""
        try:
            found: dict[str, str] = client.inspect_volume(_name(key))["Labels"] or {}
        except docker.errors.NotFound as error:
            if session is None:
                raise SandboxLost(f"the volume {_name(key)} is gone") from error
            labels = {LABEL: session}
            client.create_volume(_name(key), labels=labels)
            return labels
        return found

    def _ended(self, execution: str) -> int | None:
        """The exit code of a program that was started in a container."""
        try:
            with self._asking() as client:
                code: int | None = client.exec_inspect(execution)["ExitCode"]
                return code
        except SandboxUnreachable:
            return None

    @contextmanager
    def _asking(self) -> Iterator[docker.APIClient]:
        """A client of the engine; what goes wrong with the engine itself is unreachable."""
        try:
            client = self._client()
            try:
                self._version = client.api_version
                yield client
            finally:
                client.close()
        except docker.errors.APIError as error:
            if error.is_client_error():
                raise SandboxUnavailable(f"the container engine refuses: {error.explanation}") from error
            raise SandboxUnreachable(f"the container engine fails: {error.explanation}") from error
        except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
            raise SandboxUnreachable(f"the container engine does not answer: {error}") from error

    def _client(self) -> docker.APIClient:
        known = docker.utils.kwargs_from_env() if self._engine.address is None else {}
        address = self._engine.address or known.get("base_url")
        version = self._version or "auto"
        return docker.APIClient(base_url=address, version=version, tls=known.get("tls", False), timeout=30)


def _name(key: str) -> str:
    return f"{_PREFIX}{key}"


def _confinement(client: docker.APIClient, key: str) -> Any:
    return client.create_host_config(
        mounts=[docker.types.Mount(target=DISK, source=_name(key), type="volume")],
        network_mode="none",
        cap_drop=["ALL"],
        cap_add=list(CAPABILITIES),
        security_opt=["no-new-privileges"],
        mem_limit=_MEMORY,
        memswap_limit=_MEMORY,
        pids_limit=_PROCESSES,
        shm_size=_SHM,
        tmpfs={"/tmp": _TMP},  # noqa: S108 - the container's own
        ulimits=[docker.types.Ulimit(name="core", soft=0, hard=0)],
        auto_remove=True,
        # The agent's answers are no log, and a flood must not fill the engine's disk.
        log_config=docker.types.LogConfig(type="none"),
    )


class _Attached:
    """The connection to a program in a container: frames with a stream number and a length before each."""

    def __init__(self, raw: Any, ended: Callable[[], int | None]) -> None:
        self._raw = raw
        self._socket: socket.socket = getattr(raw, "_sock", raw)
        self._socket.settimeout(_SILENCE)
        self._ended = ended
        self._buffer = bytearray()
        self._errors = bytearray()
        self._said = False

    def send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise BrokenOff(f"the connection to the container broke: {error}") from error

    def receive(self, seconds: float) -> bytes | None:
        deadline = time.monotonic() + seconds
        while True:
            frame = self._frame()
            if frame is not None:
                stream, content = frame
                if stream == _STDERR:
                    self._errors += content[: _MOST_ERRORS - len(self._errors)]
                elif content:
                    self._said = True
                    return content
                continue
            ready, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return None
            if not self._more():
                return self._end()

    def trouble(self) -> str:
        return self._errors.decode(errors="replace")

    def close(self) -> None:
        self._raw.close()
        self._socket.close()

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self._buffer) < _HEADER:
            return None
        stream, size = struct.unpack(">BxxxL", self._buffer[:_HEADER])
        if len(self._buffer) < _HEADER + size:
            return None
        content = bytes(self._buffer[_HEADER : _HEADER + size])
        del self._buffer[: _HEADER + size]
        return stream, content

    def _more(self) -> bool:
        try:
            data = self._socket.recv(_CHUNK)
        except OSError:
            return False
        self._buffer += data
        return bool(data)

    def _end(self) -> bytes:
        # What a shell answers for a program that is not there, as the engine does.
        if not self._said and (code := self._ended()) in {126, 127}:
            raise SandboxUnavailable(
                f"the image needs bash, git and Python 3.11 or newer (python3 ended with {code}): "
                "set OXBOW_SANDBOX_IMAGE to one that has them"
            )
        return b""
