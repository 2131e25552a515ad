"""Who is answered: members everywhere, guests in their own channels, nobody else."""

from __future__ import annotations

import pytest

from bot.slack.answering.admission import NOT_LOOKED_UP, Admission
from bot.slack.errors import SlackUnavailable
from bot.slack.people import GUEST_ELSEWHERE, OUTSIDER, People, Standing, judge
from bot.workspace.people import OXBOW, TEAM
from memory.log.events import InterruptRequested, Json, MessageReceived
from tests.slack.fixtures import Slack

MEMBER: Json = {
    "id": "U0ADA00001",
    "team_id": TEAM,
    "name": "ada",
    "deleted": False,
    "is_bot": False,
    "is_stranger": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
    "profile": {"display_name": "Ada"},
}


@pytest.mark.parametrize(
    ("user", "standing"),
    [
        (MEMBER, "member"),
        (MEMBER | {"team_id": "E1", "enterprise_user": {"teams": [TEAM]}}, "member"),
        (MEMBER | {"is_restricted": True}, "guest"),
        (MEMBER | {"is_restricted": True, "is_ultra_restricted": True}, "guest"),
        ({k: v for k, v in MEMBER.items() if k != "is_restricted"}, "guest"),
        (MEMBER | {"is_stranger": True}, "outsider"),
        (MEMBER | {"team_id": "T0OTHER"}, "outsider"),
        (MEMBER | {"deleted": True}, "outsider"),
        ({}, "outsider"),
        (MEMBER | {"is_bot": True}, "bot"),
        (MEMBER | {"is_workflow_bot": True}, "bot"),
        (MEMBER | {"id": "USLACKBOT"}, "bot"),
    ],
)
def test_who_is_not_clearly_a_member_is_less_than_one(user: Json, standing: Standing) -> None:
    assert judge(user, TEAM).standing == standing


def test_a_person_is_looked_up_once_while_it_is_fresh(slack: Slack) -> None:
    people, ada = People(slack.web, TEAM), slack.workspace.user_id("ada")
    assert (people.name(ada), people.standing(ada)) == ("Ada", "member")
    assert len(slack.workspace.calls_of("users.info")) == 1


def test_somebody_slack_does_not_know_is_nobody_here(slack: Slack) -> None:
    people = People(slack.web, TEAM)
    assert (people.name("U0NOBODY01"), people.standing("U0NOBODY01")) == ("U0NOBODY01", "outsider")


def test_a_guest_is_welcome_in_a_channel_they_are_in_and_nowhere_else(slack: Slack) -> None:
    people, gil = People(slack.web, TEAM), slack.workspace.user_id("gil")
    assert people.refusal(gil, slack.workspace.channel_id("help-python")) is None
    assert people.refusal(gil, slack.workspace.channel_id("general")) == GUEST_ELSEWHERE


def test_nobody_is_let_in_while_slack_does_not_say_who_they_are(slack: Slack) -> None:
    people, ada = People(slack.web, TEAM), slack.workspace.user_id("ada")
    general = slack.workspace.channel_id("general")
    slack.workspace.rate_limit_next("users.info", 1)
    with pytest.raises(SlackUnavailable):
        people.refusal(ada, general)
    slack.workspace.rate_limit_next("users.info", 1)
    assert Admission(slack.gate, people).refusal(general, ada) == NOT_LOOKED_UP
    assert Admission(slack.gate, people).refusal(general, ada) is None


def test_a_stranger_is_told_once_and_nothing_of_it_is_kept(slack: Slack) -> None:
    thread = slack.workspace.post("sam", "general", "@Oxbow what do you know of our parcels?")
    slack.workspace.post("sam", "general", "@Oxbow please", thread)
    slack.hear()
    assert slack.received("general", thread) == []
    assert slack.said("general") == [OUTSIDER]
    assert "sessions" not in slack.rows()


def test_a_stranger_neither_steers_nor_stops_a_session(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "@Oxbow the import fails")
    slack.workspace.post("sam", "general", "try this instead", thread)
    slack.workspace.post("sam", "general", "stop", thread)
    slack.hear()
    assert [event.author_name for event in messages(slack, thread)] == ["Ada"]
    assert len(slack.received("general", thread)) == 1


def test_a_stop_is_heard_while_slack_does_not_say_whose_it_is(slack: Slack) -> None:
    thread = slack.workspace.post("ada", "general", "@Oxbow the import fails")
    slack.hear()
    slack.workspace.post("bruno", "general", "stop", thread)
    slack.workspace.rate_limit_next("users.info", 1)
    slack.hear()
    assert isinstance(slack.received("general", thread)[-1], InterruptRequested)


def test_a_guest_is_heard_in_their_channel(slack: Slack) -> None:
    thread = slack.workspace.post("gil", "help-python", "@Oxbow why does this import fail?")
    slack.hear()
    [received] = slack.received("help-python", thread)
    assert isinstance(received, MessageReceived)
    assert received.author_name == "Gil"


def test_a_bot_that_writes_as_a_person_is_not_even_answered(slack: Slack) -> None:
    deploybot, general = slack.workspace.user_id("deploybot"), slack.workspace.channel_id("general")
    slack.listener.message(
        {"type": "message", "user": deploybot, "text": f"<@{OXBOW}> hello", "channel": general, "ts": "9.0"}
    )
    assert slack.received("general", "9.0") == []
    assert slack.said("general") == []


def messages(slack: Slack, thread: str) -> list[MessageReceived]:
    return [event for event in slack.received("general", thread) if isinstance(event, MessageReceived)]
