"""The product's parts put together on a local workspace, with a model of the test's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import current_thread, main_thread

from slack_sdk import WebClient
from sqlalchemy import Engine, text

from bot.brain.brain import Brain
from bot.brain.budget import Budget
from bot.brain.changes.authority import Authority
from bot.brain.changes.exporting import Exporting
from bot.brain.changes.publishing import Publishing
from bot.brain.choosing import Choosing
from bot.brain.claimed import Claimed, StopSignal
from bot.brain.distilling import Distilling
from bot.brain.hands import Hands
from bot.brain.indexing import Indexing
from bot.brain.network import Network
from bot.brain.policies import Policies
from bot.brain.policy import ToolPolicy
from bot.brain.profile import engineer
from bot.brain.remembering import Remembering
from bot.brain.sharing import Sharing
from bot.brain.speaking import Speaking
from bot.brain.thinking import Thinking
from bot.brain.uploads import Uploads
from bot.forge.forges import Forges
from bot.forge.repository import repositories
from bot.model.port import Model
from bot.slack.answering.decisions import Decisions
from bot.slack.answering.picking import Picking
from bot.slack.board import ProgressBoard
from bot.slack.file_posts import FilePosts
from bot.slack.gate import Gate
from bot.slack.hearing.correcting import Correcting
from bot.slack.hearing.files import Files
from bot.slack.hearing.listener import Identity, Listener
from bot.slack.hearing.threads import Threads
from bot.slack.people import People
from bot.slack.replies import Replies
from bot.slack.web import SlackWeb
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import OXBOW, TEAM
from memory.embedding.embedder import HashingEmbedder
from memory.log.events import Event, Json
from memory.log.session_log import Lease, SessionLog, ThreadAddress
from memory.recall.finding import Finder
from memory.recall.recall import Recall
from memory.solutions.corrections import Corrections
from memory.solutions.index import SolutionIndex
from memory.statistics.spending import Spending
from memory.workspaces.channel_settings import ChannelSettings
from memory.workspaces.channels import Channels
from memory.workspaces.personal_settings import PersonalSettings
from memory.workspaces.pull_requests import PullRequests
from sandbox.egress_policy import EgressPolicy
from sandbox.port import Sandbox
from sandbox.snapshots import Snapshots
from tests.support.secrets import secret_mask

MOMENT = 0.05
"""Seconds of a lease that a test lets lapse."""


class Died(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Planned:
    """What happens at the n-th time that a failpoint is reached."""

    name: str
    left: int
    deed: Callable[[], None]

    @property
    def happened(self) -> bool:
        return self.left == 0


class Instants:
    """What stands at the failpoints: nothing, until something is to happen to the main thread there."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self.reached: set[str] = set()

    def die_at(self, name: str, number: int = 1) -> Planned:
        """Die there once; whoever goes on afterwards is another process."""
        return self.do_at(name, number, _die)

    def do_at(self, name: str, number: int, deed: Callable[[], None]) -> Planned:
        """Let something happen there, once."""
        planned = Planned(name=name, left=number, deed=deed)
        self._planned.append(planned)
        return planned

    def forget(self) -> None:
        """Nothing more is to happen."""
        self._planned.clear()

    def __call__(self, name: str) -> None:
        self.reached.add(name)
        if current_thread() is not main_thread():
            return
        for planned in self._planned:
            if planned.name == name and planned.left > 0:
                planned.left -= 1
                if planned.happened:
                    planned.deed()


def _die() -> None:
    raise Died


class Product:
    """What `oxbow serve` composes, driven by hand: a message is heard, a worker runs until it rests."""

    def __init__(
        self,
        engine: Engine,
        workspace: LocalWorkspace,
        folder: Path,
        sandbox: Sandbox,
        distilling: Distilling | None = None,
    ) -> None:
        self.instants = Instants()
        web = SlackWeb(
            WebClient(workspace.bot_token, base_url=workspace.api_url, timeout=10, retry_handlers=[]),
            reached=self.instants,
        )
        self.web, self.workspace = web, workspace
        self.gate = Gate(web, Channels(engine), TEAM)
        self.replies = Replies(web, self.gate)
        self.log = SessionLog(engine, reached=self.instants)
        self.later = ThreadPoolExecutor(max_workers=1)
        self.board = ProgressBoard(self.replies)
        self.listener = Listener(
            identity=Identity(team=TEAM, user=OXBOW),
            log=self.log,
            gate=self.gate,
            web=web,
            replies=self.replies,
            correcting=Correcting(team=TEAM, web=web, corrections=Corrections(engine)),
            secrets=secret_mask(),
            later=self.later,
        )
        people = self.people = People(web, TEAM)
        embedder = HashingEmbedder()
        recall = Recall(engine, embedder)
        self.remembering = Remembering(
            recall,
            Finder(engine, recall),
            Indexing(SolutionIndex(engine, embedder), secret_mask(), distilling),
            self.gate.shows,
            people.confined,
        )
        self.decisions = Decisions(log=self.log, gate=self.gate, people=people)
        self.picking = Picking(log=self.log, gate=self.gate, people=people)
        self.settings = ChannelSettings(engine)
        self.policies = Policies(ToolPolicy(), self.settings, PersonalSettings(engine), Spending(engine))
        self.budget = Budget()
        self.addresses: tuple[str, ...] = ()
        """Of the repositories that sessions may work on."""
        self.egress: dict[str, EgressPolicy] = {}
        """The hosts that workspaces may reach, by repository."""
        self.forges = Forges(folder / "mirrors")
        self.authority: Authority | None = None
        """None: Oxbow's own rights count for everybody."""
        self.pull_requests = PullRequests(engine)
        self._engine = engine
        self._folder = folder
        self._sandbox = sandbox

    def brain(self, model: Model) -> Brain:
        """A brain with this model; it keeps nothing, so each worker may have a new one."""
        allowed = repositories(self.addresses)
        profile = engineer([repository.name for repository in allowed])
        posts = FilePosts(self.web, self.gate, api_url=self.workspace.api_url)
        sharing = Sharing(posts, secret_mask())
        return Brain(
            thinking=Thinking(model, profile),
            choosing=Choosing(model, allowed),
            threads=Threads(self.web, self.gate, self.people, secret_mask(), OXBOW),
            uploads=Uploads(Files(self.web, api_url=self.workspace.api_url)),
            sharing=sharing,
            hands=Hands(
                self._sandbox,
                self.forges.mirrors,
                allowed,
                profile.limits,
                Snapshots(self._folder / "snapshots"),
                secret_mask(),
                Network(self.egress, secret_mask()),
                thread=sharing,
            ),
            remembering=self.remembering,
            speaking=Speaking(self.replies, self.board, self.gate, ()),
            policies=self.policies,
            budget=self.budget,
            publishing=Publishing(
                Exporting(self._sandbox, profile.limits, secret_mask()),
                self.forges,
                self.authority or Authority(forges=self.forges, accounts=None, writers={}, unlinked="bot"),
                self.pull_requests,
                allowed,
                secret_mask(),
            ),
        )

    def say(self, user: str, channel: str, text: str, thread: str | None = None) -> str:
        """Somebody writes, and the listener hears it; gives the message's time stamp."""
        ts = self.workspace.post(user, channel, text, thread)
        self.hear(channel, ts)
        return ts

    def hear(self, channel: str, ts: str) -> None:
        """Slack delivers a message."""
        message = self.workspace.message(channel, ts)
        self.listener.message({**message, "channel": self.workspace.channel_id(channel)})

    def claim(self, ttl: float = 60.0, *, background: bool = False) -> Lease | None:
        """The next session that is due, for a while."""
        return self.log.claim("test", ttl, background=background)

    def work(self, model: Model, ttl: float = 60.0) -> bool:
        """One worker claims one session and runs it until it rests, then what that left to be done in the
        background; False when none was due."""
        worked = False
        for background in (False, True):
            lease = self.claim(ttl, background=background)
            if lease is not None:
                claimed = Claimed(self.log, lease, StopSignal(lease.interrupt_seq))
                self.brain(model).run(claimed, lambda: False)
                worked = True
        return worked

    def lapse(self) -> None:
        """The leases of workers that died run out."""
        with self._engine.begin() as connection:
            connection.execute(
                text("UPDATE sessions SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")
            )

    def settle(self, model: Model) -> None:
        """Workers run until nothing is due any more, lapsed leases included."""
        time.sleep(MOMENT)
        while self.work(model):
            pass

    def events(self, channel: str, thread: str) -> list[Event]:
        """The log of the thread; empty when it has no session."""
        address = ThreadAddress(team=TEAM, channel=self.workspace.channel_id(channel), thread=thread)
        state = self.log.thread_state(address)
        return [] if state is None else [recorded.event for recorded in self.log.read(state.session)]

    def answers(self, channel: str, thread: str) -> list[str]:
        """The texts of everything the bot said in the thread but its progress message."""
        return [
            message["text"]
            for message in self.workspace.messages(channel, thread)
            if message["user"] == OXBOW and key(message).split(":")[0] != "progress"
        ]


def key(message: Json) -> str:
    """Under which key a message was posted."""
    payload: Json = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("key", ""))


@contextmanager
def product(
    engine: Engine, folder: Path, sandbox: Sandbox, distilling: Distilling | None = None
) -> Iterator[Product]:
    """The product on a workspace of its own."""
    with LocalWorkspace() as workspace:
        built = Product(engine, workspace, folder, sandbox, distilling)
        built.board.start()
        try:
            yield built
        finally:
            built.board.stop()
            built.later.shutdown()
