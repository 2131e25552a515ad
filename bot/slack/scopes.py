"""The scopes that the code needs, by what needs them. None of them reads a private place."""

from __future__ import annotations

from collections.abc import Mapping

METHODS: Mapping[str, str | None] = {
    "apps.connections.open": None,
    "auth.test": None,
    "chat.delete": "chat:write",
    "chat.getPermalink": None,
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.info": "channels:read",
    "conversations.list": "channels:read",
    "conversations.replies": "channels:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "reactions.add": "reactions:write",
    "users.conversations": "channels:read",
    "users.info": "users:read",
    "views.publish": None,
}
"""Every method of the Web API that the code calls, with the scope of a bot token that Slack wants for it in
public channels. apps.connections.open takes the app-level token."""

EVENTS: Mapping[str, str | None] = {
    "agent_session_stopped": "chat:write",
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_deleted": "channels:read",
    "channel_left": "channels:read",
    "channel_rename": "channels:read",
    "channel_shared": "channels:read",
    "channel_unarchive": "channels:read",
    "channel_unshared": "channels:read",
    "message.channels": "channels:history",
    "reaction_added": "reactions:read",
}
"""Every event that the app subscribes to, with its scope. A conversion to private is told as a message, where
it is told at all."""

TAKEN_BACK = ("app_uninstalled", "tokens_revoked")
"""Events that say that an installation is over. They need no scope, and matter where there are several."""

FEATURES: Mapping[str, str] = {"slash_commands": "commands", "shortcuts": "commands"}
"""Features of the manifest that have a scope of their own."""

SCOPES = tuple(
    sorted({scope for scope in (*METHODS.values(), *EVENTS.values(), *FEATURES.values()) if scope})
)
