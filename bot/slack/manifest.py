"""The app manifest: the scopes and events that the code uses, and none that could read private places."""

from __future__ import annotations

from urllib.parse import urljoin

from bot.slack.answering.asking import SHORTCUT
from bot.slack.scopes import EVENTS, SCOPES, TAKEN_BACK
from memory.log.events import Json


def manifest(*, request_url: str | None, several: bool = False) -> Json:
    """The manifest for Socket Mode, or with `request_url` for HTTP, then for `several` workspaces too."""
    socket = request_url is None
    address: Json = {} if socket else {"request_url": request_url}
    back = {"redirect_urls": [urljoin(str(request_url), "/slack/oauth_redirect")]} if several else {}
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
        "oauth_config": {**back, "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": [*EVENTS, *(TAKEN_BACK if several else ())]},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": several,
        },
    }
