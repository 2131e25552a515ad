"""The app manifest: the scopes and events that the code uses, and none that could read private places."""

from __future__ import annotations

from bot.slack.asking import SHORTCUT
from bot.slack.scopes import EVENTS, SCOPES
from memory.events import Json


def manifest(*, request_url: str | None) -> Json:
    """The manifest for Socket Mode, or for HTTP when `request_url` is given."""
    socket = request_url is None
    address: Json = {} if socket else {"request_url": request_url}
    command = {
        "command": "/oxbow",
        "description": "Search solved problems and see what Oxbow is doing",
        "usage_hint": "search KeyError tz import | status | settings | help",
        "should_escape": True,
    }
    return {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": "Oxbow",
            "description": "Works on problems in public threads and remembers what was solved",
            "background_color": "#1d3b36",
        },
        "features": {
            # Without a tab for messages nobody writes to the bot where it cannot read.
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": False},
            "bot_user": {"display_name": "Oxbow", "always_online": True},
            "slash_commands": [command if socket else command | {"url": request_url}],
            "shortcuts": [
                {
                    "name": "Ask Oxbow",
                    "type": "message",
                    "callback_id": SHORTCUT,
                    "description": "Look into this message in its thread",
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }
