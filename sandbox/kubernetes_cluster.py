"""Machines as pods of a Kubernetes cluster, through its official client.

A session has one persistent volume claim and, while it is in use, one pod on it. The namespace holds one
network policy that lets nothing in or out of these pods. Everything else is as in a container of an engine:
the agent is started by `exec`, and the pod ends by itself when the agent in it says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from kubernetes.stream import stream
from websocket import WebSocketException

from sandbox.errors import SandboxLost, SandboxUnavailable, SandboxUnreachable
from sandbox.keeper import CAPABILITIES, DISK, KEEPER
from sandbox.machines import BrokenOff, Channel, Machine, MachineAbsent

APP = {"app.kubernetes.io/name": "oxbow-workspace"}
_SELECTOR = ",".join(f"{name}={value}" for name, value in APP.items())
SESSION = "oxbow/session"
POLICY = "oxbow-workspaces"
_PREFIX = "oxbow-"
# Twice what a workspace may hold, since it is packed beside itself, and room for calls.
_DISK_SIZE = "5Gi"
_REQUESTS = {"cpu": "100m", "memory": "256Mi"}
_LIMITS = {"memory": "3Gi", "ephemeral-storage": "1Gi"}
# A node may have to pull the image, or the cluster to add a node.
_START_SECONDS = 180.0
_PAUSE = 0.2
_REQUEST_SECONDS = 30.0
_HOPELESS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where pods are made and of which image."""

    image: str
    namespace: str
    address: str | None = None
    """Of an API server without authentication, for tests; None for what the environment says."""


class KubernetesMachines:
    """The protocol `Machines` on a cluster."""

    name = "kubernetes"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._configuration: client.Configuration | None = None

    def describe(self) -> str:
        return (
            f"a pod of its own ({self._cluster.image}), an unprivileged user in it, a network policy that "
            "lets nothing through; limits: time, output, memory (watched every 0.1 s, the pod's by the "
            "cluster), processes (counted), file size (rlimit), disk and number of files (watched every 0.5 "
            "s)"
        )

    def run(self, key: str, argv: Sequence[str]) -> Channel:
        with self._asking() as core:
            try:
                connection = stream(
                    core.connect_get_namespaced_pod_exec,
                    *(_name(key), self._cluster.namespace),
                    command=list(argv),
                    stdin=True,
                    stdout=True,
                    stderr=True,
                    tty=False,
                    binary=True,
                    _preload_content=False,
                )
            except (ApiException, WebSocketException) as error:
                # The handshake says little of why it failed; the pod says more.
                if self._phase(core, key) != "Running":
                    raise MachineAbsent(f"{_name(key)} does not run") from error
                # What the API says of a pod lags behind what has become of it.
                raise BrokenOff(f"{_name(key)} takes no commands: {error}") from error
        return _Executed(connection)

    def start(self, key: str, session: str | None) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._started(key, session):
            if time.monotonic() > deadline:
                raise SandboxUnreachable(f"the pod {_name(key)} does not start: `kubectl describe` says why")
            time.sleep(_PAUSE)

    def all(self) -> Mapping[str, Machine]:
        with self._asking() as core:
            claims = core.list_namespaced_persistent_volume_claim(
                self._cluster.namespace, label_selector=_SELECTOR
            ).items
            pods = core.list_namespaced_pod(self._cluster.namespace, label_selector=_SELECTOR).items
        running = {pod.metadata.name for pod in pods if pod.status.phase == "Running"}
        return {
            claim.metadata.name.removeprefix(_PREFIX): Machine(
                session=claim.metadata.annotations[SESSION], running=claim.metadata.name in running
            )
            for claim in claims
        }

    def _started(self, key: str, session: str | None) -> bool:
        """Whether the pod runs now; one that has ended is removed, one that is missing is made."""
        with self._asking() as core:
            match self._phase(core, key):
                case "Running":
                    return True
                case None:
                    self._disk(core, key, session)
                    _unless_there(core.create_namespaced_pod, self._cluster.namespace, self._pod(key))
                case "Succeeded" | "Failed":
                    _unless_gone(
                        core.delete_namespaced_pod,
                        _name(key),
                        self._cluster.namespace,
                        grace_period_seconds=0,
                    )
                case _:
                    pass
            return False

    def _phase(self, core: Any, key: str) -> str | None:
        """The pod's phase; None without a pod. Raises `SandboxUnavailable` for one that can never run."""
        pod = _unless_gone(core.read_namespaced_pod, _name(key), self._cluster.namespace)
        if pod is None:
            return None
        for status in pod.status.container_statuses or ():
            waiting = status.state.waiting if status.state else None
            if waiting is not None and waiting.reason in _HOPELESS:
                raise SandboxUnavailable(
                    f"the pod cannot run {self._cluster.image} ({waiting.reason}): set OXBOW_SANDBOX_IMAGE"
                )
        return "Terminating" if pod.metadata.deletion_timestamp else str(pod.status.phase)

    def _disk(self, core: Any, key: str, session: str | None) -> None:
        if _unless_gone(core.read_namespaced_persistent_volume_claim, _name(key), self._cluster.namespace):
            return
        if session is None:
            raise SandboxLost(f"the volume claim {_name(key)} is gone")
        network = client.NetworkingV1Api(core.api_client)
        _unless_there(network.create_namespaced_network_policy, self._cluster.namespace, _closed())
        _unless_there(
            core.create_namespaced_persistent_volume_claim, self._cluster.namespace, _claim(key, session)
        )

    def _pod(self, key: str) -> Any:
        return client.V1Pod(
            metadata=client.V1ObjectMeta(name=_name(key), labels=APP),
            spec=client.V1PodSpec(
                restart_policy="Never",
                hostname="oxbow",
                automount_service_account_token=False,
                enable_service_links=False,
                termination_grace_period_seconds=1,
                security_context=client.V1PodSecurityContext(
                    seccomp_profile=client.V1SeccompProfile(type="RuntimeDefault")
                ),
                containers=[self._container()],
                volumes=[
                    client.V1Volume(
                        name="disk",
                        persistent_volume_claim=client.V1PersistentVolumeClaimVolumeSource(
                            claim_name=_name(key)
                        ),
                    ),
                    client.V1Volume(
                        name="tmp",
                        empty_dir=client.V1EmptyDirVolumeSource(medium="Memory", size_limit="256Mi"),
                    ),
                ],
            ),
        )

    def _container(self) -> Any:
        return client.V1Container(
            name="workspace",
            image=self._cluster.image,
            command=["python3", "-I", "-S", "-c", KEEPER],
            working_dir="/",
            resources=client.V1ResourceRequirements(requests=_REQUESTS, limits=_LIMITS),
            security_context=client.V1SecurityContext(
                run_as_user=0,
                run_as_group=0,
                privileged=False,
                allow_privilege_escalation=False,
                capabilities=client.V1Capabilities(drop=["ALL"], add=list(CAPABILITIES)),
            ),
            volume_mounts=[
                client.V1VolumeMount(name="disk", mount_path=DISK),
                client.V1VolumeMount(name="tmp", mount_path="/tmp"),  # noqa: S108 - the pod's own
            ],
        )

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """The API; what goes wrong with the cluster itself is unreachable.

        Each use has a client of its own, since one that executes is changed for that time.
        """
        try:
            with client.ApiClient(self._configured()) as api:
                try:
                    yield client.CoreV1Api(api)
                finally:
                    api.rest_client.pool_manager.clear()
        except ConfigException as error:
            raise SandboxUnavailable(f"no cluster is configured: {error}") from error
        except ApiException as error:
            if error.status in {400, 401, 403, 422}:
                raise SandboxUnavailable(f"the cluster refuses: {error.reason}") from error
            raise SandboxUnreachable(f"the cluster fails: {error.reason}") from error
        except (urllib3.exceptions.HTTPError, WebSocketException, OSError) as error:
            raise SandboxUnreachable(f"the cluster does not answer: {error}") from error

    def _configured(self) -> client.Configuration:
        if self._configuration is None:
            configuration = client.Configuration()
            if self._cluster.address is None:
                config.load_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            else:
                configuration.host = self._cluster.address
            # Workers ask again by themselves.
            configuration.retries = False
            self._configuration = configuration
        return self._configuration


def _name(key: str) -> str:
    return f"{_PREFIX}{key}"


def _closed() -> Any:
    """No rule for either direction: nothing passes."""
    return client.V1NetworkPolicy(
        metadata=client.V1ObjectMeta(name=POLICY),
        spec=client.V1NetworkPolicySpec(
            pod_selector=client.V1LabelSelector(match_labels=APP), policy_types=["Ingress", "Egress"]
        ),
    )


def _claim(key: str, session: str) -> Any:
    return client.V1PersistentVolumeClaim(
        metadata=client.V1ObjectMeta(name=_name(key), labels=APP, annotations={SESSION: session}),
        spec=client.V1PersistentVolumeClaimSpec(
            access_modes=["ReadWriteOnce"],
            resources=client.V1VolumeResourceRequirements(requests={"storage": _DISK_SIZE}),
        ),
    )


def _unless_there(create: Any, *given: Any) -> None:
    """Make something that another worker may make at this moment."""
    try:
        create(*given, _request_timeout=_REQUEST_SECONDS)
    except ApiException as error:
        if error.status != 409:
            raise


def _unless_gone(ask: Any, *given: Any, **named: Any) -> Any:
    """What is asked for, or None when it is not there."""
    try:
        return ask(*given, **named, _request_timeout=_REQUEST_SECONDS)
    except ApiException as error:
        if error.status == 404:
            return None
        raise


class _Executed:
    """The connection to a program in a pod: a channel number before each piece."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._errors = ""
        self._said = False

    def send(self, data: bytes) -> None:
        try:
            self._connection.write_stdin(data)
        except (OSError, WebSocketException) as error:
            raise BrokenOff(f"the connection to the pod broke: {error}") from error

    def receive(self, seconds: float) -> bytes | None:
        try:
            self._connection.update(timeout=seconds)
            said: bytes = self._connection.read_stdout(timeout=0)
            self._errors += self._connection.read_stderr(timeout=0).decode(errors="replace")
        except (OSError, WebSocketException):
            return b""
        if said:
            self._said = True
            return said
        return None if self._connection.is_open() else self._end()

    def trouble(self) -> str:
        return self._errors

    def close(self) -> None:
        self._connection.close()

    def _end(self) -> bytes:
        why = self._connection.read_channel(3).decode(errors="replace")
        if not self._said and ("executable file not found" in why or '"127"' in why):
            raise SandboxUnavailable(
                "the image needs bash, git and Python 3.11 or newer: set OXBOW_SANDBOX_IMAGE to one that has "
                "them"
            )
        return b""
