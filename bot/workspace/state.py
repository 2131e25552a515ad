"""Who and what is in the workspace: people, channels, messages.

Plain state with plain rules: it sends nothing and knows no thread. Whoever uses it from several threads
holds `bot.workspace.world.World`'s lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.workspace.channels import Channel, direct_message, founding_channels
from bot.workspace.errors import NoSuchThing, SlackError
from bot.workspace.files import StoredFile, Upload
from bot.workspace.messages import Message, Reaction
from bot.workspace.people import OXBOW, PEOPLE, Person
from bot.workspace.wire import TimeStamps


class State:
    """The present state; a message is replaced when it changes, never altered."""

    def __init__(self, time_stamps: TimeStamps | None = None) -> None:
        self.time_stamps = time_stamps or TimeStamps()
        self.people: dict[str, Person] = {person.id: person for person in PEOPLE}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in founding_channels()}
        for number, person in enumerate(person for person in PEOPLE if not person.is_bot):
            conversation = direct_message(number + 1, person.id)
            self.channels[conversation.id] = conversation
        self.files: dict[str, StoredFile] = {}
        self.uploads: dict[str, Upload] = {}
        """By the secret part of the address that takes the bytes."""
        self._messages: dict[str, dict[str, Message]] = {channel: {} for channel in self.channels}

    # Names, as tests and the page use them

    def person(self, name: str) -> Person:
        """By identifier or handle. Raises NoSuchThing."""
        for person in self.people.values():
            if name in (person.id, person.name):
                return person
        raise NoSuchThing("person", name, [person.name for person in self.people.values()])

    def channel(self, name: str) -> Channel:
        """By identifier or name, with or without the hash sign. Raises NoSuchThing."""
        for channel in self.channels.values():
            if channel.kind != "direct_message" and name.removeprefix("#") == channel.name:
                return channel
        if name in self.channels:
            return self.channels[name]
        raise NoSuchThing("channel", name, [channel.name for channel in self.channels.values()])

    def direct_message_with(self, person: str) -> Channel:
        """The direct message between that person and Oxbow."""
        for channel in self.channels.values():
            if channel.kind == "direct_message" and person in channel.members:
                return channel
        raise SlackError("user_not_found")

    # Channels

    def change_channel(self, channel: Channel) -> None:
        """Put the channel's new description in the place of the old one."""
        self.channels[channel.id] = channel
        self._messages.setdefault(channel.id, {})

    def delete_channel(self, channel: str) -> None:
        """Remove the channel and all that was said there."""
        del self.channels[channel]
        del self._messages[channel]

    # Messages

    def message(self, channel: str, ts: str) -> Message:
        """Raises SlackError `message_not_found`."""
        found = self._messages.get(channel, {}).get(ts)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def put(self, message: Message) -> None:
        """Add the message, or replace the one of the same time stamp."""
        self._messages[message.channel][message.ts] = message

    def remove(self, message: Message) -> Message | None:
        """Take the message away; a root that has replies leaves a tombstone, which is returned."""
        if not self.replies(message):
            del self._messages[message.channel][message.ts]
            return None
        tombstone = Message(
            ts=message.ts,
            channel=message.channel,
            author=message.author,
            text="This message was deleted.",
            subtype="tombstone",
        )
        self.put(tombstone)
        return tombstone

    def everything(self, channel: str) -> Iterator[Message]:
        """Every message of the channel, replies and ephemeral ones too, oldest first."""
        return iter(sorted(self._messages[channel].values(), key=lambda message: message.ts))

    def history(self, channel: str) -> list[Message]:
        """What the channel itself shows to everybody, oldest first."""
        return [
            message
            for message in self.everything(channel)
            if message.is_in_channel and message.visible_to is None
        ]

    def replies(self, root: Message) -> list[Message]:
        """The replies in the root's thread, oldest first."""
        return [
            message
            for message in self.everything(root.channel)
            if message.thread_ts == root.ts and message.visible_to is None
        ]

    def root_of(self, channel: str, ts: str) -> Message:
        """The root of the thread in which the message stands. Raises SlackError `thread_not_found`."""
        message = self._messages.get(channel, {}).get(ts)
        if message is None:
            raise SlackError("thread_not_found")
        return message if message.thread_ts is None else self.root_of(channel, message.thread_ts)

    # Reactions

    def react(self, message: Message, name: str, person: str) -> Message:
        """The message with the reaction. Raises SlackError `already_reacted`."""
        users = next((reaction.users for reaction in message.reactions if reaction.name == name), ())
        if person in users:
            raise SlackError("already_reacted")
        if users:
            reactions: Iterable[Reaction] = (
                replace(reaction, users=(*users, person)) if reaction.name == name else reaction
                for reaction in message.reactions
            )
        else:
            reactions = (*message.reactions, Reaction(name=name, users=(person,)))
        return self._with_reactions(message, reactions)

    def unreact(self, message: Message, name: str, person: str) -> Message:
        """The message without the reaction. Raises SlackError `no_reaction`."""
        if not any(reaction.name == name and person in reaction.users for reaction in message.reactions):
            raise SlackError("no_reaction")
        reactions = (
            replace(reaction, users=tuple(user for user in reaction.users if user != person))
            if reaction.name == name
            else reaction
            for reaction in message.reactions
        )
        return self._with_reactions(message, (reaction for reaction in reactions if reaction.users))

    def _with_reactions(self, message: Message, reactions: Iterable[Reaction]) -> Message:
        changed = replace(message, reactions=tuple(reactions))
        self.put(changed)
        return changed

    @property
    def oxbow(self) -> Person:
        return self.people[OXBOW]
