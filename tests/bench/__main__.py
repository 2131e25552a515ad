"""`python -m tests.bench`: how fast the parts are on this machine, as a table and as JSON.

Each figure comes from many repetitions on real parts: Postgres with fsync, the local workspace over its wire
protocol, the real sandbox. Machines are noisy: read medians and ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from bot.workspace.local import LocalWorkspace
from memory.database import connect, migrate
from memory.embedder import HashingEmbedder
from memory.events import Json, MessageReceived, SessionOpened, ToolFinished
from memory.fold import fold
from memory.index import SolutionIndex
from memory.log import SessionLog, ThreadAddress
from memory.postgres import EmbeddedPostgres
from memory.recall import Recall
from sandbox.choose import open_sandbox
from sandbox.fake import FakeSandbox
from sandbox.port import Limits
from tests.bench.corpus import solutions
from tests.bench.processes import resident, takeover
from tests.support.messages_api import KEY, MessagesApi
from tests.support.messages_api_replies import Reply, text
from tests.support.processes import free_port, running
from tests.support.product import Product, ScriptModel

Figures = dict[str, float]
Bench = Callable[["Place"], Figures]


class Place:
    """A database with fsync and a folder, for one run of the bench."""

    def __init__(self, engine: Engine, url: str, folder: Path) -> None:
        self.engine = engine
        self.url = url
        self.folder = folder


@contextmanager
def place() -> Iterator[Place]:
    """A place that is gone afterwards."""
    with (
        TemporaryDirectory(prefix="oxbow-bench-") as folder,
        EmbeddedPostgres(Path(folder, "postgres")) as server,
    ):
        engine = connect(server.url)
        migrate(engine)
        yield Place(engine, server.url, Path(folder))
        engine.dispose()


def timed(repeat: int, work: Callable[[int], object]) -> list[float]:
    """Milliseconds of each repetition."""
    taken = []
    for number in range(repeat):
        begun = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def spread(name: str, taken: Sequence[float]) -> Figures:
    """Median, 95th and 99th percentile in milliseconds."""
    cuts = statistics.quantiles(taken, n=100)
    return {
        f"{name} p50 ms": statistics.median(taken),
        f"{name} p95 ms": cuts[94],
        f"{name} p99 ms": cuts[98],
    }


def address(number: int) -> ThreadAddress:
    return ThreadAddress(team="T1", channel="C1", thread=f"{number}.0")


def receive(log: SessionLog, number: int) -> None:
    """One mention in a thread of its own."""
    where = address(number)
    opening = SessionOpened(team=where.team, channel=where.channel, thread=where.thread, opened_by="U1")
    said = MessageReceived(ts=where.thread, author="U1", author_name="Ada", text="hello", mentioned=True)
    log.receive(where, [said], delivery_key=f"message:{number}", opening=opening)


def log_bench(at: Place) -> Figures:
    """Receive, claim and append on one connection."""
    log = SessionLog(at.engine)
    received = timed(300, lambda number: receive(log, number))
    claimed = timed(300, lambda _: log.claim("bench", 600.0))
    receive(log, 1_000)
    lease = log.claim("bench", 600.0)
    if lease is None:
        raise AssertionError("the session that was just opened is due")
    output = ToolFinished(call="c", tool="bash", status="finished", output="x" * 2_000, exit_code=0)
    appended = timed(300, lambda _: log.append(lease, output))
    return (
        spread("receive", received)
        | spread("claim", claimed)
        | spread("append 2 KB", appended)
        | {"appends per second, one connection": 1000 / statistics.mean(appended)}
    )


def fold_bench(at: Place) -> Figures:
    """A session of 2,000 events read from the database, and folded."""
    log = SessionLog(at.engine)
    receive(log, 2_000)
    lease = log.claim("bench", 600.0)
    if lease is None:
        raise AssertionError("the session that was just opened is due")
    output = ToolFinished(call="c", tool="bash", status="finished", output="x" * 2_000, exit_code=0)
    for _ in range(20):
        log.append(lease, *[output] * 100)
    events = log.read(lease.session)
    return {
        "read 2,000 events ms": statistics.median(timed(10, lambda _: log.read(lease.session))),
        "fold 2,000 events ms": statistics.median(timed(10, lambda _: fold(events))),
    }


def turn_bench(at: Place) -> Figures:
    """A whole turn with an instant model and no tool: what the loop itself costs, with Slack on the wire."""
    model = ScriptModel(lambda _: [{"type": "text", "text": "Done."}])
    with LocalWorkspace() as workspace:
        product = Product(at.engine, workspace, at.folder, FakeSandbox())
        product.board.start()

        def turn(number: int) -> None:
            product.say("ada", "general", f"@Oxbow turn {number}")
            product.work(model)

        taken = timed(40, turn)
        product.board.stop()
        product.later.shutdown()
    return {"turn without model and tools p50 ms": statistics.median(taken)}


def sandbox_bench(at: Place) -> Figures:
    """A command in the real sandbox against a bare process."""
    sandbox = open_sandbox("auto", at.folder / "workspaces")
    attached = sandbox.attach("bench", epoch=1, known=None)

    def command(number: int) -> None:
        sandbox.execute(
            attached.reference,
            call=f"call-{number}",
            command="true",
            limits=Limits(),
            epoch=1,
            cancelled=Event(),
        )

    inside = statistics.median(timed(60, command))
    bare = statistics.median(timed(60, lambda _: subprocess.run(["bash", "-c", "true"], check=True)))
    return {"command ms": inside, "bare process ms": bare, "command overhead ms": inside - bare}


def memory_bench(at: Place, passages: int) -> Figures:
    """Indexing and searching so many passages, with vectors from the hashing embedder: the SQL alone."""
    embedder = HashingEmbedder()
    index = SolutionIndex(at.engine, embedder)
    made, begun = 0, time.perf_counter()
    for batch in solutions(passages=passages, batch=64):
        prepared = index.prepare_all(batch)
        with at.engine.begin() as connection:
            for one in prepared:
                index.store(connection, one)
                made += len(one.passages)
    seconds = time.perf_counter() - begun
    with at.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE solutions, passages, postings")
    recall = Recall(at.engine, embedder)
    queries = [batch[0].problem for batch in solutions(passages=2_000, batch=8)]
    searched = timed(len(queries), lambda number: recall.search(queries[number], team="T1"))
    return {"passages": float(made), "passages indexed per second": made / seconds} | spread(
        "search", searched
    )


def acknowledgement_bench(at: Place, *, http: bool) -> Figures:
    """100 events a second at a real listening process, from delivery to acknowledgement."""
    port = free_port()
    with LocalWorkspace() as workspace, MessagesApi(lambda _: Reply(blocks=[text("Done.")])) as model:
        settings = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_API_URL": workspace.api_url,
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": model.address,
            "OXBOW_EMBEDDER": "hashing",
            "OXBOW_DATA_DIR": str(at.folder / "data"),
            "DATABASE_URL": at.url,
        }
        mode = (
            {"SLACK_SIGNING_SECRET": workspace.signing_secret, "PORT": str(port)}
            if http
            else {"SLACK_APP_TOKEN": workspace.app_token}
        )
        with running(at.folder / "log", "listen", **settings, **mode):
            if http:
                workspace.use_request_url(f"http://127.0.0.1:{port}/slack/events")
            workspace.post("ada", "general", "@Oxbow first")
            workspace.wait_for(lambda: workspace.acks)
            before, begun = len(workspace.acks), time.perf_counter()
            for number in range(250):
                # A mention is two events, so 50 mentions a second are 100 events a second.
                time.sleep(max(0.0, begun + number / 50 - time.perf_counter()))
                workspace.post("ada", "general", f"@Oxbow number {number}")
            workspace.wait_for(lambda: len(workspace.acks) >= before + 500, timeout=60.0)
            return spread("acknowledgement", [ack.latency * 1000 for ack in workspace.acks[before:]])


BENCHES: dict[str, Bench] = {
    "acknowledgement, Socket Mode": lambda at: acknowledgement_bench(at, http=False),
    "acknowledgement, HTTP": lambda at: acknowledgement_bench(at, http=True),
    "log": log_bench,
    "fold": fold_bench,
    "turn": turn_bench,
    "sandbox": sandbox_bench,
    "memory": lambda at: memory_bench(at, 10_000),
    "large memory": lambda at: memory_bench(at, 100_000),
    "resident": lambda at: resident(at.engine, at.url, at.folder),
    "takeover": lambda at: takeover(at.engine, at.url, at.folder),
}


def main() -> int:
    """Run the benches that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(BENCHES), default=list(BENCHES))
    parser.add_argument("--json", type=Path, help="file for the figures")
    asked = parser.parse_args()
    figures: dict[str, Json] = {}
    for name in asked.only:
        with place() as at:
            figures[name] = dict(BENCHES[name](at))
    table = Table("bench", "figure", "value")
    for name, found in figures.items():
        for figure, value in found.items():
            table.add_row(name, figure, f"{value:,.2f}")
    Console().print(table)
    written = json.dumps(figures, indent=2)
    if asked.json:
        asked.json.write_text(written + "\n", encoding="utf-8")
    else:
        Console().print_json(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
