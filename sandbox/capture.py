"""The output of a command: everything is read, head and tail are kept, the middle is counted.

Whoever follows the command reads what was written so far from a file beside it.
"""

from __future__ import annotations

import os
import select
import time

_CHUNK = 256 * 1024
_STREAM_BYTES = 1024**2  # as in `port`, whose import would cost every command 8 ms


class Capture:
    """Takes any amount of output in a fixed amount of memory."""

    def __init__(self, limit: int, stream: int | None = None) -> None:
        self._half = limit // 2
        self._stream = stream
        self._room = _STREAM_BYTES
        self._head = bytearray()
        self._tail = bytearray()
        self._notes: list[str] = []
        self.dropped = 0

    def take(self, pipe: int) -> bool:
        """Read what is there; False at the end of the output."""
        data = os.read(pipe, _CHUNK)
        if self._stream is not None and self._room:
            self._room -= os.write(self._stream, data[: self._room])
        self.add(data)
        return bool(data)

    def add(self, data: bytes) -> None:
        """Keep what belongs to head and tail."""
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        excess = len(self._tail) - self._half
        if excess > 0:
            del self._tail[:excess]
            self.dropped += excess

    def drain(self, pipe: int, seconds: float) -> None:
        """Read on until the end, at most so long."""
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        give_up = time.monotonic() + seconds
        while (left := give_up - time.monotonic()) > 0 and poll.poll(left * 1000):
            if not self.take(pipe):
                return

    def note(self, lines: list[str]) -> None:
        """Say something about the command below its output."""
        self._notes += lines

    def text(self) -> bytes:
        """What is kept, with a line where something is missing."""
        cut = f"\n[{self.dropped} bytes dropped here]\n".encode() if self.dropped else b""
        kept = bytes(self._head) + cut + bytes(self._tail)
        start = b"" if kept.endswith(b"\n") or not kept else b"\n"
        notes = "".join(f"[{note}]\n" for note in self._notes).encode()
        return kept + start + notes if notes else kept
