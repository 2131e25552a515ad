"""Faults that a test can order: what the next call of a method meets."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The call is refused with that error and changes nothing."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The call is refused with status 429 and Retry-After in seconds."""

    retry_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LostResponse:
    """The call takes effect, then the connection drops: its outcome is unknown to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRequest:
    """The connection drops before the call takes effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowResponse:
    """The call takes effect at once and is answered after `seconds`."""

    seconds: float


Fault: TypeAlias = Refusal | RateLimit | LostResponse | LostRequest | SlowResponse


class Faults:
    """The ordered faults of each method, each for one call, in the order in which they were ordered."""

    def __init__(self) -> None:
        self._ordered: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def order(self, method: str, fault: Fault) -> None:
        """The next call that no earlier order waits for meets the fault."""
        self._ordered[method].append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets, if any."""
        ordered = self._ordered.get(method)
        return ordered.popleft() if ordered else None
