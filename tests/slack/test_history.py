"""A living channel's threads, read through the Web API for the memory."""

from __future__ import annotations

import pytest

from bot.slack.hearing.history import SlackHistory, channel_named
from bot.slack.people import People
from bot.workspace.people import TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.errors import ImportProblem
from memory.imports.importing import Progress, import_threads
from memory.recall.recall import Recall
from tests.slack.fixtures import Slack
from tests.support.secrets import GITHUB_TOKEN, secret_mask


def history(slack: Slack, channel: str = "general") -> SlackHistory:
    return SlackHistory(
        slack.workspace.channel_id(channel),
        web=slack.web,
        gate=slack.gate,
        people=People(slack.web, TEAM),
        workspace_url="https://river.slack.com/",
        spacing=0.0,
    )


def thread(slack: Slack, problem: str, fix: str) -> str:
    root = slack.workspace.post("ada", "general", problem)
    slack.workspace.post("bruno", "general", fix, root)
    return root


def run(slack: Slack) -> Progress:
    *_, last = import_threads(
        slack.engine, HashingEmbedder(), history(slack), team=TEAM, secrets=secret_mask()
    )
    return last


def test_a_thread_of_people_is_found_with_its_link(slack: Slack) -> None:
    root = thread(slack, "the import fails with KeyError", "set the zone")
    assert run(slack).indexed == 1
    [hit] = Recall(slack.engine, HashingEmbedder()).search("import KeyError", team=TEAM)
    channel = slack.workspace.channel_id("general")
    assert (hit.fix, hit.channel_name) == ("set the zone", "general")
    assert hit.permalink == f"https://river.slack.com/archives/{channel}/p{root.replace('.', '')}"


def test_it_may_be_run_again_at_any_time(slack: Slack) -> None:
    for number in range(3):
        thread(slack, f"import {number} fails", "set the zone")
    assert (run(slack).indexed, run(slack).unchanged) == (3, 3)


def test_every_page_is_read(slack: Slack) -> None:
    for number in range(12):
        thread(slack, f"import {number} fails", "set the zone")
    for _ in range(250):
        slack.workspace.post("mei", "general", "good morning")
    assert history(slack).count() == 12


def test_lonely_messages_are_no_threads_and_secrets_are_masked(slack: Slack) -> None:
    slack.workspace.post("ada", "general", "good morning")
    thread(slack, "how do I push?", f"with {GITHUB_TOKEN}")
    run(slack)
    [hit] = Recall(slack.engine, HashingEmbedder()).search("how do I push?", team=TEAM)
    assert hit.fix == "with [masked GitHub token]"


def test_when_slack_asks_to_wait_it_waits_and_goes_on(slack: Slack) -> None:
    thread(slack, "the import fails", "set the zone")
    slack.workspace.rate_limit_next("conversations.replies", 1)
    assert run(slack).indexed == 1


@pytest.mark.parametrize("channel", ["salaries", "northwind-parcels"])
def test_a_channel_that_is_not_public_is_refused(slack: Slack, channel: str) -> None:
    with pytest.raises(ImportProblem, match="is not imported: it is"):
        history(slack, channel).count()


def test_what_was_said_before_the_channel_was_made_public_is_not_read(slack: Slack) -> None:
    slack.workspace.convert_to_private("general")
    thread(slack, "the salaries import fails", "never mind")
    slack.workspace.convert_to_public("general")
    thread(slack, "the public import fails", "set the zone")
    read = [each for each in history(slack).threads() if each is not None]
    assert [each.messages[0].text for each in read] == ["the public import fails"]


@pytest.mark.parametrize("name", ["general", "#general", "C0GENERAL1"])
def test_a_channel_is_found_by_its_name_or_identifier(slack: Slack, name: str) -> None:
    assert channel_named(slack.web, name) == "C0GENERAL1"


def test_a_channel_that_is_not_there_is_named(slack: Slack) -> None:
    with pytest.raises(ImportProblem, match="there is no public channel 'salaries'"):
        channel_named(slack.web, "salaries")
