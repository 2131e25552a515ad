"""The network of workspaces: which hosts each repository's may reach, and what was asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TypeAlias

from memory.log.events import SandboxAttached
from memory.log.network_events import NetworkRequest, NetworkUsed
from memory.secrets.mask import SecretMask
from sandbox.door import Doors
from sandbox.egress import EgressProxy
from sandbox.egress_policy import EVERY_REPOSITORY, EgressPolicy
from sandbox.port import Sandbox

Used: TypeAlias = Callable[[str], tuple[NetworkUsed, ...]]
"""What a call asked of the network, as the event to record: one, or none."""


class Network:
    """Opens a way out of a workspace for the time of a call. Closed where no host is named."""

    def __init__(self, policies: Mapping[str, EgressPolicy], secrets: SecretMask) -> None:
        self._policies = policies
        self._secrets = secrets

    @contextmanager
    def opened(
        self,
        sandbox: Sandbox,
        attached: SandboxAttached,
        *,
        epoch: int,
        command: bool,
        only: frozenset[str] | None = None,
    ) -> Iterator[Used]:
        """The hosts of the repository and those of every repository, for a command, while this is open.

        Of these, the channel's choice `only`, as the operator writes them.
        """
        names = {EVERY_REPOSITORY, attached.repository} if command else set()
        named = (host for name, policy in self._policies.items() if name in names for host in policy.hosts)
        hosts = tuple(host for host in named if only is None or host.written in only)
        door = sandbox.door(attached.reference, epoch=epoch) if hosts and isinstance(sandbox, Doors) else None
        if door is None:
            yield lambda _: ()
            return
        with EgressProxy(door, EgressPolicy(hosts=hosts)) as proxy:
            yield lambda call: self._used(proxy, call)

    def _used(self, proxy: EgressProxy, call: str) -> tuple[NetworkUsed, ...]:
        requests, more = proxy.taken()
        if not requests:
            return ()
        noted = tuple(
            NetworkRequest(**asdict(request) | {"path": self._secrets.text(request.path)})
            for request in requests
        )
        return (NetworkUsed(call=call, requests=noted, more=more),)
