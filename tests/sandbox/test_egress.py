"""A workspace reaches the hosts that its policy names, by the proxy alone, and every request is noted."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.bubblewrap import Bubblewrap, programs
from sandbox.door import EGRESS, Doors
from sandbox.egress import EgressProxy, EgressRequest
from sandbox.egress_policy import EgressPolicy, Host
from tests.contracts.sandbox_contract import Worker, take, take_over
from tests.sandbox.hosts import LocalHost
from tests.support.web_host import WebHost, certified, made_certificate

NAME = "web.example.org"
CURL = "curl --silent --max-time 20"


@pytest.fixture
def host(tmp_path: Path) -> LocalHost:
    return LocalHost(tmp_path / "root", Bubblewrap(programs()[0]))


@pytest.fixture
def worker(host: LocalHost) -> Worker:
    return take(host)


@pytest.fixture
def web() -> Iterator[WebHost]:
    with WebHost() as web:
        yield web


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the host, and its key, in one file."""
    return made_certificate(tmp_path_factory.mktemp("tls"), NAME)


@pytest.fixture
def secure(certificate: Path) -> Iterator[WebHost]:
    with WebHost(certified(certificate)) as web:
        yield web


@contextmanager
def reaching(
    worker: Worker, *hosts: Host, addresses: tuple[str, ...] = ("127.0.0.1",), trust: Path | None = None
) -> Iterator[EgressProxy]:
    """A proxy for the workspace, for which every name leads to these addresses."""
    assert isinstance(worker.sandbox, Doors)
    door = worker.sandbox.door(worker.reference, epoch=worker.epoch)
    assert door is not None
    context = ssl.create_default_context(cafile=str(trust)) if trust else None
    policy = EgressPolicy(hosts=hosts)
    with EgressProxy(door, policy, resolve=lambda *_: list(addresses), trust=context) as proxy:
        yield proxy


def here(web: WebHost, **more: object) -> Host:
    return Host(name=NAME, port=web.port, private=True, **more)  # type: ignore[arg-type]  # its own fields


def noted(proxy: EgressProxy) -> list[EgressRequest]:
    requests, more = proxy.taken()
    assert more == 0
    return list(requests)


def test_without_a_proxy_there_is_no_network(worker: Worker, web: WebHost) -> None:
    command = f"{CURL} http://127.0.0.1:{web.port}/ || echo none; env | grep -i proxy || echo unset"
    assert worker.output(command) == "none\nunset\n"


def test_a_named_host_answers_and_the_request_is_noted(worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)) as proxy:
        assert worker.output(f"{CURL} http://{NAME}:{web.port}/simple/?token=x") == "hello\n"
    (request,) = noted(proxy)
    assert (request.method, request.host, request.port) == ("GET", NAME, web.port)
    assert (request.path, request.allowed, request.status) == ("/simple/", True, 200)
    assert request.received_bytes > len("hello\n")
    assert web.asked[0].path == "/simple/?token=x"
    assert web.asked[0].headers["Host"] == f"{NAME}:{web.port}"


def test_a_body_is_sent_along(worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)):
        worker.output(f"head -c 300000 /dev/zero | {CURL} --data-binary @- http://{NAME}:{web.port}/upload")
    assert web.asked[0].body == bytes(300_000)


def test_a_tunnel_carries_what_the_proxy_cannot_read(worker: Worker, secure: WebHost) -> None:
    with reaching(worker, here(secure)) as proxy:
        assert worker.output(f"{CURL} --insecure https://{NAME}:{secure.port}/secret/path") == "hello\n"
    (request,) = noted(proxy)
    assert (request.method, request.path, request.status, request.allowed) == ("CONNECT", "", None, True)


def test_a_request_that_outlives_its_command_is_noted(worker: Worker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with reaching(worker, Host(name=NAME, port=port, private=True)) as proxy:
            worker.output(f"curl --silent --max-time 0.3 http://{NAME}:{port}/slow || true")
            (request,) = noted(proxy)
    assert (request.path, request.reason) == ("/slow", "it had not ended when the command did")


def test_another_host_is_refused_with_the_reason_and_noted(worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)) as proxy:
        said = worker.output(
            f"{CURL} http://other.example.org:{web.port}/; {CURL} https://other.example.org/ || echo failed"
        )
    assert "is not among the hosts" in said
    assert said.endswith("failed\n")
    assert [(request.allowed, request.method) for request in noted(proxy)] == [
        (False, "GET"),
        (False, "CONNECT"),
    ]
    assert web.asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "10.0.0.1"])
def test_a_name_that_leads_inwards_is_refused(worker: Worker, web: WebHost, address: str) -> None:
    public = Host(name=NAME, port=web.port)
    with reaching(worker, public, addresses=(address,)) as proxy:
        assert "leads to" in worker.output(f"{CURL} http://{NAME}:{web.port}/")
    assert [request.allowed for request in noted(proxy)] == [False]
    assert web.asked == []


def test_a_name_with_one_address_inwards_is_refused_altogether(worker: Worker, web: WebHost) -> None:
    public = Host(name=NAME, port=web.port)
    with reaching(worker, public, addresses=("93.184.216.34", "127.0.0.1")):
        assert "leads to 127.0.0.1" in worker.output(f"{CURL} http://{NAME}:{web.port}/")


def test_the_address_that_was_checked_is_the_one_that_is_used(worker: Worker, web: WebHost) -> None:
    asked: list[str] = []

    def resolve(name: str, port: int) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    assert isinstance(worker.sandbox, Doors)
    door = worker.sandbox.door(worker.reference, epoch=1)
    assert door is not None
    with EgressProxy(door, EgressPolicy(hosts=(here(web),)), resolve=resolve):
        assert worker.output(f"{CURL} http://{NAME}:{web.port}/") == "hello\n"
    assert asked == [NAME]


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/", "http://other.example.org/", "http://127.0.0.1/"]
)
def test_a_redirect_is_a_request_like_any_other(worker: Worker, web: WebHost, target: str) -> None:
    with reaching(worker, here(web)) as proxy:
        said = worker.output(
            f"{CURL} --location http://{NAME}:{web.port}/redirect/{target};"
            f"env -u no_proxy -u NO_PROXY {CURL} {target}"
        )
    assert "hello" not in said
    assert all(request.host == NAME for request in noted(proxy) if request.allowed)


def test_an_address_instead_of_a_name_is_refused(worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)):
        said = worker.output(f"{CURL} --noproxy '' --proxy $http_proxy http://127.0.0.1:{web.port}/")
    assert "is not among the hosts" in said


def test_what_is_no_http_is_refused(worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)) as proxy:
        said = worker.output("exec 3<>/dev/tcp/127.0.0.1/3128; printf 'EHLO there\\r\\n\\r\\n' >&3; cat <&3")
    assert said.startswith("HTTP/1.1 400")
    assert noted(proxy) == []


# Secrets

SECRET = "planted-secret-of-the-host"


def test_a_placeholder_becomes_the_secret_for_its_host_alone_and_over_tls(
    worker: Worker, web: WebHost, secure: WebHost, certificate: Path
) -> None:
    named = here(secure, secrets={"SHOP_TOKEN": SECRET})
    other = Host(name="other.example.org", port=web.port, private=True)
    with reaching(worker, named, other, trust=Path(f"{certificate}.crt")) as proxy:
        ask = f'{CURL} -H "Authorization: Bearer $SHOP_TOKEN"'
        assert worker.output(f"{ask} http://{NAME}:{secure.port}/api") == "hello\n"
        assert worker.output(f"{CURL} -u me:$SHOP_TOKEN http://{NAME}:{secure.port}/git") == "hello\n"
        assert worker.output(f"{ask} http://other.example.org:{web.port}/") == "hello\n"
        inside = worker.output(
            "env; cat /proc/*/environ /run/oxbow/* 2>/dev/null | tr '\\0' '\\n'; echo $SHOP_TOKEN"
        )
    bearer, basic = (asked.headers["Authorization"] for asked in secure.asked)
    assert bearer == f"Bearer {SECRET}"
    assert basic == "Basic bWU6cGxhbnRlZC1zZWNyZXQtb2YtdGhlLWhvc3Q="
    assert web.asked[0].headers["Authorization"] == "Bearer SHOP_TOKEN"
    assert inside.endswith("SHOP_TOKEN\n")
    assert SECRET not in inside
    assert SECRET not in repr(proxy.taken())


def test_a_host_with_secrets_that_cannot_prove_its_name_gets_none(worker: Worker, secure: WebHost) -> None:
    with reaching(worker, here(secure, secrets={"SHOP_TOKEN": SECRET})):
        said = worker.output(f'{CURL} -H "X-Token: $SHOP_TOKEN" http://{NAME}:{secure.port}/')
    assert "cannot be reached" in said
    assert secure.asked == []


# The door


def test_when_the_proxy_closes_the_next_command_has_no_network(worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)):
        pass
    assert worker.output("env | grep -i proxy || echo unset; ls /run/oxbow") == "unset\nenvironment\n"


def test_a_later_worker_takes_the_place_of_an_earlier_ones_proxy(
    host: LocalHost, worker: Worker, web: WebHost
) -> None:
    with reaching(worker) as early:
        successor = take_over(host, worker)
        with reaching(successor, here(web)):
            early.__exit__(None, None, None)
            assert successor.output(f"{CURL} http://{NAME}:{web.port}/") == "hello\n"


def test_another_session_does_not_see_the_door(host: LocalHost, worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)):
        assert take(host, "another session").output("ls /run/oxbow 2>&1 || echo none").endswith("none\n")


def test_commands_change_nothing_at_their_door(worker: Worker, web: WebHost) -> None:
    with reaching(worker, here(web)):
        attempt = (
            f"rm -f /run/oxbow/{EGRESS}; echo x > /run/oxbow/environment; touch /run/oxbow/new; ls /run/oxbow"
        )
        assert worker.output(f"({attempt}) 2> /dev/null") == f"{EGRESS}\nenvironment\n"
