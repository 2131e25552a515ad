"""One request's answer, read from a program inside a machine that may break off or be hostile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from sandbox import wire
from sandbox.errors import SandboxUnavailable
from sandbox.machines import BrokenOff, Channel
from sandbox.port import SNAPSHOT_BYTES
from sandbox.wire import LONGEST_LINE, Json

_LONGEST_BODY = 64 * 1024**2


class CodeMissing(Exception):
    """The machine does not have the agent's code yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the agent answered."""

    header: Json
    body: bytes


class Exchange:
    """Reads the answer; `waiting` is called now and then while nothing comes."""

    def __init__(self, channel: Channel, waiting: Callable[[], None], look: float) -> None:
        self._channel = channel
        self._waiting = waiting
        self._look = look
        self._buffer = bytearray()

    def reply(self, into: BinaryIO | None) -> Reply:
        """The answer, after pieces of a snapshot went to `into`.

        Raises what the agent raised, `BrokenOff`, `CodeMissing`, and `SandboxUnavailable` for a machine that
        cannot run the agent at all.
        """
        taken = 0
        while True:
            header = self._header()
            match header.get("kind"):
                case "piece" if into is not None and taken <= SNAPSHOT_BYTES:
                    taken += into.write(self._body(header))
                case "done":
                    return Reply(header=header, body=self._body(header))
                case "error":
                    raise wire.error_of(header)
                case "missing":
                    raise CodeMissing
                case _:
                    raise BrokenOff(f"the machine answered {str(header)[:200]}")

    def _header(self) -> Json:
        while b"\n" not in self._buffer:
            if len(self._buffer) > LONGEST_LINE:
                raise BrokenOff("the machine answers without end")
            self._more()
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        try:
            return wire.header(line)
        except ValueError as error:
            raise BrokenOff(str(error)) from error

    def _body(self, header: Json) -> bytes:
        size = header.get("size", 0)
        if not 0 <= size <= _LONGEST_BODY:
            raise BrokenOff(f"the machine announces {size} bytes")
        while len(self._buffer) < size:
            self._more()
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _more(self) -> None:
        while (piece := self._channel.receive(self._look)) is None:
            self._waiting()
        if not piece:
            said = self._channel.trouble().strip()
            if "SyntaxError" in said or "ImportError" in said:
                raise SandboxUnavailable(f"the image needs bash, git and Python 3.11 or newer: {said}")
            raise BrokenOff(said or "the connection ended")
        self._buffer += piece
