"""The load of a large company's working hour with Slack's limits in force: what is asked, and how soon
people see that they were heard.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bot.workspace.journal import Call
from bot.workspace.local import LocalWorkspace
from bot.workspace.rates import SLACK
from memory.log.events import Json
from tests.bench.figures import Figures, spread
from tests.bench.place import Place
from tests.bench.processes import settings_for
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Reply
from tests.support.processes import running
from tests.support.waiting import eventually

AN_HOUR = 2_000
"""Sessions, of a company in which several hundred people work so."""

MINUTES = 6
"""Of that hour: long enough for the slowest limit, which counts a minute, to come around a few times."""

CHANNELS = 40
THINKING = 4.0
"""Seconds of the model for each of its answers."""

BURST = 50
"""Mentions within a second."""

PEOPLE = ("ada", "bruno", "chidi", "mei")


def day(at: Place) -> Figures:
    """Sessions of one command and an answer, every fifth with a second word; listener and worker apart."""
    with _office(at) as workspace:
        threads = _mentions(workspace, AN_HOUR * MINUTES // 60, AN_HOUR / 3600)
        eventually(lambda: _answered(workspace) >= len(threads), within=600.0, every=1.0)
        return _signs("first sign", workspace, threads) | _asked(workspace.calls)


def burst(at: Place) -> Figures:
    """Fifty people at once, each in a thread of its own."""
    with _office(at) as workspace:
        threads = _mentions(workspace, BURST, float(BURST))
        eventually(lambda: _answered(workspace) >= len(threads), within=600.0, every=1.0)
        return _signs("first sign", workspace, threads) | _asked(workspace.calls)


@contextmanager
def _office(at: Place) -> Iterator[LocalWorkspace]:
    with LocalWorkspace(rates=SLACK) as workspace, MessagesApi(_work) as model:
        for number in range(CHANNELS):
            workspace.open_channel(f"team-{number}")
        settings = settings_for(
            workspace,
            at,
            SLACK_APP_TOKEN=workspace.app_token,
            ANTHROPIC_API_KEY=KEY,
            ANTHROPIC_BASE_URL=model.address,
        )
        with (
            running(at.folder / "listen", "listen", **settings),
            running(at.folder / "work", "work", **settings),
        ):
            yield workspace


def _work(request: Json) -> Reply:
    """One command, then the answer."""
    time.sleep(THINKING)
    if any(message["role"] == "assistant" for message in request["messages"]):
        return Reply(blocks=[{"type": "text", "text": "The row order was lost in the export."}])
    number = len(request["messages"])
    call = {"type": "tool_use", "id": f"toolu_{time.monotonic_ns()}_{number}", "name": "bash"}
    return Reply(blocks=[call | {"input": {"command": "sleep 1"}}])


def _mentions(workspace: LocalWorkspace, number: int, a_second: float) -> dict[tuple[str, str], float]:
    """Opened at random moments; each with the moment of the monotonic clock at which it was said."""
    chance, said = random.Random(7), {}
    due = time.monotonic()
    for n in range(number):
        due += chance.expovariate(a_second)
        time.sleep(max(0.0, due - time.monotonic()))
        channel = f"team-{chance.randrange(CHANNELS)}"
        begun = time.monotonic()
        ts = workspace.post(chance.choice(PEOPLE), channel, f"@Oxbow export {n} loses the row order, why?")
        said[workspace.channel_id(channel), ts] = begun
    return said


def _answered(workspace: LocalWorkspace) -> int:
    return sum(
        call.method == "chat.postMessage"
        and '"answer:' in str(call.arguments.get("metadata"))
        and bool(call.answer.get("ok"))
        for call in workspace.calls
    )


def _signs(name: str, workspace: LocalWorkspace, said: dict[tuple[str, str], float]) -> Figures:
    """From the mention to the first reaction or word in its thread."""
    first: dict[tuple[str, str], float] = {}
    for call in workspace.calls:
        if not call.answer.get("ok"):
            continue
        if call.method == "reactions.add":
            first.setdefault((call.arguments["channel"], call.arguments["timestamp"]), call.at)
        if call.method == "chat.postMessage":
            first.setdefault((call.arguments["channel"], call.arguments["thread_ts"]), call.at)
    return spread(name, [(first[thread] - at) * 1000 for thread, at in said.items()])


def _asked(calls: list[Call]) -> Figures:
    """Of each method: the most calls within a minute beside its limit, and those that were refused."""
    moments: defaultdict[str, list[float]] = defaultdict(list)
    refused: defaultdict[str, int] = defaultdict(int)
    for call in calls:
        moments[call.method].append(call.at)
        refused[call.method] += call.answer.get("error") == "ratelimited"
    figures: Figures = {}
    for method, made in sorted(moments.items()):
        most = max(sum(at <= other < at + 60.0 for other in made) for at in made)
        rate = SLACK[method]
        figures[f"{method}, most a minute" + ("" if rate.per_channel else f" of {rate.calls}")] = most
        figures[f"{method}, refused"] = refused[method]
    return figures
