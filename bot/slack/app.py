"""The Bolt app: which of Slack's deliveries goes where. Nothing is acknowledged before it is in the log."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_bolt.authorization import AuthorizeResult

from bot.slack.answering import linking
from bot.slack.answering.asking import SHORTCUT, Asking
from bot.slack.answering.commands import Asked, Commands
from bot.slack.answering.decisions import Answer, Decisions
from bot.slack.answering.dismissing import Dismissing
from bot.slack.answering.home import Home
from bot.slack.answering.picking import Picking
from bot.slack.answering.schedule_command import CANCEL
from bot.slack.hearing.dropped_events import hear_dropped_events
from bot.slack.hearing.listener import Listener
from bot.slack.showing import approval, offer, rendering, repository_question
from bot.slack.showing.rendered import Rendered
from bot.slack.showing.search_results import PAGE, SHARE, read_button_value
from bot.slack.side import SlackSide
from memory.log.events import Json, Verdict
from memory.log.session_log import ThreadAddress

CHANNEL_EVENTS = (
    "channel_archive",
    "channel_unarchive",
    "channel_deleted",
    "channel_rename",
    "channel_shared",
    "channel_unshared",
    "channel_left",
    "channel_convert_to_private",
)
"""Events after which a channel may no longer be what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surfaces:
    """What people use beside the thread."""

    commands: Commands
    asking: Asking
    home: Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What takes in the buttons of posts that change when one is pressed."""

    decisions: Decisions
    dismissing: Dismissing
    picking: Picking


def build_app(
    *,
    slack: SlackSide,
    signing_secret: str | None,
    listener: Listener,
    questions: Questions,
    surfaces: Surfaces,
    look_back: Callable[[float], None],
) -> App:
    """The app with all its listeners.

    `process_before_response` makes Bolt run a listener to its end before it answers Slack: the commit
    precedes the acknowledgement, and a crash in between means that Slack delivers again.
    """
    team = slack.identity.team
    # Whose requests come is known beforehand: Bolt need not ask with a token that may have ended.
    known = AuthorizeResult(
        enterprise_id=None,
        team_id=team,
        bot_user_id=slack.identity.user,
        bot_token=slack.client.token,
    )
    app = App(
        client=slack.client,
        authorize=lambda: known,
        signing_secret=signing_secret,
        request_verification_enabled=signing_secret is not None,
        process_before_response=True,
    )
    hear_dropped_events(app, look_back)
    _hear_messages(app, listener)
    _hear_buttons(app, listener, surfaces.commands, team)
    _hear_dismissals(app, questions.dismissing, team)
    _hear_decisions(app, questions.decisions, team)
    _hear_picks(app, questions.picking, team)
    _hear_commands(app, surfaces.commands)
    _hear_schedules(app, surfaces.commands)
    _hear_shortcut(app, surfaces.asking)
    _hear_home(app, surfaces.home)
    return app


def _hear_messages(app: App, listener: Listener) -> None:
    def message(event: Json) -> None:
        listener.message(event)

    def reaction(event: Json) -> None:
        listener.reaction(event)

    def stopped(event: Json) -> None:
        listener.native_stop(event)

    def channel_changed(event: Json) -> None:
        channel = event.get("channel")
        listener.channel_changed(str(channel.get("id") if isinstance(channel, dict) else channel))

    app.event("app_mention")(message)
    app.event("message")(message)
    app.event("reaction_added")(reaction)
    app.event("agent_session_stopped")(stopped)
    for name in CHANNEL_EVENTS:
        app.event(name)(channel_changed)


def _hear_buttons(app: App, listener: Listener, commands: Commands, team: str) -> None:
    def stop(ack: Ack, body: Json) -> None:
        by, at = body["user"]["id"], str(body["actions"][0]["action_ts"])
        listener.stop(_thread(body, team), by, "button", f"button:{_press(body)}", at=at)
        ack()

    def judge(ack: Ack, body: Json) -> None:
        action = body["actions"][0]
        address, by, delivery = _thread(body, team), body["user"]["id"], f"button:{_press(body)}"
        match action["action_id"]:
            case rendering.SOLVED:
                listener.feedback(address, by, "solved", delivery, turn=int(action["value"]))
            case rendering.NOT_SOLVED:
                listener.feedback(address, by, "not_solved", delivery, turn=int(action["value"]))
            case pressed:
                verdict: Verdict = "solved" if pressed == offer.ACCEPT else "not_solved"
                solution = str(action["value"])
                # The first press counts, whoever it is.
                listener.feedback(address, by, verdict, f"offer:{solution}", solution=solution)
        ack()

    def acknowledge(ack: Ack) -> None:
        ack()

    def share(respond: Respond, body: Json) -> None:
        page, asked = _searched(body)
        found = commands.search(asked, page=page, shared=True)
        _respond(respond, found, response_type="in_channel", replace_original=False)

    def turn(respond: Respond, body: Json) -> None:
        page, asked = _searched(body)
        found = commands.search(asked, page=page, shared=False)
        _respond(respond, found, response_type="ephemeral", replace_original=True)

    app.action(rendering.STOP)(stop)
    for action in (rendering.SOLVED, rendering.NOT_SOLVED, offer.ACCEPT, offer.DECLINE):
        app.action(action)(judge)
    app.action(SHARE)(ack=acknowledge, lazy=[share])
    app.action(re.compile(rf"{PAGE}:\w+"))(ack=acknowledge, lazy=[turn])


def _hear_dismissals(app: App, dismissing: Dismissing, team: str) -> None:
    def press(ack: Ack, respond: Respond, body: Json) -> None:
        address, by, solution = _thread(body, team), body["user"]["id"], str(body["actions"][0]["value"])
        shown = dismissing.press(address, by, solution, f"button:{_press(body)}")
        ack()
        if shown is not None:
            _respond(respond, shown, replace_original=True)

    app.action(re.compile(rf"{rendering.NOT_RELEVANT}:\d+"))(press)


def _hear_decisions(app: App, decisions: Decisions, team: str) -> None:
    def press(ack: Ack, respond: Respond, body: Json) -> None:
        action = body["actions"][0]
        answer = decisions.press(
            _thread(body, team),
            body["user"]["id"],
            str(action["value"]),
            approved=action["action_id"] != approval.DENY,
            scope="thread" if action["action_id"] == approval.APPROVE_THREAD else "call",
        )
        ack()
        _answer(respond, answer)

    for action in (approval.APPROVE, approval.APPROVE_THREAD, approval.DENY):
        app.action(action)(press)


def _hear_picks(app: App, picking: Picking, team: str) -> None:
    def pick(ack: Ack, respond: Respond, body: Json) -> None:
        action = body["actions"][0]
        value = str((action.get("selected_option") or action)["value"])
        answer = picking.pick(_thread(body, team), body["user"]["id"], value)
        ack()
        _answer(respond, answer)

    for action in (repository_question.PICK, repository_question.NONE):
        app.action(action)(pick)


def _hear_commands(app: App, commands: Commands) -> None:
    def acknowledge(ack: Ack) -> None:
        ack()

    def run(respond: Respond, command: Json) -> None:
        asked = Asked(
            channel=str(command["channel_id"]),
            text=str(command.get("text") or ""),
            by=str(command["user_id"]),
            trigger=str(command["trigger_id"]),
        )
        told = commands.answer(asked)
        _respond(respond, told.rendered, response_type="in_channel" if told.to_all else "ephemeral")

    def entered(respond: Respond, body: Json) -> None:
        _answer(respond, commands.entered(str(body["channel"]["id"]), str(body["user"]["id"])))

    app.command("/oxbow")(ack=acknowledge, lazy=[run])
    app.action(linking.ENTERED)(ack=acknowledge, lazy=[entered])


def _hear_schedules(app: App, commands: Commands) -> None:
    def acknowledge(ack: Ack) -> None:
        ack()

    def cancel(respond: Respond, body: Json) -> None:
        told = commands.cancel(
            Asked(
                channel=str(body["channel"]["id"]),
                text=str(body["actions"][0]["value"]),
                by=str(body["user"]["id"]),
                trigger=_press(body),
            )
        )
        _respond(
            respond,
            told.rendered,
            response_type="in_channel" if told.to_all else "ephemeral",
            replace_original=False,
        )

    app.action(re.compile(rf"{CANCEL}:\d+"))(ack=acknowledge, lazy=[cancel])


def _hear_shortcut(app: App, asking: Asking) -> None:
    def ask(ack: Ack, respond: Respond, body: Json) -> None:
        told = asking.about(str(body["channel"]["id"]), body["message"], by=str(body["user"]["id"]))
        ack()
        respond(text=told, response_type="ephemeral", replace_original=False)

    app.shortcut({"callback_id": SHORTCUT, "type": "message_action"})(ask)


def _hear_home(app: App, home: Home) -> None:
    def acknowledge() -> None:
        """Nothing is kept of it, so that nothing has to be written first."""

    def publish(event: Json) -> None:
        if event.get("tab") == "home":
            home.publish(str(event["user"]))

    app.event("app_home_opened")(ack=acknowledge, lazy=[publish])


def _answer(respond: Respond, answer: Answer) -> None:
    kind = {} if answer.replaces else {"response_type": "ephemeral"}
    _respond(respond, answer.rendered, replace_original=answer.replaces, **kind)


def _respond(respond: Respond, rendered: Rendered, **how: Any) -> None:
    respond(text=rendered.text, blocks=list(rendered.blocks), unfurl_links=False, **how)


def _thread(body: Json, team: str) -> ThreadAddress:
    """The thread of the message that a button is part of."""
    message = body.get("message") or {}
    container = body.get("container") or {}
    thread = message.get("thread_ts") or container.get("thread_ts") or message.get("ts")
    return ThreadAddress(team=team, channel=str(body["channel"]["id"]), thread=str(thread))


def _searched(body: Json) -> tuple[int, Asked]:
    """The page and the search that a button repeats for whoever presses it."""
    page, text = read_button_value(body["actions"][0]["value"])
    channel, by = str(body["channel"]["id"]), str(body["user"]["id"])
    return page, Asked(channel=channel, text=text, by=by, trigger=_press(body))


def _press(body: Json) -> str:
    """One press of one button by one person; Slack delivers it again with the same time."""
    action = body["actions"][0]
    return f"{action['action_id']}:{body['user']['id']}:{action['action_ts']}"
