"""What is done once in a night or a week, put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.background.instruction_proposals import InstructionProposals
from bot.background.nightly_reading import NightlyReading
from bot.background.nightly_refit import NightlyRefit
from bot.background.periodic import Periodic, Task
from bot.background.recurrence import Recurrence
from bot.background.weekly_digest import WeeklyDigest
from bot.brain.preferences import MEMORY
from bot.compose import build_secrets
from bot.forge.repository import repositories
from bot.hosting.hosting import build_forges
from bot.settings import Settings
from bot.slack.announcements import Announcements
from bot.slack.hearing.history import SlackHistory, channel_named
from bot.slack.side import SlackSide
from memory.database import Engine, Engines
from memory.embedding.embedder import Embedder, patient
from memory.recall.recall import Recall
from memory.workspaces.channel_settings import ChannelSettings
from memory.workspaces.chores import Chores


@contextmanager
def periodically(
    settings: Settings, slack: SlackSide, engines: Engines, embedder: Embedder
) -> Iterator[None]:
    """Do what is due once in a night or a week, for as long as this is open."""
    engine = engines.background
    chores, recall = Chores(engine), Recall(engine, patient(embedder))
    recurrence = build_recurrence(slack, engine, embedder.name)
    tasks: list[Task] = [
        NightlyRefit(engine, recall, chores),
        NightlyReading(
            engine=engine,
            embedder=patient(embedder),
            chores=chores,
            history=lambda channel, recent: SlackHistory(
                channel,
                web=slack.web,
                gate=slack.gate,
                people=slack.people,
                workspace_url=str(slack.web.call("auth.test").get("url") or "https://slack.com"),
                recent=recent,
            ),
            secrets=build_secrets(settings),
        ),
    ]
    if settings.oxbow_instruction_file is not None:
        tasks.append(
            InstructionProposals(
                engine=engine,
                chores=chores,
                recurrence=recurrence,
                forges=build_forges(settings),
                allowed=repositories(settings.oxbow_repositories),
                file=settings.oxbow_instruction_file,
                secrets=build_secrets(settings),
            )
        )
    channel = settings.oxbow_digest_channel
    if channel is not None:
        tasks.append(
            WeeklyDigest(
                engine=engine,
                chores=chores,
                announcements=Announcements(slack.web, slack.gate),
                channel=lambda: channel_named(slack.web, channel),
                recurrence=recurrence,
            )
        )
    periodic = Periodic(team=slack.identity.team, chores=chores, tasks=tasks)
    periodic.start()
    try:
        yield
    finally:
        periodic.stop()


def build_recurrence(slack: SlackSide, engine: Engine, embedder: str) -> Recurrence:
    """What came up again in channels that are public and want to be remembered."""
    settings, team = ChannelSettings(engine), slack.identity.team

    def shows(asked: str) -> bool:
        return asked not in settings.channels_with(team, MEMORY, "off") and slack.gate.shows_channel(asked)

    return Recurrence(engine=engine, embedder=embedder, shows=shows)
