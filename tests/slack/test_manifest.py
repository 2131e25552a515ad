"""The manifest asks for what the code uses and for nothing else, in the form that Slack's schema wants."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.slack.app import CHANNEL_EVENTS
from bot.slack.manifest import manifest
from bot.slack.scopes import EVENTS, FEATURES, METHODS
from memory.log.events import Json

FOLDER = Path(__file__).parents[2] / "bot" / "slack"
CALLS = ("call", "_call")
"""Functions of the code whose first argument is a method of the Web API."""


def called() -> Iterator[str]:
    """Every method that a call under bot/slack names."""
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _method(node.func.attr, node.args)


def _method(name: str, arguments: list[ast.expr]) -> Iterator[str]:
    if name == "auth_test":
        yield "auth.test"
    match arguments:
        case [ast.Constant(value=str(method)), *_] if name in CALLS and "." in method:
            yield method


def heard() -> set[str]:
    """The events that the app listens to, as a manifest calls them."""
    listened = {
        str(node.args[0].value)
        for node in ast.walk(ast.parse((FOLDER / "app.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "event"
        and isinstance(node.args[0], ast.Constant)
    }
    told = {event for event in CHANNEL_EVENTS if "convert" not in event}
    return {"message.channels" if event == "message" else event for event in listened} | told


@pytest.fixture(params=[None, "https://oxbow.example.org/slack/events"], ids=["socket", "http"])
def made(request: pytest.FixtureRequest) -> Json:
    return manifest(request_url=request.param)


def test_the_table_of_methods_is_what_the_code_calls() -> None:
    assert set(called()) == set(METHODS)


def test_the_table_of_events_is_what_the_app_hears(made: Json) -> None:
    assert heard() == set(EVENTS) == set(made["settings"]["event_subscriptions"]["bot_events"])


def test_the_scopes_are_those_of_methods_events_and_features(made: Json) -> None:
    needed = {*METHODS.values(), *EVENTS.values(), *(FEATURES[name] for name in FEATURES)} - {None}
    assert set(made["oauth_config"]["scopes"]["bot"]) == needed
    assert set(FEATURES) <= set(made["features"])


def test_no_scope_opens_a_private_place(made: Json) -> None:
    private = ("groups:", "im:", "mpim:", "chat:write.public", "search:", "users:read.email", "admin")
    assert [s for s in made["oauth_config"]["scopes"]["bot"] if s.startswith(private)] == []
    assert made["features"]["app_home"]["messages_tab_enabled"] is False


def test_the_lengths_are_those_of_slacks_schema(made: Json) -> None:
    about, features = made["display_information"], made["features"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    [command], [shortcut] = features["slash_commands"], features["shortcuts"]
    assert len(command["description"]) <= 2_000
    assert len(command["usage_hint"]) <= 1_000
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["callback_id"]) <= 255
    assert len(shortcut["description"]) <= 150
    assert shortcut["type"] in ("message", "global")
    assert len(made["oauth_config"]["scopes"]["bot"]) <= 255
    assert len(made["settings"]["event_subscriptions"]["bot_events"]) <= 100


def test_addresses_are_given_for_http_and_none_for_socket_mode() -> None:
    address = "https://oxbow.example.org/slack/events"
    http, socket = manifest(request_url=address), manifest(request_url=None)
    assert str(http).count(address) == 3
    assert address not in str(socket)
    assert (http["settings"]["socket_mode_enabled"], socket["settings"]["socket_mode_enabled"]) == (
        False,
        True,
    )


def test_several_workspaces_come_back_to_the_same_host_and_say_when_they_leave() -> None:
    made = manifest(request_url="https://oxbow.example.org/slack/events", several=True)
    assert made["oauth_config"]["redirect_urls"] == ["https://oxbow.example.org/slack/oauth_redirect"]
    assert made["settings"]["token_rotation_enabled"]
    assert {"app_uninstalled", "tokens_revoked"} < set(made["settings"]["event_subscriptions"]["bot_events"])
    assert made["oauth_config"]["scopes"] == manifest(request_url=None)["oauth_config"]["scopes"]
