"""Jobs that cross every failpoint, and what must be true in the end wherever a process died."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from bot.brain.decide import COMPACT_TOKENS
from bot.brain.policies import TOOLS
from bot.workspace.people import TEAM
from memory.log.codec import type_name
from memory.log.events import (
    ApprovalRequested,
    Event,
    InterruptRequested,
    Json,
    SandboxAttached,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from memory.log.sessions import ThreadAddress
from sandbox.port import Sandbox
from tests.support.product import Died, Product
from tests.support.script_model import Answer, ScriptModel, says

CHANNEL = "general"
PARAGRAPHS = [f"{number}. " + "evidence " * 100 for number in range(30)]
"""Of an answer: more than fits into two posts."""
COUNT = "echo counted >> counter; wc -l < counter"


@dataclass
class Job:
    """One thread from its mention to its end. Whatever dies on the way, people and Slack try again."""

    built: Product
    sandbox: Sandbox
    name: str
    ts: str = field(init=False)
    model: ScriptModel = field(init=False)

    QUESTION: ClassVar[str]
    ONCE: ClassVar[dict[str, int]]
    """What every log holds in the end. Beginnings of effects may be recorded twice."""

    def __post_init__(self) -> None:
        self.model = ScriptModel(self.script)
        self.ts = self.built.workspace.post("ada", CHANNEL, f"@Oxbow {self.QUESTION} {self.name}")

    def run(self) -> None:
        """To the end; a process that dies is followed by another."""
        self.hear(self.ts)
        while True:
            try:
                self.built.settle(self.model)
                if self.over:
                    return
                self.people()
            except Died:
                self.built.lapse()
                self.died()

    def hear(self, ts: str) -> None:
        """Slack delivers a message, and again when the listener died over it."""
        self.again(lambda: self.built.hear(CHANNEL, ts))

    def again(self, deed: Callable[[], object]) -> None:
        """Do it, once more when the process died over it."""
        try:
            deed()
        except Died:
            deed()

    @property
    def over(self) -> bool:
        """Whether the turn has come to its end."""
        return any(isinstance(event, TurnFinished) for event in self.events)

    @property
    def address(self) -> ThreadAddress:
        return ThreadAddress(team=TEAM, channel=self.built.workspace.channel_id(CHANNEL), thread=self.ts)

    @property
    def events(self) -> list[Event]:
        return self.built.events(CHANNEL, self.ts)

    def script(self, messages: Sequence[Json]) -> Answer:
        """What the model answers."""
        raise NotImplementedError

    def people(self) -> None:
        """What people do while the session rests."""

    def died(self) -> None:
        """What people do once a worker is gone."""

    def check(self) -> None:
        """What holds in the end."""
        names = [type_name(type(event)) for event in self.events]
        assert {name: names.count(name) for name in self.ONCE} == self.ONCE
        started = [event.call for event in self.events if isinstance(event, ToolStarted)]
        assert len(started) == len(set(started)), "a call was started twice"

    def counted(self) -> int:
        """How often the workspace's counter was raised."""
        attached = [event for event in self.events if isinstance(event, SandboxAttached)]
        return self.sandbox.read(attached[-1].reference, path="counter", epoch=1_000).count(b"counted\n")

    def said(self) -> list[tuple[str, str]]:
        """What the thread shows, in kinds of posts and whole texts; what is recalled may differ."""
        return [(key, text) for key, text in self.posts() if key != "recall:1"]

    def posts(self) -> list[tuple[str, str]]:
        """Every post of the bot: its key and what it says in Markdown."""
        messages = self.built.workspace.messages(CHANNEL, self.ts)
        posts = [(str(m["metadata"]["event_payload"]["key"]), m) for m in messages if m.get("metadata")]
        return [(_kind(key), _whole(post)) for key, post in posts]


@dataclass
class Steered(Job):
    """Recalls, runs commands that count after an approval, is steered, answers in three posts, is indexed."""

    QUESTION = "the counter is wrong, KeyError tz, please count"
    STEER = "and keep the row order"
    STEPS = 3
    ONCE = {  # noqa: RUF012 - never changed
        "session_opened": 1,
        "message_received": 2,
        "solutions_recalled": 1,
        "sandbox_attached": 1,
        "approval_given": 1,
        "model_responded": STEPS + 1,
        "tool_started": STEPS,
        "tool_finished": STEPS,
        "turn_finished": 1,
        "solution_indexed": 1,
    }
    steered: bool = False

    def __post_init__(self) -> None:
        settings, channel = self.built.settings, self.built.workspace.channel_id(CHANNEL)
        settings.set(TEAM, channel, TOOLS, "bash=ask", by="U1")
        super().__post_init__()

    def script(self, messages: Sequence[Json]) -> Answer:
        made = sum(1 for message in messages if message["role"] == "assistant")
        if made == 1:
            self.steer()
        if made < self.STEPS:
            name = f"toolu_{self.ts.replace('.', '_')}_{made}"
            return [{"type": "tool_use", "id": name, "name": "bash", "input": {"command": COUNT}}]
        last = messages[-1]["content"][0]["content"][0]["text"].strip()
        return says("\n\n".join([f"The counter says {last}.", *PARAGRAPHS]))

    def steer(self) -> None:
        """Somebody writes while the model thinks; a model that is asked again does not hear it twice."""
        if not self.steered:
            self.steered = True
            self.hear(self.built.workspace.post("bruno", CHANNEL, self.STEER, self.ts))

    def people(self) -> None:
        ada = self.built.workspace.user_id("ada")
        for event in self.events:
            if isinstance(event, ApprovalRequested):
                self.again(
                    lambda call=event.call: self.built.decisions.press(  # type: ignore[misc]
                        self.address, ada, call, approved=True, scope="thread"
                    )
                )

    def check(self) -> None:
        super().check()
        assert [e.output.strip() for e in self.events if isinstance(e, ToolFinished)] == ["1", "2", "3"]
        assert self.counted() == self.STEPS
        assert self.STEER in str(self.model.requests[-1].messages)


@dataclass
class Compacted(Job):
    """Grows too long for the model, is summarised, and goes on from the summary."""

    QUESTION = "read everything and count"
    ONCE = {  # noqa: RUF012 - never changed
        "message_received": 1,
        "context_compacted": 1,
        "tool_started": 1,
        "tool_finished": 1,
        "turn_finished": 1,
        "solution_indexed": 1,
    }

    def __post_init__(self) -> None:
        self.built.settings.clear(TEAM, self.built.workspace.channel_id(CHANNEL), TOOLS)
        super().__post_init__()

    def script(self, messages: Sequence[Json]) -> Answer:
        text = str(messages)
        self.model.input_tokens = 10 if "Summarise this record" in text else COMPACT_TOKENS + 1
        if "Summarise this record" in text:
            return says("Counted once.")
        if "<summary_of_earlier_work>" in text:
            return says("It was counted once.")
        call = f"toolu_{self.ts.replace('.', '_')}"
        return [{"type": "tool_use", "id": call, "name": "bash", "input": {"command": COUNT}}]

    def check(self) -> None:
        super().check()
        assert self.counted() == 1


@dataclass
class Stopped(Job):
    """Loses its worker over its first command, is stopped, and does nothing more."""

    QUESTION = "count until I stop you"
    ONCE = {  # noqa: RUF012 - never changed
        "message_received": 1,
        "interrupt_requested": 1,
        "interrupt_handled": 1,
        "tool_started": 1,
        "turn_finished": 1,
    }
    stopped: bool = False

    def __post_init__(self) -> None:
        self.built.settings.clear(TEAM, self.built.workspace.channel_id(CHANNEL), TOOLS)
        super().__post_init__()

    def run(self) -> None:
        self.built.instants.die_at("command:before")
        super().run()

    def died(self) -> None:
        if not self.stopped and any(isinstance(event, ToolStarted) for event in self.events):
            self.stopped = True
            self.hear(self.built.workspace.post("bruno", CHANNEL, "stop", self.ts))

    def script(self, messages: Sequence[Json]) -> Answer:
        call = f"toolu_{self.ts.replace('.', '_')}"
        return [{"type": "tool_use", "id": call, "name": "bash", "input": {"command": f"{COUNT}; sleep 60"}}]

    def check(self) -> None:
        super().check()
        assert [e.source for e in self.events if isinstance(e, InterruptRequested)] == ["word"]


def _kind(key: str) -> str:
    """The key without the call that it names."""
    return ":".join(part for part in key.split(":") if not part.startswith("toolu_"))


def _whole(post: Json) -> str:
    return "".join(block["text"] for block in post["blocks"] if block["type"] == "markdown")
