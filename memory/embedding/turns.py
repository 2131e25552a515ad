"""Taking turns at something that one caller at a time can use, with some callers in more of a hurry."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """One turn at a time. Patient callers wait for all others, and each kind comes in order of arrival."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._taken = False
        self._hurried: deque[object] = deque()
        self._patient: deque[object] = deque()

    @contextmanager
    def turn(self, *, patient: bool = False) -> Iterator[None]:
        """Wait for a turn and hold it while this is open."""
        mine, queue = object(), self._patient if patient else self._hurried
        with self._changed:
            queue.append(mine)
            self._changed.wait_for(lambda: not self._taken and self._next is mine)
            queue.popleft()
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many callers wait."""
        with self._changed:
            return len(self._hurried) + len(self._patient)

    @property
    def _next(self) -> object:
        return (self._hurried or self._patient)[0]
