"""The payloads of commands, buttons, shortcuts and views. Pure."""

from __future__ import annotations

import time

from bot.workspace.channels import Channel
from bot.workspace.messages import Message
from bot.workspace.people import APP, OXBOW_BOT, TEAM, TEAM_DOMAIN, Person
from bot.workspace.views import View
from bot.workspace.wire import Json

_TOKEN = "verification-token-of-the-local-workspace"  # noqa: S105 (obsolete in Slack; still sent, never checked)


def command(
    person: Person, channel: Channel, name: str, text: str, *, trigger_id: str, response_url: str
) -> Json:
    """A slash command, as form fields; it knows no thread."""
    return {
        "token": _TOKEN,
        "team_id": TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": _channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def block_actions(
    person: Person,
    message: Message,
    channel: Channel,
    action: Json,
    *,
    trigger_id: str,
    response_url: str,
) -> Json:
    """A button or menu in a message; of an ephemeral message Slack does not send the content."""
    ephemeral = message.visible_to is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    body = _interaction("block_actions", person, trigger_id) | {
        "container": container,
        "channel": {"id": channel.id, "name": _channel_name(channel)},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }
    return body if ephemeral else body | {"message": message.as_json()}


def view_actions(person: Person, view: View, action: Json, *, trigger_id: str) -> Json:
    """A button or menu in a modal or in the App Home."""
    return _interaction("block_actions", person, trigger_id) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view.body,
        "state": view.body["state"],
        "actions": [action],
    }


def message_action(
    person: Person,
    message: Message,
    channel: Channel,
    callback_id: str,
    *,
    trigger_id: str,
    response_url: str,
) -> Json:
    """A message shortcut."""
    return _interaction("message_action", person, trigger_id) | {
        "callback_id": callback_id,
        "action_ts": _now(),
        "channel": {"id": channel.id, "name": _channel_name(channel)},
        "message_ts": message.ts,
        "message": message.as_json(),
        "response_url": response_url,
    }


def view_submission(person: Person, view: View, *, trigger_id: str) -> Json:
    """A modal was submitted."""
    return _interaction("view_submission", person, trigger_id) | {"view": view.body, "response_urls": []}


def view_closed(person: Person, view: View, *, trigger_id: str) -> Json:
    """A modal was dismissed; sent only for views that ask for it."""
    return _interaction("view_closed", person, trigger_id) | {"view": view.body, "is_cleared": False}


def action(element: Json, block_id: str, chosen: Json | None) -> Json:
    """The element that was used; `chosen` is the option of a menu."""
    described: Json = {
        "type": element["type"],
        "action_id": element.get("action_id", ""),
        "block_id": block_id,
        "action_ts": _now(),
    }
    kept = {key: element[key] for key in ("text", "value", "style") if key in element}
    return described | kept | ({} if chosen is None else {"selected_option": chosen})


def find_element(blocks: tuple[Json, ...] | list[Json], action_id: str) -> tuple[Json, str] | None:
    """The interactive element of that name and the identifier of its block."""
    for block in blocks:
        elements = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for element in elements:
            if isinstance(element, dict) and element.get("action_id") == action_id:
                return element, block["block_id"]
    return None


def action_ids(blocks: tuple[Json, ...] | list[Json]) -> list[str]:
    """The names of all interactive elements."""
    return [
        element["action_id"]
        for block in blocks
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element"))
        if isinstance(element, dict) and "action_id" in element
    ]


def _interaction(kind: str, person: Person, trigger_id: str) -> Json:
    return {
        "type": kind,
        "user": {
            "id": person.id,
            "username": person.name,
            "name": person.name,
            "team_id": person.team,
        },
        "api_app_id": APP,
        "bot_id": OXBOW_BOT,
        "token": _TOKEN,
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": trigger_id,
    }


def _channel_name(channel: Channel) -> str:
    names = {"direct_message": "directmessage", "private": "privategroup", "group_message": channel.name}
    return names.get(channel.kind, channel.name)


def _now() -> str:
    return f"{time.time():.6f}"
