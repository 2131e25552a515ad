"""What can happen in the workspace: each method changes the state and tells the app and the page.

There is one lock for the state and the journal: a condition variable, notified after every change, so that
tests can wait for what they expect to see. Nobody holds it while waiting for the network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from bot.workspace import events
from bot.workspace.channels import Channel
from bot.workspace.errors import SlackError
from bot.workspace.events import Event
from bot.workspace.feed import Change, Feed
from bot.workspace.messages import Message
from bot.workspace.people import OXBOW, Person
from bot.workspace.state import State
from bot.workspace.wire import Json

Send: TypeAlias = Callable[[Event], None]


class World:
    """The state, its lock, and who hears of changes.

    `direct_messages` says whether the app is subscribed to `message.im`; nothing else is told of direct
    messages, group messages and private channels but a mention (Slack delivers `app_mention` there too,
    except in direct messages).
    """

    def __init__(
        self,
        *,
        state: State,
        changed: threading.Condition,
        feed: Feed,
        send: Send,
        direct_messages: bool,
    ) -> None:
        self.state = state
        self.changed = changed
        self._feed = feed
        self._send = send
        self._direct_messages = direct_messages

    # Messages

    def post(self, message: Message) -> Message:
        """Say something; the channel must exist and not be archived. Raises SlackError `is_archived`."""
        with self.changed:
            channel = self.state.channels[message.channel]
            if channel.is_archived:
                raise SlackError("is_archived")
            root = None if message.thread_ts is None else self.state.message(channel.id, message.thread_ts)
            self.state.put(message)
            self._show(message)
            if root is not None:
                self._show(root)
            if message.visible_to is None:
                self._tell_posted(message, channel, root)
            self.changed.notify_all()
        return message

    def edit(self, message: Message, **changes: object) -> Message:
        """Replace parts of a message; `text` and `blocks` count as an edit by the author."""
        with self.changed:
            edited_ts = self.state.time_stamps.next()
            new = replace(message, edited_ts=edited_ts, **changes)  # type: ignore[arg-type]
            self._replace(message, new)
            mentioned = message.author.id != OXBOW and events.mentions(new.text, new.blocks, OXBOW)
            channel = self.state.channels[message.channel]
            if mentioned and new.visible_to is None and self._hears_mentions(channel):
                self._tell(events.app_mention(new, channel, edited_ts), channel)
        return new

    def unfurl(self, message: Message) -> None:
        """Slack attaches a preview: a `message_changed` without a change of the text."""
        preview = {
            "id": len(message.attachments) + 1,
            "fallback": "Preview of a link",
            "from_url": "about:blank",
        }
        self._replace(message, replace(message, attachments=(*message.attachments, preview)))

    def delete(self, message: Message) -> None:
        """Take a message away."""
        with self.changed:
            channel = self.state.channels[message.channel]
            old = self._json(message)
            tombstone = self.state.remove(message)
            if message.visible_to is None:
                self._tell_deleted(old, tombstone, channel)
            if tombstone is None:
                body = {"channel": message.channel, "ts": message.ts}
                self._feed.publish(Change(kind="gone", body=body, only_for=message.visible_to))
                self._show_root(message)
            else:
                self._show(tombstone)
            self.changed.notify_all()

    def react(self, message: Message, name: str, person: Person) -> None:
        """Add a reaction. Raises SlackError `already_reacted`."""
        with self.changed:
            self._reacted("reaction_added", name, person, self.state.react(message, name, person.id))

    def unreact(self, message: Message, name: str, person: Person) -> None:
        """Remove a reaction. Raises SlackError `no_reaction`."""
        with self.changed:
            self._reacted("reaction_removed", name, person, self.state.unreact(message, name, person.id))

    def stop_session(self, root: Message, person: Person) -> None:
        """Press Slack's own stop button in a thread."""
        with self.changed:
            event_ts = self.state.time_stamps.next()
            self._tell(events.session_stopped(person, root, event_ts), self.state.channels[root.channel])

    # Channels

    def join(self, channel: Channel, person: Person) -> None:
        """Become a member; nothing happens to a member."""
        with self.changed:
            if person.id not in channel.members:
                joined = replace(channel, members=channel.members | {person.id})
                self._change_channel(joined)
                self._tell_members("member_joined_channel", person, joined)

    def leave(self, channel: Channel, person: Person) -> None:
        """Stop being a member."""
        with self.changed:
            left = replace(channel, members=channel.members - {person.id})
            self._change_channel(left)
            self._tell_members("member_left_channel", person, channel)

    def archive(self, channel: Channel, person: Person) -> None:
        """Close the channel for writing. Slack takes the bots out of it."""
        bots = {member for member in channel.members if self.state.people[member].is_bot}
        with self.changed:
            self._tell_closed("channel_archive", channel, person)
            self._change_channel(replace(channel, is_archived=True, members=channel.members - bots))

    def unarchive(self, channel: Channel, person: Person) -> None:
        """Open it again; bots do not come back by themselves."""
        with self.changed:
            self._change_channel(replace(channel, is_archived=False))
            self._tell_closed("channel_unarchive", channel, person)

    def delete_channel(self, channel: Channel, person: Person) -> None:
        """Remove the channel for good."""
        with self.changed:
            self.state.delete_channel(channel.id)
            self._tell_closed("channel_deleted", channel, person)
            self._feed.publish(Change(kind="channel_gone", body={"channel": channel.id}))
            self.changed.notify_all()

    def rename(self, channel: Channel, name: str) -> None:
        """Give the channel another name."""
        with self.changed:
            renamed = replace(channel, name=name)
            self._change_channel(renamed)
            if renamed.kind == "public":
                self._tell(events.channel_rename(renamed, self.state.time_stamps.next()), renamed)

    def convert_to_private(self, channel: Channel) -> None:
        """Make it private under its old identifier; an app with public scopes alone is not told."""
        with self.changed:
            self._change_channel(replace(channel, kind="private"))

    def convert_to_public(self, channel: Channel, person: Person) -> None:
        """Make it public; a notice in the channel marks where."""
        with self.changed:
            self._change_channel(replace(channel, kind="public"))
            notice = Message(
                ts=self.state.time_stamps.next(),
                channel=channel.id,
                author=person,
                text=f"<@{person.id}> made this channel *public*. Any member can see it and join.",
                subtype="channel_convert_to_public",
            )
            self.state.put(notice)
            self._show(notice)

    def share(self, channel: Channel, *, pending: bool) -> None:
        """Share it with another organisation; a pending invitation is told to nobody."""
        with self.changed:
            shared = replace(channel, sharing="pending" if pending else "external")
            self._change_channel(shared)
            if not pending:
                self._tell(events.channel_shared(shared, self.state.time_stamps.next()), shared)

    def unshare(self, channel: Channel) -> None:
        """End the sharing."""
        with self.changed:
            alone = replace(channel, sharing="none")
            self._change_channel(alone)
            self._tell(events.channel_shared(alone, self.state.time_stamps.next()), alone)

    def open_home(self, person: Person, tab: str, view: Json | None) -> None:
        """Somebody looks at the app's home."""
        with self.changed:
            channel = self.state.direct_message_with(person.id)
            event_ts = self.state.time_stamps.next()
            self._tell(events.app_home_opened(person, channel, tab, view, event_ts), channel)

    def show(self, change: Change) -> None:
        """Tell the page of something that is not a message, and wake who waits."""
        with self.changed:
            self._feed.publish(change)
            self.changed.notify_all()

    # What the app is told

    def tell(self, inner: Json, channel: Channel | None) -> None:
        """Send an event to the app."""
        with self.changed:
            self._tell(inner, channel)

    def drop_events(self, minute: int) -> None:
        """Tell the app that its events of a minute were dropped."""
        with self.changed:
            self._send(events.drops_events(minute))

    def _tell(self, inner: Json, channel: Channel | None) -> None:
        self._send(events.callback(inner, channel))

    def _tell_posted(self, message: Message, channel: Channel, root: Message | None) -> None:
        mentioned = message.author.id != OXBOW and events.mentions(message.text, message.blocks, OXBOW)
        if mentioned and self._hears_mentions(channel):
            self._tell(events.app_mention(message, channel, message.ts), channel)
        if self._hears_messages(channel):
            self._tell(events.message_posted(message, channel, root), channel)

    def _tell_deleted(self, old: Json, tombstone: Message | None, channel: Channel) -> None:
        if not self._hears_messages(channel):
            return
        event_ts = self.state.time_stamps.next()
        if tombstone is None:
            self._tell(events.message_deleted(old, channel, event_ts), channel)
        else:
            self._tell(events.message_changed(self._json(tombstone), old, channel, event_ts), channel)

    def _tell_members(self, kind: str, person: Person, channel: Channel) -> None:
        if channel.kind == "public" and (OXBOW in channel.members or person.id == OXBOW):
            self._tell(events.membership(kind, person, channel, self.state.time_stamps.next()), channel)

    def _tell_closed(self, kind: str, channel: Channel, person: Person) -> None:
        if channel.kind == "public":
            self._tell(events.channel_closed(kind, channel, person, self.state.time_stamps.next()), channel)

    def _hears_messages(self, channel: Channel) -> bool:
        if channel.kind == "direct_message":
            return self._direct_messages
        return channel.kind == "public" and OXBOW in channel.members

    def _hears_mentions(self, channel: Channel) -> bool:
        return channel.kind != "direct_message" and OXBOW in channel.members

    # What is shown

    def _reacted(self, kind: str, name: str, person: Person, message: Message) -> None:
        channel = self.state.channels[message.channel]
        self._show(message)
        if self._hears_mentions(channel):
            self._tell(events.reaction(kind, name, person, message, self.state.time_stamps.next()), channel)
        self.changed.notify_all()

    def _replace(self, old: Message, new: Message) -> None:
        with self.changed:
            channel = self.state.channels[old.channel]
            before = self._json(old)
            self.state.put(new)
            self._show(new)
            if new.visible_to is None and self._hears_messages(channel):
                event_ts = self.state.time_stamps.next()
                self._tell(events.message_changed(self._json(new), before, channel, event_ts), channel)
            self.changed.notify_all()

    def _change_channel(self, channel: Channel) -> None:
        self.state.change_channel(channel)
        self._feed.publish(Change(kind="channel", body={"channel": channel.id}))
        self.changed.notify_all()

    def _show(self, message: Message) -> None:
        body = {"channel": message.channel, "message": self._json(message)}
        self._feed.publish(Change(kind="message", body=body, only_for=message.visible_to))

    def _show_root(self, reply: Message) -> None:
        if reply.thread_ts is not None:
            self._show(self.state.message(reply.channel, reply.thread_ts))

    def _json(self, message: Message) -> Json:
        return message.as_json(self.state.replies(message))
