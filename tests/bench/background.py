"""From a mention to its first event, while nothing else is done and under a flood of background work."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from bot.workspace.local import LocalWorkspace
from bot.workspace.people import TEAM
from memory.log.events import (
    Json,
    MessageReceived,
    ModelRequested,
    ModelResponded,
    SessionOpened,
    TurnFinished,
)
from memory.log.session_log import Lease, SessionLog, ThreadAddress
from memory.log.usage import Usage
from tests.bench.corpus import Corpus
from tests.bench.figures import Figures, spread
from tests.bench.place import Place
from tests.bench.processes import CHANNELS, waiting_model
from tests.support.messages_api import MessagesApi
from tests.support.processes import Process, running
from tests.support.waiting import eventually

RATE = 4
MENTIONS = 120
"""Half a minute of them, in each part."""

FINISHED = 400
"""Sessions whose turn is over and not indexed: more than can be indexed meanwhile."""

IMPORTED = 5_000
LEASE = 3_600.0

SECONDS = text("""
    -- Of each thread: from the mention to the first event of a worker, and to the request to the model.
    SELECT
        extract(epoch FROM min(recorded_at) FILTER (WHERE epoch IS NOT NULL) - min(recorded_at)),
        extract(epoch FROM min(recorded_at) FILTER (WHERE type = 'model_requested') - min(recorded_at))
    FROM sessions JOIN events ON session_id = id WHERE thread = ANY(:threads) GROUP BY id
""")

DONE = text("""
    -- What was indexed so far.
    SELECT (SELECT count(*) FROM events WHERE type = 'solution_indexed'), (SELECT count(*) FROM solutions)
""")


def flood(at: Place) -> Figures:
    """MiniLM embeds; an import runs and finished sessions wait to be indexed in the second part."""
    with waiting_model(at) as (workspace, model, settings):
        left = _finished_sessions(at, workspace)
        settings |= {"OXBOW_EMBEDDER": "minilm"}
        with running(at.folder / "work", "work", **settings):
            _mentions(workspace, model, 1)
            alone = _taken(at, _mentions(workspace, model, MENTIONS), "alone")
            with _importing(at, settings):
                for lease in left:
                    SessionLog(at.engine).release(lease, background=True)
                begun = time.perf_counter()
                beside = _taken(at, _mentions(workspace, model, MENTIONS), "in the flood")
                return alone | beside | _done(at, time.perf_counter() - begun)


def _mentions(workspace: LocalWorkspace, model: MessagesApi, number: int) -> list[str]:
    """Mentions at a steady rate, each in a thread of its own; all have come to the model in the end."""
    before, begun, threads = len(model.journal), time.perf_counter(), []
    for n in range(number):
        time.sleep(max(0.0, begun + n / RATE - time.perf_counter()))
        threads.append(
            workspace.post("ada", CHANNELS[n % len(CHANNELS)], f"@Oxbow the import number {n} fails, why?")
        )
    eventually(lambda: len(model.journal) == before + number, within=300.0, every=0.25)
    return threads


def _taken(at: Place, threads: list[str], when: str) -> Figures:
    with at.engine.connect() as connection:
        rows = connection.execute(SECONDS, {"threads": threads}).all()
    first, asked = ([float(seconds) * 1000 for seconds in column] for column in zip(*rows, strict=True))
    return spread(f"mention to first event, {when}", first) | spread(f"mention to model, {when}", asked)


def _threads() -> Iterator[Json]:
    for number, words in enumerate(Corpus().questions(IMPORTED, words=100)):
        said = [{"author": by, "ts": number, "text": f"{by} {words}"} for by in ("Ada", "Bo")]
        yield {"channel": "archive", "thread": str(number), "messages": said}


def _indexed(at: Place) -> tuple[int, int]:
    """Turns of sessions, and solutions in all."""
    with at.engine.connect() as connection:
        turns, solutions = connection.execute(DONE).one()
    return turns, solutions


def _done(at: Place, seconds: float) -> Figures:
    indexed, solutions = _indexed(at)
    return {
        "sessions indexed meanwhile": indexed,
        "threads imported meanwhile": solutions - indexed,
        "seconds of the flood": seconds,
    }


def _finished_sessions(at: Place, workspace: LocalWorkspace) -> list[Lease]:
    """Sessions that have nothing left but their indexing, held until the flood begins."""
    log, channel, leases = SessionLog(at.engine), workspace.channel_id("general"), []
    for number, question in enumerate(Corpus().questions(FINISHED, words=80)):
        where = ThreadAddress(team=TEAM, channel=channel, thread=f"{number}.000100")
        opening = SessionOpened(team=TEAM, channel=channel, thread=where.thread, opened_by="U1")
        said = MessageReceived(ts=where.thread, author="U1", author_name="Ada", text=question, mentioned=True)
        log.receive(where, [said], delivery_key="m", opening=opening)
        lease = log.claim("bench", LEASE)
        if lease is None:
            raise AssertionError("the session that was just opened is due")
        answer = {"type": "text", "text": question}
        log.append(
            lease,
            ModelRequested(request="1.1", model="m", through=2),
            ModelResponded(
                request="1.1", model="m", blocks=(answer,), stop_reason="end_turn", usage=Usage(), seconds=1.0
            ),
            TurnFinished(turn=1, outcome="answered"),
        )
        leases.append(lease)
    return leases


@contextmanager
def _importing(at: Place, settings: dict[str, str]) -> Iterator[None]:
    """An import under way, its model loaded, for as long as this is open."""
    path = at.folder / "threads.jsonl"
    path.write_text("\n".join(map(json.dumps, _threads())), encoding="utf-8")
    process = Process(at.folder / "import", ("import", str(path)), settings)
    try:
        eventually(lambda: _indexed(at)[1] > 0, within=120.0, every=0.25)
        yield
    finally:
        process.end()
