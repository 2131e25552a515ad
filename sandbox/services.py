"""Services beside the commands of a workspace, which a repository may ask for."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

POSTGRES = "postgres"
"""A Postgres of the session's own, at `DATABASE_URL`."""


@runtime_checkable
class Services(Protocol):
    """What a sandbox offers beside `Sandbox` when it has services."""

    def provide(self, reference: str, *, service: str, epoch: int) -> bool:
        """Let the commands that start from now on find the service; False where there is none of that name.

        Raises as the methods of `Sandbox` do.
        """
