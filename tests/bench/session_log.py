"""The session log: what each of its transactions takes, alone and beside others, and reading it back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from memory.log.events import (
    MessageReceived,
    ModelRequested,
    ModelResponded,
    Recorded,
    SessionOpened,
    ToolFinished,
    ToolStarted,
)
from memory.log.fold import fold
from memory.log.session_log import Lease, SessionLog, ThreadAddress
from memory.log.usage import Usage
from tests.bench.figures import Figures, spread, timed
from tests.bench.place import Place

CONNECTIONS = (1, 4, 8)
EACH = 100
"""Transactions of each kind on each connection."""

LEASE = 600.0
OUTPUT = ToolFinished(call="c", tool="bash", status="finished", output="x" * 2_000, exit_code=0)


def transactions(at: Place) -> Figures:
    """Receive, claim and append, on one connection and on several at once."""
    log, figures = SessionLog(at.engine), Figures()
    for connections in CONNECTIONS:
        figures |= _transactions(log, connections)
    return figures


def _transactions(log: SessionLog, connections: int) -> Figures:
    """Each connection opens sessions of its own, claims as many, and appends to one of its own."""
    place = f"{connections} connection{'s' if connections > 1 else ''}"

    def open_one(mine: int, number: int) -> None:
        receive(log, f"{connections}.{mine}.{number}")

    received = _together(f"receive, {place}", connections, open_one)
    claimed = _together(f"claim, {place}", connections, lambda _, __: log.claim("bench", LEASE))
    leases = [opened(log, f"{connections}.{mine}") for mine in range(connections)]
    appended = _together(
        f"append 2 KB, {place}", connections, lambda mine, _: log.append(leases[mine], OUTPUT)
    )
    return received | claimed | appended


def _together(name: str, connections: int, work: Callable[[int, int], object]) -> Figures:
    begun = time.perf_counter()
    with ThreadPoolExecutor(connections) as threads:
        taken = list(
            threads.map(lambda mine: timed(EACH, lambda number: work(mine, number)), range(connections))
        )
    seconds = time.perf_counter() - begun
    return spread(name, [one for each in taken for one in each]) | {
        f"{name}, per second": connections * EACH / seconds
    }


def reading(at: Place) -> Figures:
    """A session of 2,000 events, 500 commands of one turn: read from the database, and folded."""
    log = SessionLog(at.engine)
    lease = opened(log, "2000")
    for number in range(500):
        log.append(lease, *_step(number, through=4 * number + 2))
    events = log.read(lease.session)
    return {
        "read and decode 2,000 events ms": statistics.median(timed(10, lambda _: log.read(lease.session))),
        "fold 2,000 events ms": statistics.median(timed(10, lambda _: fold(events))),
    }


def _step(number: int, *, through: int) -> list[Recorded]:
    """The model asks for a command, which prints 2 KB."""
    request, call = f"1.{number + 1}", f"toolu_{number}"
    block = {"type": "tool_use", "id": call, "name": "bash", "input": {"command": "make test"}}
    return [
        ModelRequested(request=request, model="m", through=through),
        ModelResponded(
            request=request, model="m", blocks=(block,), stop_reason="tool_use", usage=Usage(), seconds=1.0
        ),
        ToolStarted(call=call, tool="bash"),
        replace(OUTPUT, call=call),
    ]


def receive(log: SessionLog, thread: str) -> None:
    """One mention in a thread of its own."""
    where = ThreadAddress(team="T1", channel="C1", thread=thread)
    opening = SessionOpened(team=where.team, channel=where.channel, thread=thread, opened_by="U1")
    said = MessageReceived(ts=thread, author="U1", author_name="Ada", text="hello", mentioned=True)
    log.receive(where, [said], delivery_key=f"message:{thread}", opening=opening)


def opened(log: SessionLog, thread: str) -> Lease:
    """A new session and the lease on it; nothing else is due."""
    receive(log, thread)
    lease = log.claim("bench", LEASE)
    if lease is None:
        raise AssertionError("the session that was just opened is due")
    return lease
