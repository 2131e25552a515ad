"""The same problems again and again, with and without memory: what it saves of model calls, tools and tokens.

The recorded problems are asked, worked on and confirmed; then all of them are asked again by somebody else in
another channel, and once more in other words. The commands really run. Without memory every channel withholds
what it solved, as `/oxbow settings memory off` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event

from bot.brain.preferences import MEMORY
from bot.demo.problems import PROBLEMS
from bot.demo.repositories import materialise
from bot.model.port import Model, ModelRequest, ModelResponse
from bot.model.scripted import ScriptedModel
from bot.slack.showing.offer import OFFER
from bot.workspace.local import LocalWorkspace
from bot.workspace.people import TEAM
from memory.log.events import ReplyPosted, SolutionsRecalled, ToolStarted
from memory.log.session_log import ThreadAddress
from sandbox.choose import open_sandbox
from tests.bench.figures import Figures
from tests.bench.place import Place, place
from tests.support.product import Product

CHANNELS = ("general", "data-platform", "shop-backend")
"""Where a problem is asked first, again, and in other words."""

OTHER_WORDS = (
    "in orders-import the nightly import is broken again since last night, KeyError: 'tz'",
    "returns-import: parcels.py of the weekly import fails, KeyError: 'tz'",
    "shop-cart: with 10 % off 12 pencils the total is one cent below the invoice, how come?",
    "log-rotate keeps old archives and deletes the newest as soon as more than nine are there",
)
CHARACTERS = 4
"""Of JSON to a token: near enough to compare with."""


@dataclass
class Metered:
    """A model whose requests and answers are counted."""

    model: Model
    calls: int = 0
    tokens: int = 0
    name: str = "metered"
    notice: str | None = None

    def respond(
        self, request: ModelRequest, *, on_text: Callable[[str], None], cancelled: Event
    ) -> ModelResponse:
        """As the model, and counted."""
        response = self.model.respond(request, on_text=on_text, cancelled=cancelled)
        tools = [[tool.name, tool.description, tool.input_schema] for tool in request.tools]
        whole = [request.system, tools, list(request.messages), list(response.blocks)]
        self.calls += 1
        self.tokens += len(json.dumps(whole)) // CHARACTERS
        return response


@dataclass
class Threads:
    """The product with people who ask and confirm."""

    oxbow: Product
    model: Metered = field(default_factory=lambda: Metered(ScriptedModel(PROBLEMS)))
    tool_calls: int = 0
    offers: int = 0
    shown: int = 0
    presses: int = 0

    def ask(self, channel: str, words: str) -> None:
        """Somebody asks, takes what is offered, and confirms what solved it."""
        thread = self.oxbow.say("ada" if channel == CHANNELS[0] else "bruno", channel, f"@Oxbow {words}")
        self.oxbow.settle(self.model)
        events = self.oxbow.events(channel, thread)
        recalled = [event for event in events if isinstance(event, SolutionsRecalled)]
        self.tool_calls += sum(isinstance(event, ToolStarted) for event in events)
        self.shown += any(event.hits for event in recalled)
        if any(isinstance(event, ReplyPosted) and event.key == OFFER for event in events):
            self.offers += 1
            self._press(channel, thread, solution=recalled[0].hits[0].solution)
        else:
            self._press(channel, thread, turn=1)
        self.oxbow.settle(self.model)

    def _press(
        self, channel: str, thread: str, *, turn: int | None = None, solution: str | None = None
    ) -> None:
        self.presses += 1
        where = ThreadAddress(team=TEAM, channel=self.oxbow.workspace.channel_id(channel), thread=thread)
        by = self.oxbow.workspace.user_id("bruno")
        press = f"press:{self.presses}"
        self.oxbow.listener.feedback(where, by, "solved", press, turn=turn, solution=solution)


def repeats(_: Place) -> Figures:
    """Both runs, each in a place of its own, and what is saved."""
    without, with_memory = _run(memory=False), _run(memory=True)
    figures: Figures = {}
    for name in ("model calls", "tool calls", "tokens"):
        before, after = without[name], with_memory[name]
        figures |= {
            f"{name} without memory": before,
            f"{name} with memory": after,
            f"{name} saved %": 100 * (1 - after / before),
        }
    return figures | {
        name: with_memory[name] for name in ("threads", "begun from memory", "solved by an offer")
    }


def _run(*, memory: bool) -> Figures:
    with place() as at, LocalWorkspace() as workspace:
        product = Product(at.engine, workspace, at.folder, open_sandbox("auto", at.folder / "workspaces"))
        product.addresses = tuple(materialise(at.folder / "samples"))
        product.board.start()
        threads = Threads(product)
        if not memory:
            for channel in CHANNELS:
                product.settings.set(TEAM, workspace.channel_id(channel), MEMORY, "off", by="bench")
        asked = list(_asked())
        for channel, words in asked:
            threads.ask(channel, words)
        product.board.stop()
        product.later.shutdown()
    return {
        "threads": len(asked),
        "model calls": threads.model.calls,
        "tool calls": threads.tool_calls,
        "tokens": threads.model.tokens,
        "begun from memory": threads.shown,
        "solved by an offer": threads.offers,
    }


def _asked() -> Iterator[tuple[str, str]]:
    first, again, otherwise = CHANNELS
    for problem in PROBLEMS:
        yield first, problem.mention
    for problem in PROBLEMS:
        yield again, problem.mention
    for words in OTHER_WORDS:
        yield otherwise, words
