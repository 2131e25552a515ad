"""How the worker and the agent inside a machine talk: a line of JSON, then as many bytes as it announces.

The worker trusts nothing that comes back: it is data, and of bounded size.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, TypeAlias

from sandbox import errors
from sandbox.port import Cancelled, Finished, Holding, Outcome, TimedOut, Unknown

Json: TypeAlias = dict[str, Any]

LONGEST_LINE = 1024**2
"""Bytes. An inventory of thousands of workspaces fits."""

_OUTCOMES: dict[str, type[Finished | TimedOut | Cancelled]] = {
    "Finished": Finished,
    "TimedOut": TimedOut,
    "Cancelled": Cancelled,
}
_ERRORS: dict[str, type[errors.SandboxError]] = {
    kind.__name__: kind
    for kind in (
        errors.SandboxUnavailable,
        errors.SandboxLost,
        errors.SandboxUnreachable,
        errors.StaleEpoch,
        errors.CallConflict,
        errors.SnapshotFailed,
        errors.FileProblem,
    )
}


def line(header: Json) -> bytes:
    """A header as it goes over the wire."""
    return json.dumps(header).encode() + b"\n"


def header(text: bytes) -> Json:
    """A header as it came. Raises ValueError."""
    found = json.loads(text)
    if isinstance(found, dict) and isinstance(found.get("size"), int):
        return found
    raise ValueError(f"this is no header: {text[:200]!r}")


def outcome_to(outcome: Outcome) -> tuple[Json, bytes]:
    """An outcome as a header and a body."""
    if isinstance(outcome, Unknown):
        return {"outcome": "Unknown", "reason": outcome.reason}, b""
    fields = asdict(outcome)
    body: bytes = fields.pop("output")
    return {"outcome": type(outcome).__name__, **fields}, body


def outcome_of(found: Json, body: bytes) -> Outcome:
    """The outcome that was sent. Raises `SandboxUnreachable` for anything else."""
    fields = {name: value for name, value in found.items() if name not in {"outcome", "kind", "size"}}
    try:
        if found["outcome"] == "Unknown":
            return Unknown(**fields)
        return _OUTCOMES[found["outcome"]](output=body, **fields)
    except (KeyError, TypeError) as error:
        raise errors.SandboxUnreachable(f"the machine answers nonsense: {error}") from error


def holdings_of(found: Json) -> tuple[Holding, ...]:
    """The inventory that was sent. Raises `SandboxUnreachable` for anything else."""
    try:
        return tuple(Holding(**each) for each in found["holdings"])
    except (KeyError, TypeError) as error:
        raise errors.SandboxUnreachable(f"the machine answers nonsense: {error}") from error


def error_to(error: errors.SandboxError) -> Json:
    """An error as a header."""
    return {"kind": "error", "error": type(error).__name__, "text": str(error), "size": 0}


def error_of(found: Json) -> errors.SandboxError:
    """The error that was sent, or one that says that the machine does not answer sensibly."""
    kind = _ERRORS.get(str(found.get("error")), errors.SandboxUnreachable)
    return kind(str(found.get("text")))
