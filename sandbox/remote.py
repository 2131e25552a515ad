"""The port `Sandbox` on machines of any backend, through an agent inside each.

A connection that breaks off is made again: every request is safe to repeat, since calls are joined and not
repeated inside.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from threading import Event
from typing import BinaryIO, Literal

from sandbox import wire
from sandbox.agent import Agent
from sandbox.errors import SandboxLost, SandboxUnreachable
from sandbox.exchange import CodeMissing, Exchange, Reply
from sandbox.fence import session_key
from sandbox.machines import BrokenOff, Channel, MachineAbsent, Machines
from sandbox.port import Attachment, Holding, Limits, Outcome
from sandbox.wire import Json

# A machine that ends at the moment it is asked is started again; more often, something is wrong with it.
_ATTEMPTS = 10
_PAUSE = 0.1
# A cancelled call is asked again to stop, in case it had not begun when it was asked first.
_CANCEL_EVERY = 0.5
_LOOK = 0.05


class RemoteSandbox:
    """Any number of these, in any processes, may share the machines of a backend."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self._agent = Agent.of_this_version()
        self._seen: dict[str, tuple[float, tuple[Holding, ...]]] = {}

    @property
    def name(self) -> str:
        return self._machines.name

    def attach(self, session: str, *, epoch: int, known: str | None) -> Attachment:
        key = session_key(session)
        if known is not None and known.partition(".")[0] != key:
            raise SandboxLost(f"workspace {known} does not belong to session {session}")
        fields = {"session": session, "epoch": epoch, "known": known}
        reply = self._ask(key, "attach", fields, session=session if known is None else None)
        state: Literal["fresh", "reattached"] = "fresh" if known is None else "reattached"
        return Attachment(
            reference=str(reply.header["reference"]),
            state=state,
            isolated=True,
            isolation=self._machines.describe(),
        )

    def execute(
        self, reference: str, *, call: str, command: str, limits: Limits, epoch: int, cancelled: Event
    ) -> Outcome:
        about = {"reference": reference, "epoch": epoch, "call": call}
        fields = {
            **about,
            "command": command,
            "limits": asdict(limits),
            "cancelled": cancelled.is_set(),
        }
        stop = _Stop(cancelled, lambda: self._ask(_key(reference), "cancel", about))
        reply = self._ask(_key(reference), "execute", fields, waiting=stop)
        return wire.outcome_of(reply.header, reply.body)

    def output(self, reference: str, *, call: str, start: int, epoch: int) -> bytes:
        fields = {"reference": reference, "epoch": epoch, "call": call, "start": start}
        return self._ask(_key(reference), "output", fields).body

    def read(self, reference: str, *, path: str, epoch: int) -> bytes:
        fields = {"reference": reference, "epoch": epoch, "path": path}
        return self._ask(_key(reference), "read", fields).body

    def write(self, reference: str, *, call: str, path: str, content: bytes, epoch: int) -> None:
        fields = {"reference": reference, "epoch": epoch, "call": call, "path": path}
        self._ask(_key(reference), "write", fields, body=io.BytesIO(content))

    def edit(self, reference: str, *, call: str, path: str, old: str, new: str, epoch: int) -> None:
        fields = {"reference": reference, "epoch": epoch, "call": call, "path": path, "old": old, "new": new}
        self._ask(_key(reference), "edit", fields)

    def snapshot(self, reference: str, *, into: BinaryIO, limits: Limits, epoch: int) -> None:
        fields = {"reference": reference, "epoch": epoch, "limits": asdict(limits)}
        self._ask(_key(reference), "snapshot", fields, into=into)

    def restore(self, reference: str, *, archive: BinaryIO, limits: Limits, epoch: int) -> None:
        fields = {"reference": reference, "epoch": epoch, "limits": asdict(limits)}
        self._ask(_key(reference), "restore", fields, body=archive)

    def suspend(self, reference: str, *, epoch: int) -> None:
        self._ask(_key(reference), "suspend", {"reference": reference, "epoch": epoch})

    def release(self, reference: str, *, epoch: int) -> None:
        try:
            self._ask(_key(reference), "release", {"reference": reference, "epoch": epoch})
        except SandboxLost:
            return

    def inventory(self) -> tuple[Holding, ...]:
        found: list[Holding] = []
        for key, machine in self._machines.all().items():
            # Nothing changes in a machine that is stopped, so what was seen last need not be looked at again.
            if machine.running or key not in self._seen:
                self._look_into(key)
            at, holdings = self._seen.get(key, (0.0, ()))
            for holding in holdings:
                idle = holding.idle_seconds + time.monotonic() - at
                found.append(replace(holding, running=machine.running, idle_seconds=idle))
        return tuple(found)

    def _look_into(self, key: str) -> None:
        try:
            holdings = wire.holdings_of(self._ask(key, "inventory", {}).header)
        except SandboxLost:
            self._seen.pop(key, None)
        else:
            self._seen[key] = time.monotonic(), holdings

    def _ask(
        self,
        key: str,
        verb: str,
        fields: Json,
        *,
        body: BinaryIO | None = None,
        into: BinaryIO | None = None,
        session: str | None = None,
        waiting: Callable[[], None] = lambda: None,
    ) -> Reply:
        """Have the agent of that machine do something, starting the machine when it does not run."""
        start, size = _extent(body)
        request = wire.line({"verb": verb, **fields, "size": size})
        told, install = "", False
        for attempt in range(_ATTEMPTS):
            try:
                if install:
                    self._agent.install(self._machines, key)
                with closing(self._machines.run(key, self._agent.argv)) as channel:
                    exchange = Exchange(channel, waiting, _LOOK)
                    _send(channel, request, body, start)
                    return exchange.reply(into)
            except MachineAbsent:
                self._machines.start(key, session)
            except CodeMissing:
                install = True
            except BrokenOff as error:
                told = str(error)
                if into is not None and into.tell():
                    break  # half of a snapshot cannot be told from a whole one
                time.sleep(_PAUSE * attempt)
        raise SandboxUnreachable(f"the machine of {key} does not answer: {told or 'it keeps ending'}")


class _Stop:
    """Watches whether the caller wants the command stopped, and says so to the machine."""

    def __init__(self, cancelled: Event, say: Callable[[], object]) -> None:
        self._cancelled = cancelled
        self._say = say
        self._next = 0.0

    def __call__(self) -> None:
        if self._cancelled.is_set() and time.monotonic() >= self._next:
            self._next = time.monotonic() + _CANCEL_EVERY
            self._say()


def _key(reference: str) -> str:
    key, _, token = reference.partition(".")
    if not token or len(key) != 32 or not set(key) <= set("0123456789abcdef"):
        raise SandboxLost(f"there is no workspace {reference}")
    return key


def _extent(body: BinaryIO | None) -> tuple[int, int]:
    """Where the body stands, and how much follows."""
    if body is None:
        return 0, 0
    start = body.tell()
    return start, body.seek(0, os.SEEK_END) - start


def _send(channel: Channel, request: bytes, body: BinaryIO | None, start: int) -> None:
    channel.send(request)
    if body is not None:
        body.seek(start)
        while piece := body.read(1024**2):
            channel.send(piece)
