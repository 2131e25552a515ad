"""Events over Socket Mode, heard by a real Bolt app."""

from __future__ import annotations

from bot.workspace.delivery import DeliveryRules
from bot.workspace.local import LocalWorkspace
from tests.workspace.fixtures import SocketApp


def test_a_mention_arrives_as_mention_and_as_message(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    ts = workspace.post("ada", "general", "@Oxbow the build is red")
    workspace.wait_for(lambda: len(socket_app.events) == 2)
    assert sorted(socket_app.heard) == ["app_mention", "message"]
    assert {event["ts"] for event in socket_app.events} == {ts}
    assert {event["text"] for event in socket_app.events} == {"<@U0OXBOWBOT> the build is red"}


def test_the_two_deliveries_of_one_post_have_two_event_ids(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    workspace.post("ada", "general", "@Oxbow help")
    workspace.wait_for(lambda: len(workspace.acks) == 2)
    assert len({ack.delivery.key for ack in workspace.acks}) == 2


def test_an_acknowledged_event_is_not_delivered_again(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    workspace.post("ada", "general", "one")
    workspace.wait_for(lambda: workspace.acks)
    workspace.post("ada", "general", "two")
    workspace.wait_for(lambda: len(workspace.acks) == 2)
    assert [delivery.attempt for delivery in workspace.deliveries] == [0, 0]


def test_an_event_without_acknowledgement_is_delivered_again() -> None:
    impatient = DeliveryRules(answer_seconds=0.2, retry_delays=(0.0, 0.0))
    with LocalWorkspace(rules=impatient) as workspace, SocketApp(workspace) as app:
        app.refusals = 1
        workspace.post("ada", "general", "hello")
        workspace.wait_for(lambda: app.events)
        assert app.retries[0] == ("1", "timeout")
        assert len({delivery.key for delivery in workspace.deliveries}) == 1


def test_an_event_nobody_takes_is_dropped_after_the_last_retry(workspace: LocalWorkspace) -> None:
    workspace.post("ada", "general", "is anybody there?")
    workspace.wait_for(lambda: workspace.dropped)
    assert [delivery.attempt for delivery in workspace.deliveries] == [0, 1, 2, 3]
    assert {delivery.reason for delivery in workspace.deliveries[1:]} == {"connection_failed"}


def test_an_event_waits_for_an_app_that_connects_before_the_last_retry() -> None:
    with LocalWorkspace(rules=DeliveryRules(retry_delays=(1.0, 1.0, 1.0))) as workspace:
        workspace.post("ada", "general", "hello")
        workspace.wait_for(lambda: workspace.deliveries)
        with SocketApp(workspace) as app:
            workspace.wait_for(lambda: app.heard == ["message"])


def test_the_app_connects_again_after_a_dropped_connection(workspace: LocalWorkspace) -> None:
    with SocketApp(workspace, ping_interval=1.0) as app:
        workspace.drop_connections()
        workspace.wait_for(lambda: workspace.connected)
        workspace.post("ada", "general", "still there?")
        workspace.wait_for(lambda: app.heard == ["message"])


def test_the_app_replaces_its_connection_when_asked_to(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    before = len(workspace.calls_of("apps.connections.open"))
    workspace.refresh_connections()
    workspace.wait_for(lambda: len(workspace.calls_of("apps.connections.open")) > before)
    workspace.wait_for(lambda: workspace.connected)
    workspace.post("ada", "general", "still there?")
    workspace.wait_for(lambda: socket_app.heard == ["message"])


def test_each_event_goes_to_one_of_several_connections(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    with SocketApp(workspace) as second:
        workspace.wait_for(lambda: workspace.connected == 2)
        for number in range(24):
            workspace.post("ada", "general", f"message {number}")
        workspace.wait_for(lambda: len(socket_app.events) + len(second.events) == 24)
        assert socket_app.events
        assert second.events


def test_the_same_envelope_can_be_delivered_twice(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    workspace.post("ada", "general", "hello")
    workspace.wait_for(lambda: workspace.acks)
    workspace.deliver_again(workspace.deliveries[0])
    assert len({delivery.envelope for delivery in workspace.deliveries}) == 1
    assert len(socket_app.events) == 2
    assert socket_app.retries == []


def test_an_event_can_be_delivered_again_as_a_retry(workspace: LocalWorkspace, socket_app: SocketApp) -> None:
    workspace.post("ada", "general", "hello")
    workspace.wait_for(lambda: workspace.acks)
    workspace.deliver_again(workspace.deliveries[0], attempt=2)
    assert socket_app.retries == [("2", "timeout")]


def test_an_acknowledgement_tells_how_long_the_app_took(
    workspace: LocalWorkspace, socket_app: SocketApp
) -> None:
    workspace.post("ada", "general", "hello")
    workspace.wait_for(lambda: workspace.acks)
    assert workspace.acks[0].latency > 0


def test_a_silent_connection_takes_what_is_sent_and_carries_nothing() -> None:
    impatient = DeliveryRules(answer_seconds=0.2, retry_delays=(0.0,))
    with LocalWorkspace(rules=impatient) as workspace, SocketApp(workspace) as app:
        workspace.silence_connections()
        workspace.post("ada", "general", "hello")
        workspace.wait_for(lambda: workspace.dropped)
        assert [delivery.reason for delivery in workspace.deliveries] == ["", "timeout"]
        assert app.events == []
        assert workspace.connected == 1
        app.handler.disconnect()  # type: ignore[no-untyped-call]
        workspace.wait_for(lambda: workspace.connected == 0)
