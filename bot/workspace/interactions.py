"""What people do with the app's commands, buttons, shortcuts and views, and what the app answers to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bot.workspace import payloads
from bot.workspace.errors import NoSuchThing, NotDelivered, SlackError
from bot.workspace.feed import Change
from bot.workspace.limits import checked_blocks
from bot.workspace.messages import Message
from bot.workspace.outbox import Outbox
from bot.workspace.people import OXBOW, Person
from bot.workspace.response_urls import Place, ResponseUrls, Triggers
from bot.workspace.views import View, Views, submitted
from bot.workspace.wire import Json, identifier
from bot.workspace.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Something a person did with the app."""

    id: str
    answer: Json | None
    """What the app sent with its acknowledgement."""
    error: str | None = None
    """`dispatch_failed`, `operation_timeout` or `http_error` when the app did not take it."""


class Interactions:
    """Commands, buttons, shortcuts and views. Each call waits for the app's acknowledgement."""

    def __init__(self, world: World, outbox: Outbox, *, base_url: str) -> None:
        self.views = Views()
        self.triggers = Triggers()
        self._base_url = base_url
        self._world = world
        self._outbox = outbox
        self._urls = ResponseUrls()
        self._responses: defaultdict[str, list[Json]] = defaultdict(list)

    def responses(self, interaction: str) -> list[Json]:
        """What the app said to it so far, with the acknowledgement and at the response address."""
        return [*self._responses[interaction]]

    def command(self, person: Person, channel_name: str, name: str, text: str) -> Interaction:
        """A slash command, typed in a channel of any kind (never in a thread)."""
        with self._world.changed:
            channel = self._world.state.channel(channel_name)
            place = Place(interaction=identifier("I"), person=person.id, channel=channel.id)
            payload = payloads.command(
                person,
                channel,
                name,
                text,
                trigger_id=self.triggers.give(person.id),
                response_url=self._response_url(place),
            )
        interaction = self._bring(
            place.interaction, "slash_commands", payload, lambda answer: self._say(place, answer)
        )
        if interaction.error is not None:
            self._respond(place, {"text": f"`{name}` failed with the error \u201c{interaction.error}\u201d"})
        return interaction

    def click(
        self, person: Person, channel_name: str, ts: str, action_id: str, option: str | None = None
    ) -> Interaction:
        """A button, or with `option` (its value) a menu, in a message. Raises NoSuchThing."""
        with self._world.changed:
            channel = self._world.state.channel(channel_name)
            message = self._world.state.message(channel.id, ts)
            place = self._about(person, message)
            payload = payloads.block_actions(
                person,
                message,
                channel,
                _action(message.blocks, action_id, option),
                trigger_id=self.triggers.give(person.id),
                response_url=self._response_url(place),
            )
        return self._bring(place.interaction, "interactive", payload)

    def shortcut(self, person: Person, channel_name: str, ts: str, callback_id: str) -> Interaction:
        """A message shortcut."""
        with self._world.changed:
            channel = self._world.state.channel(channel_name)
            message = self._world.state.message(channel.id, ts)
            place = self._about(person, message)
            payload = payloads.message_action(
                person,
                message,
                channel,
                callback_id,
                trigger_id=self.triggers.give(person.id),
                response_url=self._response_url(place),
            )
        return self._bring(place.interaction, "interactive", payload)

    def act(self, person: Person, view_id: str, action_id: str, option: str | None = None) -> Interaction:
        """A button or menu in a modal or in the person's App Home."""
        with self._world.changed:
            view = self._seen(person, view_id)
            action = _action(view.body["blocks"], action_id, option)
            payload = payloads.view_actions(person, view, action, trigger_id=self.triggers.give(person.id))
        return self._bring(identifier("I"), "interactive", payload)

    def submit(self, person: Person, view_id: str, values: Json) -> Interaction:
        """Submit a modal; the app may answer with errors, or with another view."""
        with self._world.changed:
            view = submitted(self._seen(person, view_id), values)
            payload = payloads.view_submission(person, view, trigger_id=self.triggers.give(person.id))
        interaction = self._bring(identifier("I"), "interactive", payload)
        if interaction.error is None:
            self._after_submission(view, interaction.answer or {})
        return interaction

    def dismiss(self, person: Person, view_id: str) -> None:
        """Close a modal; the app is told when the view asks for it."""
        with self._world.changed:
            view = self._seen(person, view_id)
            self._close(view)
            payload = payloads.view_closed(person, view, trigger_id=self.triggers.give(person.id))
        if view.body.get("notify_on_close"):
            self._bring(identifier("I"), "interactive", payload)

    def respond(self, token: str, body: Json) -> None:
        """The app uses a response address. Raises SlackError."""
        with self._world.changed:
            place = self._urls.use(token)
        self._respond(place, body)

    # Inside

    def _bring(
        self,
        interaction: str,
        kind: str,
        payload: Json,
        answered: Callable[[Json | None], None] = lambda answer: None,  # noqa: ARG005
    ) -> Interaction:
        try:
            answer = self._outbox.interact(interaction, kind, payload, answered)
            return Interaction(id=interaction, answer=answer)
        except NotDelivered as failure:
            return Interaction(id=interaction, answer=None, error=failure.reason)

    def _say(self, place: Place, answer: Json | None) -> None:
        if answer:
            self._respond(place, answer)

    def _about(self, person: Person, message: Message) -> Place:
        return Place(
            interaction=identifier("I"),
            person=person.id,
            channel=message.channel,
            message_ts=message.ts,
            thread_ts=message.thread_ts,
        )

    def _response_url(self, place: Place) -> str:
        return f"{self._base_url}/response/{self._urls.give(place)}"

    def _respond(self, place: Place, body: Json) -> None:
        state = self._world.state
        with self._world.changed:
            original = None if place.message_ts is None else state.message(place.channel, place.message_ts)
            self._responses[place.interaction].append(body)
            if body.get("delete_original") and original is not None:
                self._world.delete(original)
            elif body.get("replace_original") and original is not None:
                self._world.edit(original, text=body.get("text", ""), blocks=_blocks(body))
            else:
                self._world.post(self._response(place, body))

    def _response(self, place: Place, body: Json) -> Message:
        state = self._world.state
        blocks = _blocks(body)
        if not body.get("text") and not blocks:
            raise SlackError("no_text")
        return Message(
            ts=state.time_stamps.next(),
            channel=place.channel,
            author=state.people[OXBOW],
            text=body.get("text", ""),
            blocks=blocks,
            thread_ts=body.get("thread_ts", place.thread_ts),
            visible_to=None if body.get("response_type") == "in_channel" else place.person,
        )

    def _seen(self, person: Person, view_id: str) -> View:
        home = self.views.home(person.id)
        return home if home is not None and home.id == view_id else self.views.opened(view_id)

    def _after_submission(self, view: View, answer: Json) -> None:
        match answer.get("response_action"):
            case "errors":
                pass  # the page shows them beside the fields, from the interaction's answer
            case "update" | "push":
                with self._world.changed:
                    shown = self.views.replace(view.id, answer["view"])
                    self._world.show(Change(kind="view", body={"view": shown.body}, only_for=view.person))
            case _:
                self._close(view)

    def _close(self, view: View) -> None:
        with self._world.changed:
            self.views.close(view.id)
            self._world.show(Change(kind="view_gone", body={"view": view.id}, only_for=view.person))


def _blocks(body: Json) -> tuple[Json, ...]:
    return checked_blocks(body["blocks"]) if body.get("blocks") else ()


def _action(blocks: tuple[Json, ...] | list[Json], action_id: str, option: str | None) -> Json:
    found = payloads.find_element(blocks, action_id)
    if found is None:
        raise NoSuchThing("button or menu", action_id, payloads.action_ids(blocks))
    element, block_id = found
    if option is None:
        return payloads.action(element, block_id, None)
    groups = [group["options"] for group in element.get("option_groups", ())]
    options = [*element.get("options", ()), *(chosen for group in groups for chosen in group)]
    chosen = next((chosen for chosen in options if chosen["value"] == option), None)
    if chosen is None:
        raise NoSuchThing("option", option, [chosen["value"] for chosen in options])
    return payloads.action(element, block_id, chosen)
