"""The gate: only what Slack itself calls a plain public channel is public; in doubt it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from bot.brain.steps import (
    Visibility,
)
from bot.slack.errors import SlackUnavailable, ThreadRefused
from bot.slack.gate import Gate, judge
from bot.slack.showing.rendered import plain
from bot.workspace.channels import founding_channels
from bot.workspace.people import OXBOW, TEAM
from memory.log.events import Json
from memory.recall.recall import Hit
from memory.workspaces.channels import Channels
from tests.slack.fixtures import Slack

PLAIN: Json = {
    "id": "C0GENERAL1",
    "name": "general",
    "is_channel": True,
    "is_group": False,
    "is_im": False,
    "is_mpim": False,
    "is_private": False,
    "is_archived": False,
    "is_frozen": False,
    "is_shared": False,
    "is_org_shared": False,
    "is_ext_shared": False,
    "is_pending_ext_shared": False,
    "pending_shared": [],
    "pending_connected_team_ids": [],
}


def without(*names: str) -> Json:
    return {name: value for name, value in PLAIN.items() if name not in names}


PUBLIC = {
    "a public channel": PLAIN,
    "… shared between workspaces of one organisation": PLAIN | {"is_shared": True, "is_org_shared": True},
    "… of a Slack that does not know frozen channels": without("is_frozen", "pending_connected_team_ids"),
}
REFUSED = {
    "a direct message": ({"id": "D0ADA00001", "is_im": True, "user": "U1"}, "it is a direct message"),
    "a group message": (
        PLAIN | {"is_mpim": True, "is_group": True, "is_channel": False, "is_private": True},
        "it is a group message",
    ),
    "an old private channel": (
        PLAIN | {"is_group": True, "is_channel": False, "is_private": True},
        "it is a private channel",
    ),
    "a private channel": (PLAIN | {"is_private": True}, "it is a private channel"),
    "an externally shared channel": (
        PLAIN | {"is_shared": True, "is_ext_shared": True},
        "it is shared with another organisation",
    ),
    "one that is shared with whomever": (
        PLAIN | {"is_shared": True},
        "it is shared with another organisation",
    ),
    "one shared inside and outside": (
        PLAIN | {"is_shared": True, "is_org_shared": True, "is_ext_shared": True},
        "it is shared with another organisation",
    ),
    "one with an open invitation": (
        PLAIN | {"is_pending_ext_shared": True},
        "it is about to be shared with another organisation",
    ),
    "one with an invited team": (
        PLAIN | {"pending_shared": ["T2"]},
        "it is about to be shared with another organisation",
    ),
    "one with a connecting team": (
        PLAIN | {"pending_connected_team_ids": ["T2"]},
        "it is about to be shared with another organisation",
    ),
    "an archived channel": (PLAIN | {"is_archived": True}, "it is archived"),
    "a frozen channel": (PLAIN | {"is_frozen": True}, "it is frozen"),
    "nothing at all": ({}, "Slack does not say that it is public"),
    "an object without a kind": (without("is_channel"), "Slack does not say that it is public"),
    "an object without privacy": (without("is_private"), "Slack does not say that it is public"),
    "an object without sharing": (without("is_ext_shared"), "Slack does not say that it is public"),
    "a kind that is no truth value": (PLAIN | {"is_channel": "true"}, "Slack does not say that it is public"),
    "privacy that is no truth value": (PLAIN | {"is_private": None}, "Slack does not say that it is public"),
}


@pytest.mark.parametrize("channel", PUBLIC.values(), ids=PUBLIC)
def test_public(channel: Json) -> None:
    verdict = judge(channel)
    assert (verdict.visibility, verdict.name, verdict.reason) == ("public", "general", "")


@pytest.mark.parametrize(("channel", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(channel: Json, reason: str) -> None:
    verdict = judge(channel)
    assert (verdict.visibility, verdict.reason) == ("refused", reason)


@pytest.mark.parametrize(
    "name",
    ["salaries", "mpdm-ada--bruno--oxbow-1", "northwind-parcels", "old-checkout"],
)
def test_the_workspaces_other_places_are_refused_as_objects_and_as_addresses(slack: Slack, name: str) -> None:
    place = next(channel for channel in founding_channels() if channel.name == name)
    assert judge(place.as_json(OXBOW)).visibility == "refused"
    assert slack.gate.check(place.id, max_age=0).visibility == "refused"


@pytest.mark.parametrize(
    ("error", "visibility"),
    [
        ("channel_not_found", "refused"),
        ("internal_error", "unknown"),
        ("token_revoked", "unknown"),
        ("missing_scope", "unknown"),
    ],
)
def test_an_error_of_the_look_up_is_never_a_yes(slack: Slack, error: str, visibility: Visibility) -> None:
    general = slack.workspace.channel_id("general")
    assert slack.gate.check(general, max_age=0).visibility == "public"
    slack.workspace.fail_next("conversations.info", error)
    assert slack.gate.check(general, max_age=0).visibility == visibility


def test_a_limit_of_slack_and_a_lost_connection_are_not_taken_for_a_verdict(slack: Slack) -> None:
    general = slack.workspace.channel_id("general")
    slack.workspace.rate_limit_next("conversations.info", 3)
    slack.workspace.rate_limit_next("users.conversations", 3)
    assert slack.gate.check(general, max_age=60).visibility == "unknown"
    slack.workspace.lose_next_response("conversations.info")
    assert slack.gate.check(general, max_age=60).visibility == "unknown"
    assert slack.gate.check(general, max_age=60).visibility == "public"


def test_a_verdict_is_asked_for_once_while_it_is_fresh_enough(slack: Slack) -> None:
    general = slack.workspace.channel_id("general")
    for _ in range(5):
        slack.gate.check(general, max_age=60)
    assert len(slack.workspace.calls_of("conversations.info")) == 1
    slack.gate.check(general, max_age=0)
    assert len(slack.workspace.calls_of("conversations.info")) == 2


def test_what_slack_told_one_process_counts_for_all_while_it_is_fresh_enough(slack: Slack) -> None:
    general = slack.workspace.channel_id("general")
    other = Gate(slack.web, Channels(slack.engine), TEAM)
    assert slack.gate.check(general, max_age=60) == other.check(general, max_age=60)
    assert len(slack.workspace.calls_of("conversations.info")) == 1
    slack.workspace.convert_to_private("general")
    assert other.check(general, max_age=0).visibility == "refused"
    third = Gate(slack.web, Channels(slack.engine), TEAM)
    assert third.check(general, max_age=60).visibility == "refused"
    assert len(slack.workspace.calls_of("conversations.info")) == 2


def test_what_an_import_says_is_no_word_of_slack(slack: Slack) -> None:
    salaries = slack.workspace.channel_id("salaries")
    Channels(slack.engine).record(TEAM, salaries, name="salaries", refused=None, source="import")
    assert slack.gate.check(salaries, max_age=60).visibility == "refused"


def test_a_channel_that_never_was_public_leaves_no_trace(slack: Slack) -> None:
    slack.gate.check(slack.workspace.channel_id("salaries"), max_age=0)
    assert slack.rows() == {}


def test_a_channel_that_is_no_longer_public_is_hidden(slack: Slack) -> None:
    general = slack.workspace.channel_id("general")
    assert slack.gate.shows(HIT)
    slack.workspace.convert_to_private("general")
    slack.gate.forget(general)
    assert not slack.gate.shows(HIT)
    known = Channels(slack.engine).known(TEAM, general, max_age=60)
    assert known is not None
    assert not known.public


def test_a_hit_of_a_channel_that_cannot_be_looked_up_is_hidden(slack: Slack) -> None:
    slack.workspace.fail_next("conversations.info", "internal_error")
    assert not slack.gate.shows(HIT)


def test_an_imported_archive_is_shown_as_its_operator_declared_it(slack: Slack) -> None:
    assert slack.gate.shows(replace(HIT, channel="help-archive"))
    assert slack.workspace.calls_of("conversations.info") == []


HIT = Hit(
    solution=UUID(int=1),
    team=TEAM,
    channel="C0GENERAL1",
    channel_name="general",
    thread="1.0",
    problem="",
    fix="",
    outcome="answered",
    permalink="",
    repository=None,
    commit=None,
    finished_at=datetime(2026, 1, 1, tzinfo=UTC),
    standing="current",
    successor=None,
    score=1.0,
    why="",
    excerpt="",
    shared=(),
    overlap=1.0,
    similarity=1.0,
    margin=1.0,
    confidence=0.5,
)


# In front of every post


def test_nothing_is_posted_where_it_is_not_public(slack: Slack) -> None:
    address = slack.address("salaries", "1.0")
    with pytest.raises(ThreadRefused, match="not a public channel"):
        slack.replies.post(address, UUID(int=1), "answer:1:1", plain("hello"))
    assert slack.workspace.calls_of("chat.postMessage") == []


def test_nothing_is_posted_where_it_is_not_known(slack: Slack) -> None:
    slack.workspace.fail_next("conversations.info", "internal_error")
    with pytest.raises(SlackUnavailable):
        slack.replies.post(slack.address("general", "1.0"), UUID(int=1), "answer:1:1", plain("hello"))
    assert slack.workspace.calls_of("chat.postMessage") == []


def test_when_too_many_channels_are_asked_about_one_call_tells_of_all(slack: Slack) -> None:
    workspace, public = slack.workspace, ("general", "data-platform", "shop-backend")
    workspace.rate_limit_next("conversations.info", 30)
    verdicts = [slack.gate.check(workspace.channel_id(name), max_age=60) for name in public]
    assert [(verdict.visibility, verdict.name) for verdict in verdicts] == [
        ("public", name) for name in public
    ]
    assert len(workspace.calls_of("users.conversations")) == 1
    assert len(workspace.calls_of("conversations.info")) == 1


def test_what_is_not_among_the_bots_public_channels_is_not_taken_for_one(slack: Slack) -> None:
    workspace, general = slack.workspace, slack.workspace.channel_id("general")
    workspace.convert_to_private("general")
    workspace.rate_limit_next("conversations.info", 30)
    assert slack.gate.check(general, max_age=0).visibility == "unknown"


def test_a_channel_that_one_call_tells_is_shared_is_refused_to_every_process(slack: Slack) -> None:
    workspace, general = slack.workspace, slack.workspace.channel_id("general")
    assert slack.gate.check(general, max_age=0).visibility == "public"
    workspace.share_externally("general")
    workspace.rate_limit_next("conversations.info", 30)
    assert slack.gate.check(general, max_age=0).visibility == "refused"
    another = Gate(slack.web, Channels(slack.engine), TEAM)
    assert another.check(general, max_age=60).visibility == "refused"
    assert len(workspace.calls_of("conversations.info")) == 2
