"""The agent: what a worker starts inside a machine (a container, a pod) for each thing it asks of it.

It is the local sandbox once more, on the machine's own disk below `/oxbow`: calls, supervisors and the gate
are the same, so a command outlives the worker's connection and a stale worker is refused on the spot. The
agent is the machine's root with few privileges; commands run as a user of their own, who can neither read nor
write the calls.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import BinaryIO, TypeAlias, cast

from sandbox import wire
from sandbox.calls import Call, call_folder
from sandbox.contained import Contained
from sandbox.errors import SandboxError, SandboxLost
from sandbox.local import LocalSandbox
from sandbox.port import Limits
from sandbox.wire import Json
from sandbox.workspace import find

ROOT = Path("/oxbow")
_KEEPER = 1
"""The machine's first process, which ends the machine when it is told to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request, the sandbox it is for, and where what belongs to it is read and written."""

    sandbox: LocalSandbox
    fields: Json
    body: BinaryIO
    size: int
    out: BinaryIO

    def content(self) -> bytes:
        return self.body.read(self.size)

    def about(self, *names: str) -> Json:
        return {name: self.fields[name] for name in ("reference", "epoch", *names)}

    @property
    def limits(self) -> Limits:
        return Limits(**self.fields["limits"])


_Answer: TypeAlias = tuple[Json, bytes]
_NOTHING: _Answer = ({}, b"")


def _attach(asked: _Asked) -> _Answer:
    fields = asked.fields
    made = asked.sandbox.attach(fields["session"], epoch=fields["epoch"], known=fields["known"])
    return {"reference": made.reference, "state": made.state}, b""


def _execute(asked: _Asked) -> _Answer:
    cancelled = Event()
    if asked.fields["cancelled"]:
        cancelled.set()
    about = asked.about("call", "command")
    return wire.outcome_to(asked.sandbox.execute(**about, limits=asked.limits, cancelled=cancelled))


def _cancel(asked: _Asked) -> _Answer:
    workspace = find(ROOT, asked.fields["reference"], epoch=asked.fields["epoch"])
    folder = call_folder(workspace.calls, asked.fields["call"])
    if folder.is_dir():
        Call(call=asked.fields["call"], folder=folder).cancel()
    return _NOTHING


def _output(asked: _Asked) -> _Answer:
    return {}, asked.sandbox.output(**asked.about("call", "start"))


def _read(asked: _Asked) -> _Answer:
    return {}, asked.sandbox.read(**asked.about("path"))


def _write(asked: _Asked) -> _Answer:
    asked.sandbox.write(**asked.about("call", "path"), content=asked.content())
    return _NOTHING


def _edit(asked: _Asked) -> _Answer:
    asked.sandbox.edit(**asked.about("call", "path", "old", "new"))
    return _NOTHING


def _snapshot(asked: _Asked) -> _Answer:
    asked.sandbox.snapshot(**asked.about(), into=cast(BinaryIO, _Pieces(asked.out)), limits=asked.limits)
    return _NOTHING


def _restore(asked: _Asked) -> _Answer:
    archive = cast(BinaryIO, _Body(asked.body, asked.size))
    asked.sandbox.restore(**asked.about(), archive=archive, limits=asked.limits)
    return _NOTHING


def _suspend(asked: _Asked) -> _Answer:
    asked.sandbox.suspend(**asked.about())
    return {"leave": True}, b""


def _release(asked: _Asked) -> _Answer:
    asked.sandbox.release(**asked.about())
    return {"leave": _empty(asked.sandbox)}, b""


def _inventory(asked: _Asked) -> _Answer:
    holdings = [asdict(holding) for holding in asked.sandbox.inventory()]
    return {"holdings": holdings, "leave": not holdings}, b""


_VERBS: dict[str, Callable[[_Asked], _Answer]] = {
    "attach": _attach,
    "execute": _execute,
    "cancel": _cancel,
    "output": _output,
    "read": _read,
    "write": _write,
    "edit": _edit,
    "snapshot": _snapshot,
    "restore": _restore,
    "suspend": _suspend,
    "release": _release,
    "inventory": _inventory,
}


def main() -> None:
    """Answer the one request on stdin."""
    given, out = sys.stdin.buffer, sys.stdout.buffer
    fields = wire.header(given.readline())
    sandbox = LocalSandbox(ROOT, Contained())
    # Commands pass through these folders to their own files; what they may not see is closed itself.
    (ROOT / "sessions").chmod(0o711)
    asked = _Asked(sandbox=sandbox, fields=fields, body=given, size=fields.get("size", 0), out=out)
    try:
        answer, body = _VERBS[fields["verb"]](asked)
        leave = answer.pop("leave", False)
        out.write(wire.line({"kind": "done", **answer, "size": len(body)}) + body)
    except SandboxError as error:
        leave = isinstance(error, SandboxLost) and _empty(sandbox)
        out.write(wire.line(wire.error_to(error)))
    out.flush()
    if leave:
        # From in here, the gate passed: no stale worker can stop a machine that it does not hold.
        os.kill(_KEEPER, signal.SIGTERM)


def _empty(sandbox: LocalSandbox) -> bool:
    return not sandbox.inventory()


class _Pieces(io.RawIOBase):
    """Sends what is written to it piece by piece."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # a buffer of bytes, as its callers give
        self._out.write(wire.line({"kind": "piece", "size": len(piece)}) + piece)
        return len(piece)


class _Body(io.RawIOBase):
    """The body of the request, from which no more than it can be read."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source = source
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data
