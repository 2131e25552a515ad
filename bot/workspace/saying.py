"""What people say in the workspace: words, files, forwarded messages, edits, reactions; from any thread."""

from __future__ import annotations

import uuid

from bot.workspace.channels import Channel
from bot.workspace.errors import SlackError
from bot.workspace.files import StoredFile
from bot.workspace.messages import Message, forwarded
from bot.workspace.people import Person
from bot.workspace.typed import rich_text, wire_text
from bot.workspace.wire import identifier
from bot.workspace.world import World


class Saying:
    """People and channels are named by identifier or by name (`ada`, `general`).

    Raises NoSuchThing for a name that is not known, SlackError for what Slack would refuse to a person.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def url(self) -> str:
        """Address of the page, without a slash at the end."""
        raise NotImplementedError

    def post(
        self, user: str, channel: str, text: str, thread_ts: str | None = None, *, broadcast: bool = False
    ) -> str:
        """Somebody writes, as typed (`@Oxbow …`) or in Slack's form; returns the message's time stamp."""
        with self._world.changed:
            person, place = self._present(user, channel)
            thread = None if thread_ts is None else self._world.state.root_of(place.id, thread_ts).ts
            sent = self._wire_text(text)
            message = Message(
                ts=self._world.state.time_stamps.next(),
                channel=place.id,
                author=person,
                text=sent,
                blocks=({"block_id": "r0", **rich_text(sent)},),
                client_msg_id=None if person.is_bot else str(uuid.uuid4()),
                thread_ts=thread,
                subtype="thread_broadcast" if thread is not None and broadcast else None,
            )
            return self._world.post(message).ts

    def forward(
        self, user: str, source: tuple[str, str], channel: str, text: str = "", thread_ts: str | None = None
    ) -> str:
        """Somebody forwards a message, named by its channel and time stamp, with words of their own."""
        with self._world.changed:
            person, place = self._present(user, channel)
            original = self._message(*source)
            message = Message(
                ts=self._world.state.time_stamps.next(),
                channel=place.id,
                author=person,
                text=self._wire_text(text),
                thread_ts=thread_ts,
                attachments=(forwarded(original),),
            )
            return self._world.post(message).ts

    def share_file(  # noqa: PLR0913 - what a client sends with a file
        self,
        user: str,
        channel: str,
        name: str,
        content: bytes,
        text: str = "",
        thread_ts: str | None = None,
        *,
        mimetype: str = "text/plain",
        stub: bool = False,
    ) -> str:
        """Somebody shares a file, perhaps with words; `stub`: the event tells of it by its id alone."""
        with self._world.changed:
            person, place = self._present(user, channel)
            file = StoredFile(
                id=identifier("F"),
                name=name,
                mimetype=mimetype,
                owner=person.id,
                content=content,
                host=self.url,
            )
            self._world.state.files[file.id] = file
            message = Message(
                ts=self._world.state.time_stamps.next(),
                channel=place.id,
                author=person,
                text=self._wire_text(text),
                thread_ts=thread_ts,
                subtype="file_share",
                files=(file.as_stub() if stub else file.as_json(),),
            )
            return self._world.post(message).ts

    def post_as_integration(
        self, channel: str, text: str, username: str, thread_ts: str | None = None
    ) -> str:
        """An old integration writes under a name of its choice: subtype `bot_message`, no user."""
        with self._world.changed:
            message = Message(
                ts=self._world.state.time_stamps.next(),
                channel=self._world.state.channel(channel).id,
                author=self._world.state.person("deploybot"),
                text=text,
                thread_ts=thread_ts,
                subtype="bot_message",
                username=username,
            )
            return self._world.post(message).ts

    def edit(self, channel: str, ts: str, text: str) -> None:
        """The author replaces the text of a message."""
        with self._world.changed:
            sent = self._wire_text(text)
            blocks = ({"block_id": "r0", **rich_text(sent)},)
            self._world.edit(self._message(channel, ts), text=sent, blocks=blocks)

    def unfurl(self, channel: str, ts: str) -> None:
        """Slack adds a preview to a message: an event without a change of the text."""
        self._world.unfurl(self._message(channel, ts))

    def delete(self, channel: str, ts: str) -> None:
        """The author takes a message away."""
        self._world.delete(self._message(channel, ts))

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Somebody adds a reaction, named without colons."""
        self._world.react(self._message(channel, ts), name, self._world.state.person(user))

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """Somebody takes a reaction back."""
        self._world.unreact(self._message(channel, ts), name, self._world.state.person(user))

    def stop_session(self, user: str, channel: str, thread_ts: str) -> None:
        """Somebody presses Slack's own stop button in a thread."""
        state = self._world.state
        root = state.root_of(state.channel(channel).id, thread_ts)
        self._world.stop_session(root, state.person(user))

    # Inside

    def _message(self, channel: str, ts: str) -> Message:
        return self._world.state.message(self._world.state.channel(channel).id, ts)

    def _present(self, user: str, channel: str) -> tuple[Person, Channel]:
        """The person in the channel; whoever writes in a public channel has joined it."""
        state = self._world.state
        person, place = state.person(user), state.channel(channel)
        if person.id not in place.members:
            if place.kind != "public":
                raise SlackError("not_in_channel")
            self._world.join(place, person)
        return person, place

    def _wire_text(self, typed: str) -> str:
        state = self._world.state
        people = {
            name.lower(): person.id
            for person in state.people.values()
            for name in (person.name, person.display_name)
        }
        channels = {channel.name: channel.id for channel in state.channels.values()}
        return wire_text(typed, people, channels)
