"""The composition root: the one place where concrete things meet. Nothing is created anywhere else."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bot.brain.brain import Brain
from bot.brain.budget import Budget
from bot.brain.changes.exporting import Exporting
from bot.brain.changes.publishing import Publishing
from bot.brain.choosing import Choosing
from bot.brain.hands import Hands
from bot.brain.indexing import Indexing
from bot.brain.network import Network
from bot.brain.policies import Policies
from bot.brain.profile import engineer
from bot.brain.remembering import Remembering
from bot.brain.sharing import Sharing
from bot.brain.speaking import Speaking
from bot.brain.thinking import Thinking
from bot.brain.uploads import Uploads
from bot.channel_rules import floor, offer
from bot.database_watch import watched
from bot.following import Following
from bot.hosting.hosting import build_authority, build_forges, build_linking, build_webhooks
from bot.model.port import Model
from bot.models import build_distilling
from bot.sandboxes import build_snapshots, build_upkeep
from bot.settings import Settings
from bot.slack.answering.admission import Admission
from bot.slack.answering.asking import Asking
from bot.slack.answering.commands import Commands
from bot.slack.answering.decisions import Decisions
from bot.slack.answering.dismissing import Dismissing
from bot.slack.answering.home import Home
from bot.slack.answering.personal_command import PersonalCommand
from bot.slack.answering.picking import Picking
from bot.slack.answering.schedule_command import ScheduleCommand
from bot.slack.answering.settings_command import SettingsCommand
from bot.slack.answering.stats_command import StatsCommand
from bot.slack.app import Questions, Surfaces, build_app
from bot.slack.board import ProgressBoard
from bot.slack.file_posts import FilePosts
from bot.slack.hearing.catch_up import CatchUp
from bot.slack.hearing.connection import Connect, alone
from bot.slack.hearing.correcting import Correcting
from bot.slack.hearing.files import Files
from bot.slack.hearing.listener import Listener
from bot.slack.hearing.rechecking import Rechecking
from bot.slack.hearing.threads import Threads
from bot.slack.scheduling import Scheduling
from bot.slack.side import SlackSide
from bot.worker import Worker
from memory.database import Engine, Engines, check_server, connect, migrate
from memory.embedding.bounded import BoundedEmbedder
from memory.embedding.embedder import Embedder, patient
from memory.log.session_log import SessionLog
from memory.log.wake import Wakeups
from memory.postgres.server import EmbeddedPostgres
from memory.recall.finding import Finder
from memory.recall.recall import Recall
from memory.secrets.mask import SecretMask
from memory.solutions.corrections import Corrections
from memory.solutions.index import SolutionIndex
from memory.solutions.recheck import Recheck
from memory.statistics.spending import Spending
from memory.workspaces.channel_settings import ChannelSettings
from memory.workspaces.listening import Listening
from memory.workspaces.personal_settings import PersonalSettings
from memory.workspaces.pull_requests import PullRequests
from memory.workspaces.schedules import Schedules
from sandbox.port import Sandbox

logger = logging.getLogger(__name__)


@contextmanager
def open_database(settings: Settings) -> Iterator[Engine]:
    """The database, checked and migrated: the given server, or our own for as long as this is open."""
    with database_url(settings) as url:
        engine = connect(url)
        try:
            check_server(engine)
            migrate(engine)
            yield engine
        finally:
            engine.dispose()


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The address of the given server, or of our own for as long as this is open."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with EmbeddedPostgres(settings.oxbow_data_dir / "postgres") as server, watched(server):
        yield server.url


def build_secrets(settings: Settings) -> SecretMask:
    """What masks secrets: those of many services, of the workspace, and this process's own."""
    return SecretMask(patterns=settings.oxbow_secret_patterns, known=settings.secrets)


def build_remembering(
    settings: Settings, engines: Engines, embedder: Embedder, slack: SlackSide, secrets: SecretMask
) -> Remembering:
    """Memory with the gate in front of every hit; what is indexed lets what is asked go first."""
    indexing = Indexing(
        SolutionIndex(engines.background, patient(embedder)),
        secrets,
        build_distilling(settings, engines.background, secrets),
    )
    recall = Recall(engines.hot, BoundedEmbedder(embedder))
    finder = Finder(engines.hot, recall)
    return Remembering(
        recall,
        finder,
        indexing,
        slack.gate.shows,
        slack.people.confined,
    )


@contextmanager
def listening(
    settings: Settings,
    slack: SlackSide,
    engines: Engines,
    remembering: Remembering,
    secrets: SecretMask,
    connect: Connect | None = None,
) -> Iterator[str]:
    """Hear Slack for as long as this is open, what was missed before included; a phrase says how.

    `connect` brings deliveries where several workspaces share an address.
    """
    team, log = slack.identity.team, SessionLog(engines.hot)
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="courtesy") as later:
        correcting = Correcting(team=team, web=slack.web, corrections=Corrections(engines.hot))
        listener = Listener(
            identity=slack.identity,
            log=log,
            gate=slack.gate,
            web=slack.web,
            replies=slack.replies,
            correcting=correcting,
            secrets=secrets,
            later=later,
        )
        channel_settings, personal_settings = ChannelSettings(engines.hot), PersonalSettings(engines.hot)
        admission = Admission(slack.gate, slack.people)
        settings_command = SettingsCommand(
            team=team,
            settings=channel_settings,
            policies=Policies(
                floor(settings), channel_settings, personal_settings, Spending(engines.background)
            ),
            offer=offer(settings),
        )
        personal_command = PersonalCommand(
            team=team, personal=personal_settings, settings=channel_settings, offer=offer(settings)
        )
        commands = Commands(
            team=team,
            admission=admission,
            log=log,
            remembering=remembering,
            correcting=correcting,
            secrets=secrets,
            settings=settings_command,
            personal=personal_command,
            schedules=ScheduleCommand(
                team=team, web=slack.web, people=slack.people, log=log, schedules=Schedules(engines.hot)
            ),
            stats=StatsCommand(team=team, background=engines.background),
            linking=build_linking(settings, engines.hot, team),
        )
        signing = None if settings.slack_app_token else settings.slack_signing_secret
        catch_up = CatchUp(team=team, web=slack.web, listener=listener, listening=Listening(engines.hot))
        app = build_app(
            slack=slack,
            signing_secret=signing.get_secret_value() if signing else None,
            listener=listener,
            questions=Questions(
                decisions=Decisions(log=log, gate=slack.gate, people=slack.people),
                dismissing=Dismissing(log, listener),
                picking=Picking(log=log, gate=slack.gate, people=slack.people),
            ),
            surfaces=Surfaces(
                commands=commands,
                asking=Asking(admission, listener),
                home=Home(
                    slack, log, settings_command.summary, personal_command.summary, Schedules(engines.hot)
                ),
            ),
            look_back=catch_up.look_back,
        )
        if connect is None:
            connect = alone(settings, build_webhooks(settings, engines.hot))
        connection = connect(app, catch_up.look_back)
        recheck = Recheck(engines.background)
        rechecking = Rechecking(
            team=team, web=slack.web, gate=slack.gate, log=log, listener=listener, recheck=recheck
        )
        scheduling = Scheduling(
            team=team,
            schedules=Schedules(engines.background),
            log=log,
            gate=slack.gate,
            people=slack.people,
            replies=slack.replies,
        )
        how = connection.start()
        catch_up.start(connection.hears)
        rechecking.start()
        scheduling.start()
        try:
            yield how
        finally:
            connection.stop()
            catch_up.stop()
            rechecking.stop()
            scheduling.stop()


@contextmanager
def working(  # noqa: PLR0913 - what serving decides, each by its name
    settings: Settings,
    slack: SlackSide,
    engines: Engines,
    remembering: Remembering,
    secrets: SecretMask,
    *,
    model: Model,
    sandbox: Sandbox | str,
    pulls: str = "",
) -> Iterator[Worker]:
    """A worker that is ready to serve, and its progress board for as long as this is open.

    `sandbox` is a reason in words where this host has none. `pulls` is where pull requests of plain Git are
    shown, if they are.
    """
    allowed = settings.repositories
    profile = engineer([repository.name for repository in allowed])
    board = ProgressBoard(slack.replies)
    forges = build_forges(settings, web=pulls)
    exporting = None if isinstance(sandbox, str) else Exporting(sandbox, profile.limits, secrets)
    sharing = Sharing(FilePosts(slack.web, slack.gate, api_url=slack.client.base_url), secrets)
    brain = Brain(
        thinking=Thinking(model, profile),
        choosing=Choosing(model, allowed),
        threads=Threads(slack.web, slack.gate, slack.people, secrets, slack.identity.user),
        uploads=Uploads(Files(slack.web, api_url=slack.client.base_url)),
        sharing=sharing,
        hands=Hands(
            sandbox,
            forges.mirrors,
            allowed,
            profile.limits,
            build_snapshots(settings),
            secrets,
            Network(settings.egress, secrets),
            thread=sharing,
        ),
        remembering=remembering,
        speaking=Speaking(slack.replies, board, slack.gate, _notices(model, sandbox)),
        policies=Policies(
            floor(settings),
            ChannelSettings(engines.hot),
            PersonalSettings(engines.hot),
            Spending(engines.hot),
        ),
        budget=Budget(
            steps=settings.oxbow_session_steps,
            tokens=settings.oxbow_session_tokens,
            dollars=settings.oxbow_session_dollars,
        ),
        publishing=Publishing(
            exporting,
            forges,
            build_authority(settings, forges, engines.hot, slack.identity.team),
            PullRequests(engines.hot),
            allowed,
            secrets,
        ),
    )
    owner = f"{socket.gethostname()}:{os.getpid()}"
    upkeep = build_upkeep(settings, engines.background, sandbox, forges.mirrors, secrets)
    following = Following(
        pull_requests=PullRequests(engines.background),
        log=SessionLog(engines.background),
        forges=forges,
        allowed=allowed,
        secrets=secrets,
    )
    board.start()
    following.start()
    for each in upkeep:
        each.start()
    try:
        yield Worker(
            log=SessionLog(engines.hot),
            background=SessionLog(engines.background),
            wakeups=Wakeups(engines.hot),
            brain=brain,
            owner=owner,
            team=slack.identity.team,
        )
    finally:
        for each in upkeep:
            each.stop()
        following.stop()
        board.stop()


def _notices(model: Model, sandbox: Sandbox | str) -> tuple[str, ...]:
    """What people must know under each answer."""
    unisolated = not isinstance(sandbox, str) and sandbox.name == "unisolated"
    risk = "Commands run without isolation here: OXBOW_SANDBOX=unisolated." if unisolated else None
    return tuple(notice for notice in (model.notice, risk) if notice)
