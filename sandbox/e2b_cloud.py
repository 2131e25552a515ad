"""Machines as microVMs of E2B, through its official SDK.

A session has one microVM, without internet access. E2B pauses it some minutes after its last use, with its
disk and its memory, and it is connected to again when it is needed. The agent is started by E2B's daemon in
there, whose answers the SDK takes for text, so they come in base64.
"""

from __future__ import annotations

import base64
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpx
from connectrpc.errors import ConnectError
from e2b import (
    AuthenticationException,
    CommandHandle,
    NotFoundException,
    Sandbox,
    SandboxException,
    SandboxInfo,
    SandboxQuery,
    SandboxState,
)
from e2b.connection_config import ApiParams
from e2b.exceptions import SandboxNotRunningException, ServiceBusyException

from sandbox.errors import SandboxLost, SandboxUnavailable, SandboxUnreachable
from sandbox.machines import BrokenOff, Channel, Machine, MachineAbsent

APP = {"oxbow": "workspace"}
KEY, SESSION, MADE = "oxbow_key", "oxbow_session", "oxbow_made"
LIFE = 300
"""Seconds after which E2B pauses a machine that nobody prolongs."""
# What takes longer is work, for which the machine must stay. A short look at its workspaces must not keep it
# awake.
_WORK_SECONDS = 5.0
_PROLONG_EVERY = 60.0
# A microVM has no seccomp filter, so its kernel is told that nobody makes namespaces of their own. Whether
# that holds is for the self-test to say.
_CLOSE = "(echo 0 > /proc/sys/user/max_user_namespaces) 2>/dev/null; true"
_MOST_ERRORS = 16 * 1024
_REFUSALS = {400, 403, 404, 422}
_TROUBLE = (
    SandboxException,
    AuthenticationException,
    ServiceBusyException,
    ConnectError,
    httpx.HTTPError,
    OSError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose machines these are, and of which template they are made."""

    template: str
    key: str = field(repr=False)
    address: str | None = None
    """Of a server that speaks E2B's API without TLS, for tests; None for E2B itself."""

    @property
    def parameters(self) -> ApiParams:
        """As every call of the SDK takes them."""
        if self.address is None:
            return {"api_key": self.key}
        return {
            "api_key": self.key,
            "api_url": self.address,
            "sandbox_url": self.address,
            "http_version": "1.1",
        }


class E2BMachines:
    """The protocol `Machines` on E2B. A machine to which this worker has not connected is absent for it."""

    name = "e2b"

    def __init__(self, account: Account) -> None:
        self._account = account
        self._connected: dict[str, Sandbox] = {}

    def describe(self) -> str:
        return (
            f"a microVM of its own at E2B ({self._account.template}), an unprivileged user in it, no "
            "internet access; limits: time, output, memory (watched every 0.1 s, the machine's by E2B), "
            "processes (counted), file size (rlimit), disk and number of files (watched every 0.5 s)"
        )

    def run(self, key: str, argv: Sequence[str]) -> Channel:
        if (machine := self._connected.get(key)) is None:
            raise MachineAbsent(f"no connection to the machine of {key}")
        with _asking():
            try:
                handle = machine.commands.run(
                    f"{shlex.join(argv)} | base64 -w0",
                    background=True,
                    stdin=True,
                    user="root",
                    timeout=0,
                    retain_output=False,
                )
            except (SandboxNotRunningException, NotFoundException) as error:
                raise MachineAbsent(f"the machine of {key} does not run: {error}") from error
        return _Conversation(handle, lambda: machine.set_timeout(LIFE))

    def start(self, key: str, session: str | None) -> None:
        with _asking():
            if (found := self._find(key)) is not None:
                self._connect(key, found.sandbox_id)
            elif session is None:
                raise SandboxLost(f"E2B has no machine of {key}")
            else:
                self._connect(key, self._made(key, session))

    def all(self) -> Mapping[str, Machine]:
        with _asking():
            return {
                key: Machine(session=info.metadata[SESSION], running=info.state is SandboxState.RUNNING)
                for key, info in self._listed(APP).items()
            }

    def _connect(self, key: str, identifier: str) -> None:
        try:
            machine = Sandbox.connect(identifier, timeout=LIFE, **self._account.parameters)
            machine.commands.run(_CLOSE, user="root")
        except (SandboxNotRunningException, NotFoundException):
            return  # it has gone since: whoever asks next finds that out
        self._connected[key] = machine

    def _find(self, key: str) -> SandboxInfo | None:
        return self._listed(APP | {KEY: key}).get(key)

    def _listed(self, metadata: dict[str, str]) -> dict[str, SandboxInfo]:
        """The machines by key. Names are not unique at E2B: of two with one key the earlier counts."""
        pages = Sandbox.list(query=SandboxQuery(metadata=metadata), **self._account.parameters)
        found: list[SandboxInfo] = []
        while pages.has_next:
            found += pages.next_items()
        found.sort(key=lambda info: (info.metadata[MADE], info.sandbox_id), reverse=True)
        return {info.metadata[KEY]: info for info in found}

    def _made(self, key: str, session: str) -> str:
        """A new machine, or the one that another worker made at this moment and a little earlier."""
        made = self._make(key, session)
        found = self._find(key)
        if found is None or found.sandbox_id == made.sandbox_id:
            return made.sandbox_id
        made.kill()
        return found.sandbox_id

    def _make(self, key: str, session: str) -> Sandbox:
        return Sandbox.create(
            template=self._account.template,
            timeout=LIFE,
            metadata=APP | {KEY: key, SESSION: session, MADE: f"{time.time_ns():020}"},
            secure=True,
            allow_internet_access=False,
            lifecycle={"on_timeout": {"action": "pause", "mode": "full"}, "auto_resume": False},
            **self._account.parameters,
        )


@contextmanager
def _asking() -> Iterator[None]:
    """What goes wrong with E2B itself is unreachable, what it refuses unavailable."""
    try:
        yield
    except AuthenticationException as error:
        raise SandboxUnavailable(f"E2B refuses the key: set E2B_API_KEY ({error})") from error
    except _TROUBLE as error:
        if getattr(error, "status_code", None) in _REFUSALS:
            raise SandboxUnavailable(
                f"E2B refuses ({error}): OXBOW_SANDBOX_TEMPLATE names the template"
            ) from error
        raise SandboxUnreachable(f"E2B does not answer: {error}") from error


class _Conversation:
    """A program in a machine, listened to by a thread, since the SDK's stream cannot be waited on for a time.

    The thread ends with the program.
    """

    def __init__(self, handle: CommandHandle[Any], prolong: Callable[[], None]) -> None:
        self._handle = handle
        self._prolong = prolong
        self._next = time.monotonic() + _WORK_SECONDS
        self._pieces: SimpleQueue[str | None] = SimpleQueue()
        self._pending = ""
        self._errors = ""
        self._said = False
        Thread(target=self._listen, name="e2b", daemon=True).start()

    def send(self, data: bytes) -> None:
        try:
            self._handle.send_stdin(data)
        except NotFoundException:
            return  # it has ended without reading, and its answer says why
        except _TROUBLE as error:
            raise BrokenOff(f"the connection to the machine broke: {error}") from error

    def receive(self, seconds: float) -> bytes | None:
        self._stay()
        try:
            piece = self._pieces.get(timeout=seconds)
        except Empty:
            return None
        if piece is None:
            return self._end()
        self._said = True
        self._pending += piece
        whole = len(self._pending) // 4 * 4
        data, self._pending = self._pending[:whole], self._pending[whole:]
        return _decoded(data) or None

    def trouble(self) -> str:
        return self._errors

    def close(self) -> None:
        """Nothing to do: the thread ends with the program, which nobody may stop."""

    def _listen(self) -> None:
        try:
            for said, complained, _ in self._handle:
                if said:
                    self._pieces.put(said)
                self._errors = (self._errors + (complained or ""))[:_MOST_ERRORS]
        except _TROUBLE as error:
            self._errors = f"{self._errors}{error}"
        finally:
            self._pieces.put(None)

    def _stay(self) -> None:
        """Keep E2B from pausing a machine at work."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PROLONG_EVERY
        try:
            self._prolong()
        except _TROUBLE as error:
            raise BrokenOff(f"the machine cannot be prolonged: {error}") from error

    def _end(self) -> bytes:
        if not self._said and "command not found" in self._errors:
            raise SandboxUnavailable(
                "the template needs bash, git and Python 3.11 or newer: set OXBOW_SANDBOX_TEMPLATE to one "
                f"that has them ({self._errors.strip()})"
            )
        return b""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BrokenOff(f"the machine answers nonsense: {error}") from error
