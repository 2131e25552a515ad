"""A turn with an instant model and no real command: what the loop itself costs, with Slack on the wire."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count

from bot.workspace.local import LocalWorkspace
from memory.log.events import Json
from sandbox.fake import FakeSandbox
from tests.bench.figures import Figures, timed
from tests.bench.place import Place
from tests.support.product import Product
from tests.support.script_model import ScriptModel

CALLS = 5
TURNS = 30


def turn(at: Place) -> Figures:
    """From hearing the message to the turn in the index; then what each further step adds."""
    with LocalWorkspace() as workspace:
        product = Product(at.engine, workspace, at.folder, FakeSandbox())
        product.board.start()
        answering, working = ScriptModel(_answer), ScriptModel(partial(_work, count()))

        def run(model: ScriptModel) -> None:
            product.say("ada", "general", "@Oxbow do this")
            product.work(model)

        timed(3, lambda _: run(working))
        alone = statistics.median(timed(TURNS, lambda _: run(answering)))
        with_calls = statistics.median(timed(TURNS, lambda _: run(working)))
        product.board.stop()
        product.later.shutdown()
    return {
        "turn of one answer ms": alone,
        f"turn of {CALLS} commands and an answer ms": with_calls,
    }


def _answer(_: Sequence[Json]) -> list[Json]:
    return [{"type": "text", "text": "Done."}]


def _work(numbers: Iterator[int], messages: Sequence[Json]) -> list[Json]:
    """A command at each request, then the answer."""
    asked = sum(message["role"] == "assistant" for message in messages)
    if asked == CALLS:
        return _answer(messages)
    return [
        {
            "type": "tool_use",
            "id": f"toolu_bench{next(numbers)}",
            "name": "bash",
            "input": {"command": "true"},
        }
    ]
