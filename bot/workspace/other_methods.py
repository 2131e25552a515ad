"""Web API: auth.test, api.test, reactions.*, users.* and views.*"""

from __future__ import annotations

import re

from bot.workspace.arguments import Arguments
from bot.workspace.context import Context
from bot.workspace.errors import SlackError
from bot.workspace.feed import Change
from bot.workspace.messages import Message
from bot.workspace.people import OXBOW, OXBOW_BOT, TEAM, TEAM_NAME, Person
from bot.workspace.wire import Json

_EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def auth_test(context: Context, arguments: Arguments) -> Json:  # noqa: ARG001
    """auth.test."""
    return {
        "ok": True,
        "url": f"{context.url}/",
        "team": TEAM_NAME,
        "user": context.bot.name,
        "team_id": TEAM,
        "user_id": OXBOW,
        "bot_id": OXBOW_BOT,
        "is_enterprise_install": False,
    }


def api_test(context: Context, arguments: Arguments) -> Json:  # noqa: ARG001
    """api.test: says back what it was told."""
    error = arguments.text("error")
    if error:
        raise SlackError(error)
    return {"ok": True, "args": arguments.values}


def reactions_add(context: Context, arguments: Arguments) -> Json:
    """reactions.add."""
    message = _reacted_to(context, arguments)
    context.world.react(message, _emoji(arguments), context.bot)
    return {"ok": True}


def reactions_remove(context: Context, arguments: Arguments) -> Json:
    """reactions.remove."""
    message = _reacted_to(context, arguments)
    context.world.unreact(message, _emoji(arguments), context.bot)
    return {"ok": True}


def reactions_get(context: Context, arguments: Arguments) -> Json:
    """reactions.get."""
    message = _reacted_to(context, arguments)
    return {"ok": True, "type": "message", "channel": message.channel, "message": message.as_json()}


def users_info(context: Context, arguments: Arguments) -> Json:
    """users.info."""
    person = context.world.state.people.get(arguments.given("user", "user_not_found"))
    if person is None:
        raise SlackError("user_not_found")
    return {"ok": True, "user": person.as_json()}


def users_list(context: Context, arguments: Arguments) -> Json:  # noqa: ARG001
    """users.list, on one page."""
    people = [person.as_json() for person in context.world.state.people.values() if not person.is_stranger]
    return {"ok": True, "members": people, "response_metadata": {"next_cursor": ""}}


def views_open(context: Context, arguments: Arguments) -> Json:
    """views.open, by a trigger that is seconds old and unused."""
    interactions = context.interactions
    person = interactions.triggers.use(arguments.given("trigger_id"))
    view = interactions.views.open(person, arguments.value("view"))
    context.world.show(Change(kind="view", body={"view": view.body}, only_for=person))
    return {"ok": True, "view": view.body}


def views_update(context: Context, arguments: Arguments) -> Json:
    """views.update of an open modal."""
    view = context.interactions.views.replace(arguments.given("view_id"), arguments.value("view"))
    context.world.show(Change(kind="view", body={"view": view.body}, only_for=view.person))
    return {"ok": True, "view": view.body}


def views_publish(context: Context, arguments: Arguments) -> Json:
    """views.publish of a person's App Home."""
    person: Person | None = context.world.state.people.get(arguments.given("user_id"))
    if person is None:
        raise SlackError("invalid_arguments")
    view = context.interactions.views.publish(person.id, arguments.value("view"))
    context.world.show(Change(kind="home", body={"view": view.body}, only_for=person.id))
    return {"ok": True, "view": view.body}


def _reacted_to(context: Context, arguments: Arguments) -> Message:
    channel = context.writable(arguments.given("channel", "channel_not_found"))
    message = context.world.state.message(channel.id, arguments.given("timestamp", "no_item_specified"))
    if message.visible_to is not None:
        raise SlackError("message_not_found")
    return message


def _emoji(arguments: Arguments) -> str:
    name = arguments.given("name", "no_reaction").strip(":")
    if not _EMOJI.fullmatch(name):
        raise SlackError("invalid_name")
    return name
