"""Commands, buttons, shortcuts, modals and the App Home, answered by a real Bolt app."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.workspace.errors import NoSuchThing
from bot.workspace.interactions import Interaction
from bot.workspace.local import LocalWorkspace
from tests.workspace.fixtures import SocketApp

MODAL = {
    "type": "modal",
    "callback_id": "settings",
    "title": {"type": "plain_text", "text": "Settings"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "repository",
            "label": {"type": "plain_text", "text": "Repository"},
            "element": {"type": "plain_text_input", "action_id": "value"},
        }
    ],
}
ENTERED = {"repository": {"value": {"type": "plain_text_input", "value": "shop/cart"}}}


def buttons(*names: str) -> list[dict[str, Any]]:
    elements = [
        {"type": "button", "action_id": name, "value": name, "text": {"type": "plain_text", "text": name}}
        for name in names
    ]
    return [{"type": "actions", "elements": elements}]


@pytest.fixture
def posted(socket_app: SocketApp) -> str:
    """A message of the bot with the buttons `go` and `stay`."""
    answer = socket_app.bolt.client.chat_postMessage(
        channel="C0GENERAL1", text="choose", blocks=buttons("go", "stay")
    )
    return str(answer["ts"])


def test_a_command_is_answered_to_the_caller_alone(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    socket_app.bolt.command("/oxbow")(lambda ack, command: ack(f"searching {command['text']}"))
    workspace.command("ada", "general", "search tz")
    assert [message["text"] for message in workspace.ephemeral("ada")] == ["searching search tz"]


def test_a_command_is_answered_later_at_its_response_address(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    @socket_app.bolt.command("/oxbow")
    def answer(ack: Any, respond: Any) -> None:
        ack("searching")
        respond("found", response_type="in_channel")

    interaction = workspace.command("ada", "general", "search tz")
    workspace.wait_for(lambda: len(workspace.responses(interaction)) == 2)
    said = {response["text"] for response in workspace.responses(interaction)}
    assert said == {"searching", "found"}  # Bolt may bring the second before the acknowledgement
    assert workspace.messages("general")[-1]["text"] == "found"


def test_a_response_address_works_five_times(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    statuses: list[int] = []

    @socket_app.bolt.command("/oxbow")
    def answer(ack: Any, respond: Any) -> None:
        ack()
        statuses.extend(respond(f"answer {number}").status_code for number in range(6))
        with workspace.changed:
            workspace.changed.notify_all()

    workspace.command("ada", "general", "")
    workspace.wait_for(lambda: len(statuses) == 6)
    assert statuses == [200] * 5 + [404]


def test_a_command_can_be_typed_in_a_private_place(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    socket_app.bolt.command("/oxbow")(lambda ack, command: ack(command["channel_name"]))
    answers: list[Interaction] = [
        workspace.command("ada", "salaries", "help"),
        workspace.command("ada", workspace.direct_message("ada"), "help"),
    ]
    assert [answer.answer for answer in answers] == [{"text": "privategroup"}, {"text": "directmessage"}]


def test_a_command_that_nobody_takes_fails_visibly(workspace: LocalWorkspace) -> None:
    assert workspace.command("ada", "general", "help").error == "dispatch_failed"
    assert "dispatch_failed" in workspace.ephemeral("ada")[0]["text"]


def test_a_click_tells_who_where_and_what(
    workspace: LocalWorkspace, socket_app: SocketApp, posted: str
) -> None:
    bodies: list[dict[str, Any]] = []

    @socket_app.bolt.action("go")
    def note(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        ack()

    assert workspace.click("bruno", "general", posted, "go").error is None
    assert bodies[0]["user"]["id"] == workspace.user_id("bruno")
    assert bodies[0]["message"]["ts"] == bodies[0]["container"]["message_ts"] == posted
    assert bodies[0]["actions"][0]["value"] == "go"


def test_a_click_may_replace_its_message(
    workspace: LocalWorkspace, socket_app: SocketApp, posted: str
) -> None:
    @socket_app.bolt.action("go")
    def answer(ack: Any, respond: Any) -> None:
        ack()
        respond("gone", replace_original=True)

    workspace.click("ada", "general", posted, "go")
    workspace.wait_for(lambda: workspace.message("general", posted)["text"] == "gone")


def test_a_click_on_an_ephemeral_message_may_share_it(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    @socket_app.bolt.action("share")
    def share(ack: Any, respond: Any) -> None:
        ack()
        respond("shared", response_type="in_channel")
        respond(delete_original=True)

    socket_app.bolt.command("/oxbow")(lambda ack: ack(blocks=buttons("share"), text="found"))
    workspace.command("ada", "general", "search tz")
    workspace.click("ada", "general", workspace.ephemeral("ada")[0]["ts"], "share")
    workspace.wait_for(lambda: not workspace.ephemeral("ada"))
    assert workspace.messages("general")[-1]["text"] == "shared"


def test_a_click_on_a_button_that_is_not_there_names_those_that_are(
    workspace: LocalWorkspace, posted: str
) -> None:
    with pytest.raises(NoSuchThing, match="there are: go, stay"):
        workspace.click("ada", "general", posted, "run")


def test_a_shortcut_brings_the_message(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    texts: list[str] = []

    @socket_app.bolt.message_shortcut("ask_oxbow")
    def note(ack: Any, body: dict[str, Any]) -> None:
        texts.append(body["message"]["text"])
        ack()

    ts = workspace.post("bruno", "general", "why is it red?")
    workspace.shortcut("ada", "general", ts, "ask_oxbow")
    assert texts == ["why is it red?"]


def test_a_modal_is_opened_and_submitted(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    entered: list[str] = []

    @socket_app.bolt.command("/oxbow")
    def open_modal(ack: Any, body: Any, client: Any) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        ack()

    @socket_app.bolt.view("settings")
    def save(ack: Any, view: Any) -> None:
        entered.append(view["state"]["values"]["repository"]["value"]["value"])
        ack()

    workspace.command("ada", "general", "settings")
    view = workspace.view("ada")
    assert view is not None
    workspace.submit("ada", view["id"], ENTERED)
    assert entered == ["shop/cart"]
    assert workspace.view("ada") is None


def test_a_modal_with_errors_stays_open(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    @socket_app.bolt.command("/oxbow")
    def open_modal(ack: Any, body: Any, client: Any) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        ack()

    complaint = {"repository": "unknown"}
    socket_app.bolt.view("settings")(lambda ack: ack(response_action="errors", errors=complaint))
    workspace.command("ada", "general", "settings")
    view = workspace.view("ada")
    assert view is not None
    interaction = workspace.submit("ada", view["id"], ENTERED)
    assert interaction.answer == {"response_action": "errors", "errors": complaint}
    assert workspace.view("ada") is not None


def test_a_trigger_opens_one_modal(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    errors: list[str] = []

    @socket_app.bolt.command("/oxbow")
    def open_twice(ack: Any, body: Any, client: Any) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        try:
            client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        except SlackApiError as refused:
            errors.append(refused.response["error"])
        ack()

    workspace.command("ada", "general", "settings")
    assert errors == ["exchanged_trigger_id"]


def test_the_home_is_published_for_one_person(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    home = {"type": "home", "blocks": buttons("refresh")}
    socket_app.bolt.client.views_publish(user_id=workspace.user_id("ada"), view=home)
    clicked: list[str] = []

    @socket_app.bolt.action("refresh")
    def note(ack: Any, body: dict[str, Any]) -> None:
        clicked.append(body["view"]["type"])
        ack()

    view = workspace.home("ada")
    assert view is not None
    workspace.act("ada", view["id"], "refresh")
    assert clicked == ["home"]
    assert workspace.home("bruno") is None
