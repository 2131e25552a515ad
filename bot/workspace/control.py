"""What tests and the page do in the workspace, and what they read of it; from any thread."""

from __future__ import annotations

import uuid

from bot.workspace.channels import Channel
from bot.workspace.events import Event
from bot.workspace.faults import Fault, Faults, LostRequest, LostResponse, RateLimit, Refusal, SlowResponse
from bot.workspace.files import StoredFile
from bot.workspace.interactions import Interaction, Interactions
from bot.workspace.journal import Acknowledgement, Call, Delivery, Journal
from bot.workspace.outbox import Outbox
from bot.workspace.people import Person
from bot.workspace.saying import Saying
from bot.workspace.scene import scene, shows_file
from bot.workspace.wire import Json
from bot.workspace.world import World


class Control(Saying):
    """People and channels are named by identifier or by name (`ada`, `general`).

    Raises NoSuchThing for a name that is not known, SlackError for what Slack would refuse to a person.
    """

    def __init__(
        self,
        *,
        world: World,
        interactions: Interactions,
        journal: Journal,
        faults: Faults,
        outbox: Outbox,
    ) -> None:
        super().__init__(world)
        self._interactions = interactions
        self._journal = journal
        self._faults = faults
        self._outbox = outbox

    # What people do with the app; each returns when the app has acknowledged or failed to

    def command(self, user: str, channel: str, text: str, name: str = "/oxbow") -> Interaction:
        """A slash command with what follows it; see `responses`."""
        return self._interactions.command(
            self._world.state.person(user), channel, name, self._wire_text(text)
        )

    def click(
        self, user: str, channel: str, ts: str, action_id: str, option: str | None = None
    ) -> Interaction:
        """A button of a message, or with the value of an `option` a menu."""
        return self._interactions.click(self._world.state.person(user), channel, ts, action_id, option)

    def shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> Interaction:
        """A message shortcut."""
        return self._interactions.shortcut(self._world.state.person(user), channel, ts, callback_id)

    def act(self, user: str, view_id: str, action_id: str, option: str | None = None) -> Interaction:
        """A button or menu of a modal or of the App Home."""
        return self._interactions.act(self._world.state.person(user), view_id, action_id, option)

    def submit(self, user: str, view_id: str, values: Json) -> Interaction:
        """Submit a modal with `{block_id: {action_id: {"type": …, "value": …}}}`."""
        return self._interactions.submit(self._world.state.person(user), view_id, values)

    def dismiss(self, user: str, view_id: str) -> None:
        """Close a modal."""
        self._interactions.dismiss(self._world.state.person(user), view_id)

    def open_home(self, user: str, tab: str = "home") -> None:
        """Look at the app's home (`home`) or its messages (`messages`)."""
        person = self._world.state.person(user)
        home = self._interactions.views.home(person.id)
        self._world.open_home(person, tab, None if home is None else home.body)

    # What happens to channels

    def open_channel(self, name: str) -> str:
        """Make a public channel with everybody in it, Oxbow too; returns its identifier."""
        with self._world.changed:
            state = self._world.state
            identifier = f"C0NEW{len(state.channels):05}"
            members = frozenset(state.people)
            state.change_channel(Channel(id=identifier, name=name, kind="public", members=members))
            return identifier

    def join(self, user: str, channel: str) -> None:
        """Become a member; of `oxbow`, an invitation."""
        self._world.join(self._world.state.channel(channel), self._world.state.person(user))

    def leave(self, user: str, channel: str) -> None:
        """Stop being a member."""
        self._world.leave(self._world.state.channel(channel), self._world.state.person(user))

    def archive(self, channel: str) -> None:
        """Close it for writing; bots are taken out."""
        self._world.archive(self._world.state.channel(channel), self._admin())

    def unarchive(self, channel: str) -> None:
        """Open it again, without the bots."""
        self._world.unarchive(self._world.state.channel(channel), self._admin())

    def delete_channel(self, channel: str) -> None:
        """Remove it with all that was said there."""
        self._world.delete_channel(self._world.state.channel(channel), self._admin())

    def rename(self, channel: str, name: str) -> None:
        """Give it another name."""
        self._world.rename(self._world.state.channel(channel), name)

    def convert_to_private(self, channel: str) -> None:
        """Make it private under its old identifier; the app is not told."""
        self._world.convert_to_private(self._world.state.channel(channel))

    def convert_to_public(self, channel: str) -> None:
        """Make it public; the app is not told."""
        self._world.convert_to_public(self._world.state.channel(channel), self._admin())

    def share_externally(self, channel: str, *, pending: bool = False) -> None:
        """Share it with another organisation, or only invite that one (`pending`)."""
        self._world.share(self._world.state.channel(channel), pending=pending)

    def unshare(self, channel: str) -> None:
        """End the sharing."""
        self._world.unshare(self._world.state.channel(channel))

    # What there is to read

    def channel_id(self, channel: str) -> str:
        """The identifier of a channel."""
        return self._world.state.channel(channel).id

    def user_id(self, user: str) -> str:
        """The identifier of a person or bot."""
        return self._world.state.person(user).id

    def direct_message(self, user: str) -> str:
        """The identifier of the person's direct message with the bot."""
        return self._world.state.direct_message_with(self._world.state.person(user).id).id

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        """What everybody sees in the channel, or the root and the replies of a thread, oldest first."""
        with self._world.changed:
            state = self._world.state
            place = state.channel(channel).id
            if thread_ts is None:
                found = state.history(place)
            else:
                root = state.root_of(place, thread_ts)
                found = [root, *state.replies(root)]
            return [message.as_json(state.replies(message)) for message in found]

    def message(self, channel: str, ts: str) -> Json:
        """One message. Raises SlackError `message_not_found`."""
        with self._world.changed:
            message = self._message(channel, ts)
            return message.as_json(self._world.state.replies(message))

    def content(self, file: str) -> bytes:
        """The bytes of a file."""
        with self._world.changed:
            return self._world.state.files[file].content

    def ephemeral(self, user: str) -> list[Json]:
        """What only that person sees, in all channels, oldest first; each with its channel."""
        with self._world.changed:
            state = self._world.state
            person = state.person(user).id
            found = [
                message
                for channel in state.channels
                for message in state.everything(channel)
                if message.visible_to == person
            ]
        ordered = sorted(found, key=lambda message: message.ts)
        return [message.as_json() | {"channel": message.channel} for message in ordered]

    def responses(self, interaction: Interaction) -> list[Json]:
        """What the app said to a command or a button so far."""
        with self._world.changed:
            return self._interactions.responses(interaction.id)

    def home(self, user: str) -> Json | None:
        """The App Home that the app published for the person."""
        view = self._interactions.views.home(self._world.state.person(user).id)
        return None if view is None else view.body

    def view(self, user: str) -> Json | None:
        """The modal that the person sees."""
        view = self._interactions.views.latest(self._world.state.person(user).id)
        return None if view is None else view.body

    def file(self, user: str, file: str) -> StoredFile | None:
        """The file, if the person sees a message that has it."""
        with self._world.changed:
            state = self._world.state
            return state.files.get(file) if shows_file(state, state.person(user), file) else None

    def scene(self, user: str) -> Json:
        """Everything that the person sees on the page."""
        with self._world.changed:
            state = self._world.state
            return scene(state, self._interactions.views, state.person(user))

    @property
    def calls(self) -> list[Call]:
        """The app's Web API calls, in order."""
        with self._world.changed:
            return [*self._journal.calls]

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to bring something to the app, in order."""
        with self._world.changed:
            return [*self._journal.deliveries]

    @property
    def acks(self) -> list[Acknowledgement]:
        """What the app has taken, with the latency of each."""
        with self._world.changed:
            return [*self._journal.acknowledgements]

    @property
    def dropped(self) -> list[str]:
        """The identifiers of the events that were given up after the last retry."""
        with self._world.changed:
            return [*self._journal.dropped]

    # Faults

    def deliver_again(self, delivery: Delivery, *, attempt: int = 0) -> None:
        """Bring an event once more: the same envelope, or as retry number `attempt` in a new one."""
        event = Event(id=delivery.key, type=delivery.type, payload=delivery.payload)
        envelope = str(uuid.uuid4()) if attempt else delivery.envelope
        self._outbox.send_again(event, envelope=envelope, attempt=attempt)

    def tell(self, inner: Json, channel: str | None = None) -> None:
        """Send any event to the app, such as one that this workspace does not make."""
        self._world.tell(inner, None if channel is None else self._world.state.channel(channel))

    def drop_events(self, minute: int) -> None:
        """Tell the app that events of the minute that begins then were dropped, for there were too many."""
        self._world.drop_events(minute)

    def fail_next(self, method: str, error: str) -> None:
        """The next call of the method is refused."""
        self._order(method, Refusal(error=error))

    def rate_limit_next(self, method: str, retry_after: int) -> None:
        """The next call of the method is answered with 429 and Retry-After in seconds."""
        self._order(method, RateLimit(retry_after=retry_after))

    def lose_next_response(self, method: str) -> None:
        """The next call of the method takes effect, then the connection drops."""
        self._order(method, LostResponse())

    def lose_next_request(self, method: str) -> None:
        """The connection of the next call of the method drops before the call takes effect."""
        self._order(method, LostRequest())

    def slow_next_response(self, method: str, seconds: float) -> None:
        """The next call of the method takes effect at once and is answered after `seconds`."""
        self._order(method, SlowResponse(seconds=seconds))

    # Inside

    def _order(self, method: str, fault: Fault) -> None:
        with self._world.changed:
            self._faults.order(method, fault)

    def _admin(self) -> Person:
        return self._world.state.person("ada")
