"""Threads of people in channels that want it: read once they are finished, by the code of an import."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.background.nightly_reading import QUIET, NightlyReading
from bot.brain.preferences import MEMORY
from bot.slack.hearing.history import SlackHistory
from bot.slack.people import People
from bot.workspace.people import TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.recall.recall import Recall
from memory.workspaces.channel_settings import ChannelSettings
from memory.workspaces.chores import Chores
from tests.slack.fixtures import Slack, slack
from tests.support.secrets import secret_mask

__all__ = ["slack"]

SOON, LATER = timedelta(seconds=QUIET / 2), timedelta(seconds=QUIET * 1.5)


def thread(slack: Slack, channel: str, problem: str) -> None:
    root = slack.workspace.post("ada", channel, problem)
    slack.workspace.post("bruno", channel, "rows without a zone are UTC", root)


def wish(slack: Slack, channel: str, value: str) -> None:
    ChannelSettings(slack.engine).set(TEAM, slack.workspace.channel_id(channel), MEMORY, value, by="U1")


def night(slack: Slack, ahead: timedelta) -> None:
    """A night that comes so long after now."""
    task = NightlyReading(
        engine=slack.engine,
        embedder=HashingEmbedder(),
        chores=Chores(slack.engine),
        history=lambda channel, recent: SlackHistory(
            channel,
            web=slack.web,
            gate=slack.gate,
            people=People(slack.web, TEAM),
            workspace_url="https://river.slack.com",
            spacing=0.0,
            recent=recent,
        ),
        secrets=secret_mask(),
    )
    taken = Chores(slack.engine).take(TEAM, task.chore)
    assert taken is not None
    task.perform(replace(taken, begun=datetime.now(UTC) + ahead))


def found(slack: Slack) -> list[str]:
    hits = Recall(slack.engine, HashingEmbedder()).search("import fails", team=TEAM)
    return sorted(hit.problem for hit in hits)


def test_a_finished_thread_of_people_is_found_where_the_channel_wants_it(slack: Slack) -> None:
    thread(slack, "general", "the import fails")
    thread(slack, "data-platform", "our import fails too")
    wish(slack, "general", "all")
    wish(slack, "data-platform", "on")
    night(slack, LATER)
    assert found(slack) == ["the import fails"]


def test_a_thread_that_goes_on_waits_for_its_end(slack: Slack) -> None:
    thread(slack, "general", "the import fails")
    wish(slack, "general", "all")
    night(slack, SOON)
    assert found(slack) == []


def test_a_channel_that_is_not_public_keeps_no_other_from_being_read(slack: Slack) -> None:
    thread(slack, "general", "the import fails")
    wish(slack, "salaries", "all")
    wish(slack, "general", "all")
    night(slack, LATER)
    assert found(slack) == ["the import fails"]
