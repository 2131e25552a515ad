"""Which scopes the installed app was granted, and which a method needs."""

from __future__ import annotations

from bot.workspace.channels import Channel
from bot.workspace.errors import SlackError

PUBLIC_SCOPES = frozenset(
    {
        *("app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write"),
        *("commands", "files:read", "files:write", "reactions:read", "reactions:write", "users:read"),
    }
)
"""What a bot for public channels asks for; none of them opens a private place."""

_FAMILIES = {
    "public": "channels",
    "private": "groups",
    "group_message": "mpim",
    "direct_message": "im",
}


def require(granted: frozenset[str], scope: str) -> None:
    """Raises SlackError `missing_scope` with what was needed and what is provided."""
    if scope not in granted:
        raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(granted)))


def require_any(granted: frozenset[str], right: str) -> None:
    """The same, for a right (`read` or `history`) on conversations of at least one kind."""
    needed = [f"{family}:{right}" for family in _FAMILIES.values()]
    if granted.isdisjoint(needed):
        raise SlackError("missing_scope", needed=",".join(needed), provided=",".join(sorted(granted)))


def opens(granted: frozenset[str], right: str, channel: Channel) -> bool:
    """Whether the scopes give that right on a conversation of this kind."""
    return f"{_FAMILIES[channel.kind]}:{right}" in granted
