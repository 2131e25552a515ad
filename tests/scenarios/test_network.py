"""What a thread reaches on the network, and that everything it asked for is in its log."""

from __future__ import annotations

from bot.workspace.people import TEAM
from memory.log.events import ToolFinished
from memory.log.network_events import NetworkUsed
from sandbox.egress_policy import EVERY_REPOSITORY, EgressPolicy, Host
from tests.scenarios.shop import Shop, bash
from tests.support.script_model import says

ASK = bash(
    "curl -s http://named.example.org:1/; curl -s http://other.example.org/; echo ${http_proxy:-closed}"
)
NAMED = Host(name="named.example.org", port=1, private=True)


def test_a_channel_chooses_among_the_operator_s_hosts(shop: Shop) -> None:
    shop.oxbow.egress = {EVERY_REPOSITORY: EgressPolicy(hosts=(NAMED,))}
    thread = shop.ask(ASK, says("They do not answer."))
    [used] = shop.events(thread, NetworkUsed)
    assert [(request.host, request.allowed) for request in used.requests] == [
        ("named.example.org", True),
        ("other.example.org", False),
    ]
    channel = shop.oxbow.workspace.channel_id("general")
    shop.oxbow.settings.set(TEAM, channel, "network", "off", by="U0ADA00001")
    thread = shop.ask(ASK, says("It is closed."))
    assert shop.events(thread, NetworkUsed) == []
    assert [event.output for event in shop.events(thread, ToolFinished)] == ["closed\n"]
