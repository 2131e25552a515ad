"""What a Web API method works with."""

from __future__ import annotations

from dataclasses import dataclass

from bot.workspace.channels import Channel
from bot.workspace.errors import SlackError
from bot.workspace.interactions import Interactions
from bot.workspace.people import OXBOW, Person
from bot.workspace.scopes import opens
from bot.workspace.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The workspace as the app with its scopes may use it."""

    world: World
    interactions: Interactions
    scopes: frozenset[str]
    url: str
    """Address of the page, without a slash at the end."""

    @property
    def bot(self) -> Person:
        """The user as whom the app acts."""
        return self.world.state.people[OXBOW]

    def readable(self, name: str, right: str) -> Channel:
        """A channel for which the scopes give the right `read` or `history`.

        Raises SlackError `channel_not_found`, for places that do not exist and for those out of reach alike.
        """
        channel = self.world.state.channels.get(name)
        if channel is None or not opens(self.scopes, right, channel):
            raise SlackError("channel_not_found")
        return channel

    def writable(self, name: str) -> Channel:
        """A conversation into which the bot may write: it is a member, whatever the kind of conversation.

        A user's identifier means the direct message with that person. Raises SlackError `channel_not_found`,
        `not_in_channel` or `is_archived`.
        """
        state = self.world.state
        if name in state.people:
            return state.direct_message_with(name)
        by_name = {f"#{channel.name}": channel for channel in state.channels.values()}
        channel = state.channels.get(name) or by_name.get(name)
        if channel is None:
            raise SlackError("channel_not_found")
        if channel.is_archived:
            raise SlackError("is_archived")
        if OXBOW not in channel.members:
            raise SlackError("not_in_channel" if channel.kind == "public" else "channel_not_found")
        return channel
