"""Workspaces of each backend: how long one takes to begin, to be kept and to come back, and a command in it.

`docker` runs on the stand-in for an engine, which needs root, unless `OXBOW_TEST_DOCKER_HOST` names one;
`kubernetes` on the stand-in for a cluster.
"""

from __future__ import annotations

import io
import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.choose import DEFAULT_IMAGE, open_sandbox
from sandbox.docker_engine import DockerMachines, Engine
from sandbox.kubernetes_cluster import Cluster, KubernetesMachines
from sandbox.local import LocalSandbox
from sandbox.port import Limits, Sandbox
from sandbox.remote import RemoteSandbox
from sandbox.services import POSTGRES
from tests.bench.figures import Figures, spread, timed
from tests.bench.place import Place
from tests.support.cluster import IMAGE as POD_IMAGE
from tests.support.cluster import StandInCluster
from tests.support.container_engine import IMAGE, StandInEngine

_TIMES = 12
# About the size of a small service with its history: 2,000 files, 16 MB, half of it incompressible.
_FILL = (
    "mkdir -p src && for i in $(seq 2000); do head -c 4096 /dev/zero > src/$i; done;"
    "head -c 8M /dev/urandom > data"
)


def local(at: Place) -> Figures:
    """Bubblewrap on this machine."""
    return _measured(open_sandbox("local", at.folder / "workspaces"))


def docker(at: Place) -> Figures:
    """Containers."""
    with _engine(at) as engine:
        return _measured(RemoteSandbox(DockerMachines(engine)))


def kubernetes(at: Place) -> Figures:
    """Pods."""
    with StandInCluster(at.folder / "cluster") as cluster:
        api = Cluster(image=POD_IMAGE, namespace="oxbow", address=cluster.address)
        return _measured(RemoteSandbox(KubernetesMachines(api)))


def unisolated(at: Place) -> Figures:
    """The bot's own user."""
    return _measured(open_sandbox("unisolated", at.folder / "workspaces"))


def ready(at: Place) -> Figures:
    """What is there beside the command: a Postgres of the session's own, a workspace out of the pool."""
    sandbox = LocalSandbox(at.folder / "workspaces", Bubblewrap(programs()[0]))
    limits = Limits()
    references = [
        sandbox.attach(f"bench-{number}", epoch=1, known=None).reference for number in range(_TIMES)
    ]

    def run(number: int, call: str) -> None:
        sandbox.execute(
            references[number], call=call, command="true", limits=limits, epoch=1, cancelled=Event()
        )

    plain = timed(_TIMES, lambda number: run(number, "plain"))
    for reference in references:
        sandbox.provide(reference, service=POSTGRES, epoch=1)
    first = timed(_TIMES, lambda number: run(number, "first"))
    again = timed(_TIMES, lambda number: run(number, "again"))
    for reference in references:
        sandbox.shelve(reference, shelf="bench", label="a1", epoch=1)
    adopted = timed(_TIMES, lambda number: sandbox.adopt(f"new-{number}", shelf="bench", epoch=1))
    without = statistics.median(plain)
    return {
        "Postgres beside a session's first command ms": statistics.median(first) - without,
        "Postgres beside a later one ms": statistics.median(again) - without,
        **spread("workspace out of the pool", adopted),
    }


@contextmanager
def _engine(at: Place) -> Iterator[Engine]:
    address = os.environ.get("OXBOW_TEST_DOCKER_HOST")
    if address is not None:
        yield Engine(image=os.environ.get("OXBOW_TEST_DOCKER_IMAGE", DEFAULT_IMAGE), address=address)
        return
    with StandInEngine(at.folder / "engine") as stand_in:
        yield Engine(image=IMAGE, address=stand_in.address)


def _measured(sandbox: Sandbox) -> Figures:
    references = [""] * _TIMES

    def begin(number: int) -> None:
        references[number] = sandbox.attach(f"bench-{number}", epoch=1, known=None).reference
        run(number, "first", "true")

    def run(number: int, call: str, command: str) -> None:
        limits = Limits()
        sandbox.execute(
            references[number], call=call, command=command, limits=limits, epoch=1, cancelled=Event()
        )

    def resume(number: int) -> None:
        sandbox.attach(f"bench-{number}", epoch=2, known=references[number])
        sandbox.read(references[number], path="kept", epoch=2)

    kept = io.BytesIO()
    begun = timed(_TIMES, begin)
    commands = timed(_TIMES, lambda number: run(0, f"again-{number}", "true"))
    run(0, "fill", _FILL)
    snapshot = timed(
        1, lambda _: sandbox.snapshot(references[0], into=kept, limits=Limits(seconds=600.0), epoch=1)
    )
    kept.seek(0)
    restore = timed(
        1, lambda _: sandbox.restore(references[1], archive=kept, limits=Limits(seconds=600.0), epoch=1)
    )
    for number, reference in enumerate(references):
        sandbox.write(reference, call="keep", path="kept", content=b"", epoch=1)
        sandbox.suspend(reference, epoch=1)
        references[number] = reference
    resumed = timed(_TIMES, resume)
    for reference in references:
        sandbox.release(reference, epoch=2)
    return {
        **spread("begin and first command", begun),
        **spread("command", commands),
        "snapshot of 16 MB in 2,000 files ms": snapshot[0],
        "restore ms": restore[0],
        **spread("resume and read a file", resumed),
    }
