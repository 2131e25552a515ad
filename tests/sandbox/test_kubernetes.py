"""The kubernetes sandbox keeps the contract on a stand-in for a cluster."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errors import SandboxUnavailable
from sandbox.kubernetes_cluster import Cluster, KubernetesMachines
from sandbox.remote import RemoteSandbox
from tests.contracts.process_contract import ProcessContract
from tests.contracts.sandbox_contract import Host, Worker, eventually, take
from tests.sandbox.engines import ClusterHost
from tests.support.cluster import StandInCluster

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="the stand-in makes namespaces as root"),
    # The SDK does not close its socket when a pod takes no commands.
    pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning"),
]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[StandInCluster]:
    with StandInCluster(tmp_path / "cluster") as cluster:
        yield cluster
    gc.collect()  # so that the warning above falls here and not into another test


@pytest.mark.stand_in
class TestKubernetesSandbox(ProcessContract):
    @pytest.fixture
    def host(self, cluster: StandInCluster) -> Host:
        return ClusterHost(cluster)


@pytest.fixture
def worker(cluster: StandInCluster) -> Worker:
    return take(ClusterHost(cluster))


def test_a_pod_is_asked_for_with_nothing_that_a_command_could_use(
    cluster: StandInCluster, worker: Worker
) -> None:
    (pod,) = (held for (kind, _), held in cluster.state.objects.items() if kind == "pods")
    described = pod["spec"]
    (container,) = described["containers"]
    assert described["automountServiceAccountToken"] is False
    assert described["enableServiceLinks"] is False
    assert described["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["privileged"] is False
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert container["resources"]["limits"]["memory"] == "3Gi"
    assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(described)


def test_a_policy_that_lets_nothing_through_is_there_before_the_first_pod(
    cluster: StandInCluster, worker: Worker
) -> None:
    kinds = [kind for kind, _ in cluster.state.objects]
    assert kinds == ["networkpolicies", "persistentvolumeclaims", "pods"]
    policy = cluster.state.objects["networkpolicies", "oxbow-workspaces"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert {"ingress", "egress"}.isdisjoint(policy)
    pod = next(held for (kind, _), held in cluster.state.objects.items() if kind == "pods")
    assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_a_suspended_pod_ends_and_another_begins_on_its_disk(cluster: StandInCluster, worker: Worker) -> None:
    worker.write("kept", b"text")
    worker.sandbox.suspend(worker.reference, epoch=1)
    assert eventually(lambda: not any(each.running for each in cluster.state.containers.values()))
    assert worker.read("kept") == b"text"


def test_an_image_that_cannot_be_pulled_is_named(cluster: StandInCluster) -> None:
    machines = KubernetesMachines(Cluster(image="missing:latest", namespace="oxbow", address=cluster.address))
    with pytest.raises(SandboxUnavailable, match="missing:latest"):
        RemoteSandbox(machines).attach("session", epoch=1, known=None)
