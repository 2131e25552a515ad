"""The events of what commands asked of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRequest:
    """What a command asked of the network. It holds no header, no query and no secret."""

    method: str
    """`CONNECT` for a tunnel, of whose content nothing is known."""
    host: str
    port: int
    path: str
    allowed: bool
    reason: str
    """Why it was refused or failed; empty otherwise."""
    status: int | None
    sent_bytes: int
    received_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkUsed:
    """A call asked something of the network; recorded together with its end."""

    VERSION: ClassVar[int] = 1
    call: str
    requests: tuple[NetworkRequest, ...]
    more: int
    """Requests beyond those kept."""
