"""A process may die at any instant: from every failpoint another reaches the same end.

Each job is run once for every time that it crosses a failpoint, and dies there: around every commit and every
effect outside the database. Between two of these instants a process keeps nothing that another would miss.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.brain.claimed import Claimed, StopSignal
from memory.errors import LeaseLost
from memory.log.failpoints import FAILPOINTS
from memory.log.session_log import SessionLog
from sandbox.choose import open_sandbox
from sandbox.port import Sandbox
from tests.crash.jobs import Compacted, Job, Steered, Stopped
from tests.support.product import Product, product

OUTSIDE = frozenset(
    f"{name}:{side}"
    for name in ("renew", "keep_output", "push", "pull_request")
    for side in ("before", "after")
)
"""Failpoints that no job here crosses: the heartbeat's, those of an output too large for its event, and those
of publishing, which `test_publishing` walks."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crash")


@pytest.fixture(scope="module")
def sandbox(folder: Path) -> Sandbox:
    return open_sandbox("auto", folder / "workspaces")


@pytest.fixture
def built(engine: Engine, folder: Path, sandbox: Sandbox) -> Iterator[Product]:
    with product(engine, folder, sandbox) as built:
        yield built


@pytest.mark.parametrize("kind", [Steered, Compacted, Stopped])
def test_another_process_reaches_the_same_end_from_every_failpoint(
    built: Product, sandbox: Sandbox, kind: type[Job]
) -> None:
    # The first thread is there to be recalled; the second runs to its end undisturbed.
    kind(built, sandbox, "to be recalled").run()
    undisturbed = kind(built, sandbox, "undisturbed")
    undisturbed.run()
    undisturbed.check()
    assert kind is not Steered or "recall:1" in dict(undisturbed.posts())
    wanted = undisturbed.said()
    for name in sorted(FAILPOINTS):
        number, happened = 0, True
        while happened:
            number += 1
            death = built.instants.die_at(name, number)
            job = kind(built, sandbox, f"{name} {number}")
            job.run()
            job.check()
            assert job.said() == wanted, f"died at {name}, number {number}"
            happened = death.happened
            built.instants.forget()


def frozen(job: Job, stop: StopSignal, seen: list[object]) -> None:
    """The worker is frozen here, and wakes when its lease has lapsed."""
    seen.extend((len(job.events), job.posts()))
    stop.renew(time.monotonic() - 1.0)


def wakes_too_late(built: Product, job: Job, number: int) -> bool:
    """A worker that is frozen at its n-th append until its lease has lapsed; False when it never was."""
    lease = built.claim(60.0)
    assert lease is not None
    stop, seen = StopSignal(lease.interrupt_seq), list[object]()
    planned = built.instants.do_at("append:after", number, partial(frozen, job, stop, seen))
    try:
        built.brain(job.model).run(Claimed(built.log, lease, stop), lambda: False)
    except LeaseLost:
        assert seen == [len(job.events), job.posts()], "it recorded or posted something after it woke"
        return True
    assert not planned.happened
    return False


def test_a_worker_that_wakes_after_its_lease_records_nothing_and_posts_nothing(
    built: Product, sandbox: Sandbox
) -> None:
    number, woke = 0, True
    while woke:
        number += 1
        job = Steered(built, sandbox, f"frozen at {number}")
        job.hear(job.ts)
        woke = wakes_too_late(built, job, number)
        built.instants.forget()
        built.lapse()
        job.run()
        job.check()
    assert number > 4, "the job makes more appends than that before it waits"


def test_the_jobs_cross_every_failpoint(built: Product, sandbox: Sandbox) -> None:
    for kind in (Steered, Compacted, Stopped):
        kind(built, sandbox, "undisturbed").run()
    assert built.instants.reached == set(FAILPOINTS) - OUTSIDE


def test_in_production_nothing_stands_at_a_failpoint(engine: Engine) -> None:
    for name in FAILPOINTS:
        SessionLog(engine).reached(name)
