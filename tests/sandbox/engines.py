"""Container engines on which the sandbox contract is tested."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import docker
import docker.errors
import pytest

from sandbox.calls import call_folder
from sandbox.choose import DEFAULT_IMAGE
from sandbox.docker_engine import LABEL, DockerMachines, Engine
from sandbox.kubernetes_cluster import Cluster, KubernetesMachines
from sandbox.port import Sandbox
from sandbox.remote import RemoteSandbox
from tests.support.cluster import IMAGE as POD_IMAGE
from tests.support.cluster import StandInCluster
from tests.support.container_engine import IMAGE, StandInEngine


class StandInHost:
    """The stand-in of an engine on this machine."""

    def __init__(self, engine: StandInEngine) -> None:
        self.engine = engine

    def open(self) -> Sandbox:
        return RemoteSandbox(DockerMachines(Engine(image=IMAGE, address=self.engine.address)))

    def lose(self, reference: str) -> None:
        self.engine.lose(f"oxbow-{reference.partition('.')[0]}")

    def cut(self) -> None:
        self.engine.cut()

    def restart(self) -> None:
        self.engine.kill_all()

    def agents(self) -> list[int]:
        """The programs that wait in machines for calls to end, by the host's numbers."""
        return [
            int(process.name)
            for process in Path("/proc").iterdir()
            if process.name.isdecimal() and _is_agent(process)
        ]

    def kill_supervisor(self, reference: str, call: str) -> None:
        kill_supervisor(_volume(self.engine.state.volumes, reference), reference, call)


class ClusterHost:
    """The stand-in of a cluster on this machine."""

    def __init__(self, cluster: StandInCluster) -> None:
        self.cluster = cluster

    def open(self) -> Sandbox:
        return RemoteSandbox(
            KubernetesMachines(Cluster(image=POD_IMAGE, namespace="oxbow", address=self.cluster.address))
        )

    def lose(self, reference: str) -> None:
        self.cluster.lose(f"oxbow-{reference.partition('.')[0]}")

    def cut(self) -> None:
        self.cluster.cut()

    def restart(self) -> None:
        self.cluster.kill_all()

    def kill_supervisor(self, reference: str, call: str) -> None:
        kill_supervisor(_volume(self.cluster.state.volumes, reference), reference, call)


class RealHost:
    """An engine whose address was given; its containers and volumes of this test are removed at the end."""

    def __init__(self, address: str, image: str | None) -> None:
        self._client = docker.APIClient(base_url=address)
        self._engine = Engine(image=image or DEFAULT_IMAGE, address=address)
        self._before = set(DockerMachines(self._engine).all())

    def open(self) -> Sandbox:
        return RemoteSandbox(DockerMachines(self._engine))

    def lose(self, reference: str) -> None:
        self._remove(reference.partition(".")[0])

    def cut(self) -> None:
        pytest.skip("a real engine is not cut off for a test")

    def restart(self) -> None:
        for container in self._client.containers(filters={"label": LABEL}):
            self._client.kill(container["Id"])

    def kill_supervisor(self, reference: str, call: str) -> None:
        session, _, token = reference.partition(".")
        name = call_folder(Path("x"), call).name
        here = f"case $(readlink $p/cwd) in */{token}/{name}) kill -9 ${{p#/proc/}}; esac"
        program = f"for p in /proc/[0-9]*; do {here}; done"
        made = self._client.exec_create(f"oxbow-{session}", ["bash", "-c", program], user="0:0")
        self._client.exec_start(made["Id"])

    def clear(self) -> None:
        for key in set(DockerMachines(self._engine).all()) - self._before:
            self._remove(key)
        self._client.close()

    def _remove(self, key: str) -> None:
        with suppress(docker.errors.NotFound):
            self._client.remove_container(f"oxbow-{key}", force=True)
        self._client.remove_volume(f"oxbow-{key}", force=True)


def _volume(volumes: Path, reference: str) -> Path:
    return volumes / f"oxbow-{reference.partition('.')[0]}"


def kill_supervisor(disk: Path, reference: str, call: str) -> None:
    """Kill the process that works in the call's folder on that machine's disk."""
    session, _, token = reference.partition(".")
    (gate,) = (disk / "sessions" / session).glob("epoch.*")
    folder = call_folder(gate / token, call).stat()
    (found,) = (
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and _stands_in(process, folder)
    )
    os.kill(found, signal.SIGKILL)


def _is_agent(process: Path) -> bool:
    try:
        # Not those around it that have yet to become it.
        return (
            (process / "cmdline").read_bytes().startswith(b"python3\0-I\0-S\0-c\0\nimport os, sys\nsys.stdin")
        )
    except OSError:
        return False


def _stands_in(process: Path, folder: os.stat_result) -> bool:
    try:
        status = (process / "cwd").stat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (folder.st_dev, folder.st_ino)
