"""The door of a workspace: the folder of Unix sockets through which commands reach services outside.

Commands see it as `/run/oxbow`, can connect to what is in it and change nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

INSIDE = "/run/oxbow"

EGRESS = "egress.sock"
"""Where the proxy listens (see `egress`); while it is there, commands find a way to the network."""

_ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The folder on the trusted side."""

    folder: Path
    uid: int | None
    """Who must be able to connect: the user of the commands, or None for the user who runs the bot."""

    def tell(self, environment: Mapping[str, str]) -> None:
        """Let commands that start from now on have these variables, instead of those told before."""
        draft = self.folder / f"{_ENVIRONMENT}.{secrets.token_hex(8)}"
        draft.write_text(json.dumps(dict(environment)))
        draft.rename(self.folder / _ENVIRONMENT)


@runtime_checkable
class Doors(Protocol):
    """What a sandbox offers beside `Sandbox` when services on the trusted side can be reached from inside."""

    def door(self, reference: str, *, epoch: int) -> Door | None:
        """The workspace's door; None where it has none. Raises as the methods of `Sandbox` do."""


def told(folder: Path) -> dict[str, str]:
    """The variables that commands shall have."""
    try:
        found: dict[str, str] = json.loads((folder / _ENVIRONMENT).read_text())
    except FileNotFoundError:
        return {}
    return found
