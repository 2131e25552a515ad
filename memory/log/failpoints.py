"""Named instants at which a test lets a process die: around every commit of the session log and every effect
outside the database.

What stands at a failpoint is handed in where the part is built. In production that is `off`, which does
nothing; there is no switch that could turn it on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

COMMITS = ("receive", "claim", "append", "renew", "rest", "release", "keep_output")
"""The transactions of `memory.log.session_log` that write."""

EFFECTS = ("slack", "model", "workspace", "command", "kill", "push", "pull_request")
"""A call of Slack's Web API; a request to the model; getting a workspace ready; a tool call in it; the end of
one that people stopped; the push of a branch; the opening of its pull request."""

FAILPOINTS = tuple(f"{name}:{side}" for name in (*COMMITS, *EFFECTS) for side in ("before", "after"))

Reached: TypeAlias = Callable[[str], None]
"""Told the name of each failpoint as it is reached."""


def off(_: str) -> None:
    """Nothing happens at any failpoint."""


@contextmanager
def around(reached: Reached, name: str) -> Iterator[None]:
    """One of `EFFECTS` between its failpoints. The second is not reached when the effect raises."""
    reached(f"{name}:before")
    yield
    reached(f"{name}:after")
