"""Which hosts and which addresses a workspace may reach."""

from __future__ import annotations

import pytest

from sandbox.egress_policy import (
    EgressPolicy,
    Host,
    NotAllowed,
    parse_host,
    parse_policies,
    require_public,
)


def policy(*names: str) -> EgressPolicy:
    return EgressPolicy(hosts=tuple(parse_host(name) for name in names))


@pytest.mark.parametrize(
    ("allowed", "name", "port"),
    [
        ("pkgs.example", "pkgs.example", 443),
        ("pkgs.example", "PKGS.Example.", 80),
        ("*.example.org", "a.b.example.org", 443),
        ("git.example.org:8443", "git.example.org", 8443),
    ],
)
def test_a_named_host_is_allowed(allowed: str, name: str, port: int) -> None:
    assert policy(allowed).host(name, port) == parse_host(allowed)


@pytest.mark.parametrize(
    ("allowed", "name", "port"),
    [
        ("pkgs.example", "pkgs.example", 22),
        ("pkgs.example", "notpkgs.example", 443),
        ("pkgs.example", "pkgs.example.example.org", 443),
        ("*.example.org", "example.org", 443),
        ("*.example.org", "badexample.org", 443),
        ("git.example.org:8443", "git.example.org", 443),
    ],
)
def test_any_other_is_refused_by_name(allowed: str, name: str, port: int) -> None:
    with pytest.raises(NotAllowed, match="is not among the hosts"):
        policy(allowed).host(name, port)


def test_without_an_entry_nothing_is_allowed() -> None:
    with pytest.raises(NotAllowed):
        EgressPolicy().host("pkgs.example", 443)


def test_the_entry_with_secrets_goes_before_a_wildcard() -> None:
    secret = Host(name="api.example.org", secrets={"TOKEN": "s"})
    assert EgressPolicy(hosts=(parse_host("*.example.org"), secret)).host("api.example.org", 80) == secret


@pytest.mark.parametrize("text", ["", "*", "10.0.0.1", "2130706433", "a b", "http://x", "x:port", "[::1]"])
def test_what_is_no_name_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="write pkgs"):
        parse_host(text)


PUBLIC = Host(name="x.example.org")
PRIVATE = Host(name="x.example.org", private=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_a_public_address_is_fine(address: str) -> None:
    require_public(PUBLIC, address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "0.0.0.0", "255.255.255.255"),
        *("169.254.169.254", "224.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
        ),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(NotAllowed, match="leads to"):
        require_public(PUBLIC, address)


def test_a_private_host_may_be_in_the_operators_network_and_never_at_its_metadata() -> None:
    require_public(PRIVATE, "10.1.2.3")
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0"):
        with pytest.raises(NotAllowed):
            require_public(PRIVATE, address)


def test_a_secret_does_not_show_in_the_policy() -> None:
    assert "planted" not in repr(Host(name="x", secrets={"TOKEN": "planted"}))


def test_policies_are_read_from_json() -> None:
    named = '{"host": "api.example.org", "secrets": {"TOKEN": "s"}, "private": true}'
    text = f'{{"*": ["pkgs.example"], "cart": [{named}]}}'
    assert parse_policies(text) == {
        "*": policy("pkgs.example"),
        "cart": EgressPolicy(hosts=(Host(name="api.example.org", secrets={"TOKEN": "s"}, private=True),)),
    }


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "planted", '{"a": "pkgs.example"}', '{"a": [1]}', '{"a": [{"name": "x"}]}'),
        *(
            '{"a": [{"host": "x", "secrets": "planted"}]}',
            '{"a": [{"host": "x", "secrets": {"t": "planted"}}]}',
        ),
        *(
            '{"a": [{"host": "x", "secrets": {"TOKEN": "planted\\n"}}]}',
            '{"a": [{"host": "x", "private": 1}]}',
        ),
    ],
)
def test_what_is_no_policy_is_refused_with_the_form_and_without_the_secret(text: str) -> None:
    with pytest.raises(ValueError, match="write ") as refused:
        parse_policies(text)
    assert "planted" not in str(refused.value)
