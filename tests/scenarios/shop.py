"""A repository on the forge of plain Git, and threads about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bot.following import Following
from bot.forge.plumbing import git, run_git
from bot.forge.repository import repositories
from bot.workspace.people import OXBOW, TEAM
from memory.log.change_events import BranchPushed
from memory.log.events import Event, Json
from memory.log.session_log import ThreadAddress
from tests.forge.origins import commit
from tests.support.product import Product, key
from tests.support.script_model import Answer, ScriptModel, calls, in_turn
from tests.support.secrets import secret_mask

E = TypeVar("E", bound=Event)

FIX = "sed -i 's/first/fixed/' file && git commit -qam 'Fix the file'"
DECLARED = """\
[commands]
test = "grep -q fixed file"
"""


@dataclass
class Shop:
    """A repository on the plain forge, and threads about it."""

    oxbow: Product
    work: Path
    bare: Path
    model: ScriptModel = field(default_factory=lambda: ScriptModel(in_turn()))

    def ask(self, *answers: Answer, text: str = "@Oxbow cart: the file is wrong", user: str = "ada") -> str:
        """Somebody asks, the model answers so, and a worker runs until it rests; gives the thread."""
        self.model = ScriptModel(in_turn(*answers))
        thread = self.oxbow.say(user, "general", text)
        self.oxbow.settle(self.model)
        return thread

    def events(self, thread: str, kind: type[E]) -> list[E]:
        channel = self.oxbow.workspace.channel_id("general")
        state = self.oxbow.log.thread_state(ThreadAddress(team=TEAM, channel=channel, thread=thread))
        assert state is not None
        told = [recorded.event for recorded in self.oxbow.log.read(state.session)]
        return [event for event in told if isinstance(event, kind)]

    def answer(self, thread: str) -> str:
        """What the last post with an answer says."""
        said = [m for m in self.oxbow.workspace.messages("general", thread) if m["user"] == OXBOW]
        return [str(m["blocks"]) for m in said if "oxbow_solved" in str(m["blocks"])][-1]

    @property
    def refs(self) -> list[str]:
        """Branches and pull requests on the forge."""
        told = git(
            "for-each-ref", "--format=%(refname)", "refs/heads/oxbow", "refs/oxbow/pull", cwd=self.bare
        )
        return told.split()

    def push_to_base(self, content: str, file: str = "file") -> None:
        """Somebody changes the default branch."""
        commit(self.work, content, file)
        git("push", "--quiet", str(self.bare), "HEAD:trunk", cwd=self.work)

    def declare(self, content: str) -> None:
        self.push_to_base(content, ".oxbow.toml")

    def go_on(self, *answers: Answer) -> ScriptModel:
        """Look at what became of the pull requests, and let a worker go on with these answers."""
        self.model = ScriptModel(in_turn(*answers))
        following = Following(
            pull_requests=self.oxbow.pull_requests,
            log=self.oxbow.log,
            forges=self.oxbow.forges,
            allowed=repositories(self.oxbow.addresses),
            secrets=secret_mask(),
        )
        self.oxbow.pull_requests.look_now(self.oxbow.addresses[0], 1)
        following.look()
        self.oxbow.settle(self.model)
        return self.model

    def notices(self, thread: str) -> list[str]:
        """What the thread was told about its pull request after the answer."""
        said = self.oxbow.workspace.messages("general", thread)
        return [message["text"] for message in said if key(message).startswith("pull:")]

    def keep(self, ref: str, content: str) -> None:
        """Somebody writes a description beside the branches."""
        args = ("hash-object", "-w", "--stdin")
        blob = run_git(args, cwd=self.bare, environment={}, content=content.encode()).strip()
        git("update-ref", ref, blob, cwd=self.bare)

    def commit_by_hand(self, pushed: BranchPushed) -> str:
        """Somebody commits to the branch of the pull request."""
        git("fetch", "--quiet", str(self.bare), pushed.branch, cwd=self.work)
        git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=self.work)
        theirs = commit(self.work, "by hand", "another")
        git("push", "--quiet", str(self.bare), f"HEAD:refs/heads/{pushed.branch}", cwd=self.work)
        return theirs


def bash(command: str) -> list[Json]:
    return calls("bash", command=command)
