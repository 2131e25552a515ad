"""Everything the page needs when it opens, as one person sees it. Pure."""

from __future__ import annotations

from bot.workspace.channels import Channel
from bot.workspace.messages import Message
from bot.workspace.people import OXBOW, TEAM_NAME, Person
from bot.workspace.state import State
from bot.workspace.views import Views
from bot.workspace.wire import Json


def scene(state: State, views: Views, person: Person) -> Json:
    """People, the person's conversations with their messages, the App Home and an open modal."""
    channels = [channel for channel in state.channels.values() if _sees(person, channel)]
    home, view = views.home(person.id), views.latest(person.id)
    return {
        "team": TEAM_NAME,
        "me": person.id,
        "bot": OXBOW,
        "people": [_person(other) for other in state.people.values()],
        "channels": [_channel(channel, person) for channel in channels],
        "messages": {channel.id: _messages(state, channel, person) for channel in channels},
        "home": None if home is None else home.body,
        "view": None if view is None else view.body,
    }


def shows_file(state: State, person: Person, file: str) -> bool:
    """Whether one of the messages that the person sees has the file."""
    channels = [channel for channel in state.channels.values() if _sees(person, channel)]
    messages = (message for channel in channels for message in _messages(state, channel, person))
    return any(item["id"] == file for message in messages for item in message.get("files", ()))


def _sees(person: Person, channel: Channel) -> bool:
    if person.id in channel.members:
        return True
    return channel.kind == "public" and not (person.is_guest or person.is_stranger)


def _messages(state: State, channel: Channel, person: Person) -> list[Json]:
    def seen(message: Message) -> bool:
        return message.visible_to in (None, person.id)

    return [
        message.as_json(state.replies(message)) for message in state.everything(channel.id) if seen(message)
    ]


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "display_name": person.display_name,
        "title": person.title,
        "is_bot": person.is_bot,
        "is_guest": person.is_guest,
        "is_stranger": person.is_stranger,
    }


def _channel(channel: Channel, viewer: Person) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "purpose": channel.purpose,
        "sharing": channel.sharing,
        "is_archived": channel.is_archived,
        "is_member": viewer.id in channel.members,
        "has_bot": OXBOW in channel.members,
        "members": sorted(channel.members),
    }
