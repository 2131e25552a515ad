"""What a workspace may reach on the network: names of hosts, and no address that is not public. Pure.

An address is looked at after the name was resolved, and the connection goes to that very address, so neither
a name that points inwards nor one that changes between two look-ups gets anywhere. A redirect is a new
request of the command's own, checked like any other.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAME = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]{3,}")
_FORM = 'write {"*": ["pkgs.example"], "repository": [{"host": "api.example.org", "secrets": {"NAME": "…"}}]}'

EVERY_REPOSITORY = "*"

WEB_PORTS = frozenset({80, 443})
# Well-known prefix of RFC 6052, through which an IPv6 host reaches IPv4 addresses.
_NAT64 = IPv6Network("64:ff9b::/96")


class NotAllowed(Exception):
    """The request is refused; the text says why and what would allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host that may be reached."""

    name: str
    """In lower case; `*.example.org` stands for every name below example.org."""
    port: int | None = None
    """None: the web's two, 80 and 443."""
    private: bool = False
    """Also when its address is not public, as that of a package mirror in the operator's own network."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """Placeholder → secret. A request with any for this host leaves over TLS alone."""

    @property
    def written(self) -> str:
        """The entry as the operator writes it."""
        return self.name if self.port is None else f"{self.name}:{self.port}"

    def covers(self, name: str, port: int) -> bool:
        """Whether this entry allows that destination."""
        if port != self.port and (self.port is not None or port not in WEB_PORTS):
            return False
        if self.name.startswith("*."):
            return name.endswith(self.name[1:])
        return name == self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """The hosts that a workspace may reach; without any it reaches nothing."""

    hosts: tuple[Host, ...] = ()

    def host(self, name: str, port: int) -> Host:
        """The entry that allows the destination. Raises `NotAllowed`."""
        plain = name.lower().removesuffix(".")
        # An entry with secrets first, since a wildcard beside it may cover the same name.
        for host in sorted(self.hosts, key=lambda each: not each.secrets):
            if host.covers(plain, port):
                return host
        raise NotAllowed(f"{name}:{port} is not among the hosts that this workspace may reach")


def parse_policies(text: str) -> dict[str, EgressPolicy]:
    """Policies by repository, from JSON. Raises ValueError with the way out.

    `{"*": ["pkgs.example"], "cart": [{"host": "api.example.org", "secrets": {"T": "…"}, "private": true}]}`
    """
    try:
        found = json.loads(text)
        return {
            name: EgressPolicy(hosts=tuple(_entry(entry) for entry in entries))
            for name, entries in found.items()
        }
    except json.JSONDecodeError as error:
        # Not the text itself: it may hold secrets.
        raise ValueError(f"is not JSON (line {error.lineno}, column {error.colno}); {_FORM}") from None
    except (AttributeError, KeyError, TypeError):
        raise ValueError(f"has another form; {_FORM}") from None


def _entry(entry: object) -> Host:
    match entry:
        case str():
            return parse_host(entry)
        case {"host": str(name), **more} if more.keys() <= {"secrets", "private"}:
            secrets, private = more.get("secrets", {}), more.get("private", False)
            if not isinstance(private, bool) or not isinstance(secrets, dict):
                raise TypeError
            return replace(parse_host(name), secrets=dict(map(_secret, secrets.items())), private=private)
        case _:
            raise TypeError


def _secret(item: tuple[object, object]) -> tuple[str, str]:
    match item:
        case (str(placeholder), str(secret)) if _PLACEHOLDER.fullmatch(placeholder) and secret.isprintable():
            return placeholder, secret
        case _:
            raise TypeError


def parse_host(text: str) -> Host:
    """`pkgs.example`, `*.example.org`, `git.example.org:8443`. Raises ValueError."""
    name, _, port = text.strip().lower().partition(":")
    if not _NAME.fullmatch(name) or (port and not port.isdecimal()) or _is_address(name):
        raise ValueError(
            f"{text!r} is no name of a host; write pkgs.example, *.example.org or git.example.org:8443"
        )
    return Host(name=name, port=int(port) if port else None)


def require_public(host: Host, address: str) -> None:
    """Raises `NotAllowed` for an address to which this host may not lead."""
    found = _plain(ip_address(address))
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        raise NotAllowed(f"{host.name} leads to {address}, an address of this machine's own network")
    if not found.is_global and not host.private:
        raise NotAllowed(f"{host.name} leads to {address}, which is not a public address")


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that stands inside an IPv6 one, if any does."""
    if isinstance(address, IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inside is None and address in _NAT64:
        inside = IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return name.replace(".", "").isdecimal()
    return True
