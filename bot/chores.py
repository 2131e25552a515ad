"""What is done once in a night or a week, put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.brain.preferences import MEMORY
from bot.nightly_refit import NightlyRefit
from bot.periodic import Periodic, Task
from bot.settings import Settings
from bot.slack.announcements import Announcements
from bot.slack.history import channel_named
from bot.slack.side import SlackSide
from bot.weekly_digest import WeeklyDigest
from memory.channel_settings import ChannelSettings
from memory.chores import Chores
from memory.database import Engine, Engines
from memory.embedder import Embedder, patient
from memory.recall import Recall


@contextmanager
def periodically(
    settings: Settings, slack: SlackSide, engines: Engines, embedder: Embedder
) -> Iterator[None]:
    """Do what is due once in a night or a week, for as long as this is open."""
    engine, channel = engines.background, settings.oxbow_digest_channel
    chores, recall = Chores(engine), Recall(engine, patient(embedder))
    tasks: list[Task] = [NightlyRefit(engine, recall, chores)]
    if channel is not None:
        tasks.append(build_digest(channel, slack, engine, chores, embedder.name))
    periodic = Periodic(team=slack.identity.team, chores=chores, tasks=tasks)
    periodic.start()
    try:
        yield
    finally:
        periodic.stop()


def build_digest(
    channel: str, slack: SlackSide, engine: Engine, chores: Chores, embedder: str
) -> WeeklyDigest:
    """Who tells the channel once a week what came up again."""
    settings, team = ChannelSettings(engine), slack.identity.team

    def shows(asked: str) -> bool:
        return asked not in settings.channels_with(team, MEMORY, "off") and slack.gate.shows_channel(asked)

    return WeeklyDigest(
        engine=engine,
        chores=chores,
        announcements=Announcements(slack.web, slack.gate),
        channel=lambda: channel_named(slack.web, channel),
        shows=shows,
        embedder=embedder,
    )
