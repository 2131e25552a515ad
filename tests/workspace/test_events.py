"""What the app is told of what happens, place by place."""

from __future__ import annotations

from typing import Any

import pytest

from bot.workspace.local import LocalWorkspace


def told(workspace: LocalWorkspace, count: int) -> list[dict[str, Any]]:
    """The inner events of the first `count` events that the workspace tries to deliver."""
    workspace.wait_for(lambda: len({delivery.key for delivery in workspace.deliveries}) >= count)
    inner = {delivery.key: delivery.payload["event"] for delivery in workspace.deliveries}
    return [*inner.values()][:count]


def kinds(workspace: LocalWorkspace, count: int) -> list[str]:
    return [event.get("subtype", event["type"]) for event in told(workspace, count)]


def nothing_but_a_later_post_is_told(workspace: LocalWorkspace) -> bool:
    """Whether nothing was told so far: the next event is the first."""
    workspace.post("ada", "general", "later")
    return told(workspace, 1)[0].get("text") == "later"


def test_a_message_that_mentions_nobody_is_told_once(workspace: LocalWorkspace) -> None:
    workspace.post("ada", "general", "good morning")
    workspace.post("ada", "general", "anybody?")
    assert [event["text"] for event in told(workspace, 2)] == ["good morning", "anybody?"]


def test_a_mention_in_a_private_channel_is_told_and_its_message_is_not(workspace: LocalWorkspace) -> None:
    workspace.post("ada", "salaries", "@Oxbow who earns most?")
    workspace.post("ada", "general", "hello")
    assert kinds(workspace, 2) == ["app_mention", "message"]


def test_a_direct_message_is_told_only_when_subscribed_to() -> None:
    with LocalWorkspace() as workspace:
        workspace.post("ada", workspace.direct_message("ada"), "@Oxbow help")
        assert nothing_but_a_later_post_is_told(workspace)


@pytest.mark.parametrize("channel", ["random", "mpdm-ada--bruno--oxbow-1"])
def test_a_message_where_the_bot_does_not_listen_is_not_told(workspace: LocalWorkspace, channel: str) -> None:
    workspace.post("ada", channel, "hello")
    assert nothing_but_a_later_post_is_told(workspace)


def test_a_shared_channel_is_marked_on_the_envelope(workspace: LocalWorkspace) -> None:
    workspace.post("sam", "northwind-parcels", "@Oxbow help")
    told(workspace, 2)
    assert all(delivery.payload["is_ext_shared_channel"] for delivery in workspace.deliveries)


def test_a_conversion_to_private_is_not_told(workspace: LocalWorkspace) -> None:
    workspace.convert_to_private("shop-backend")
    assert nothing_but_a_later_post_is_told(workspace)


def test_an_edit_is_told_with_both_texts(workspace: LocalWorkspace) -> None:
    ts = workspace.post("ada", "general", "the bild is red")
    workspace.edit("general", ts, "the build is red")
    changed = told(workspace, 2)[1]
    assert changed["subtype"] == "message_changed"
    assert changed["previous_message"]["text"] == "the bild is red"
    assert changed["message"]["text"] == "the build is red"
    assert changed["message"]["edited"]["user"] == workspace.user_id("ada")


def test_an_edited_mention_is_told_as_a_mention_again(workspace: LocalWorkspace) -> None:
    ts = workspace.post("ada", "general", "@Oxbow helo")
    workspace.edit("general", ts, "@Oxbow hello")
    assert kinds(workspace, 4) == ["app_mention", "message", "message_changed", "app_mention"]
    assert "edited" in told(workspace, 4)[3]


def test_a_preview_is_told_as_a_change_without_another_text(workspace: LocalWorkspace) -> None:
    ts = workspace.post("ada", "general", "see https://example.org")
    workspace.unfurl("general", ts)
    changed = told(workspace, 2)[1]
    assert changed["message"]["text"] == changed["previous_message"]["text"]


def test_a_deletion_is_told(workspace: LocalWorkspace) -> None:
    ts = workspace.post("ada", "general", "secret")
    workspace.delete("general", ts)
    assert told(workspace, 2)[1]["deleted_ts"] == ts


def test_a_deleted_root_with_replies_becomes_a_tombstone(workspace: LocalWorkspace) -> None:
    root = workspace.post("ada", "general", "secret")
    workspace.post("bruno", "general", "reply", root)
    workspace.delete("general", root)
    assert told(workspace, 3)[2]["message"]["subtype"] == "tombstone"
    assert "secret" not in str(workspace.messages("general", root))


def test_a_broadcast_reply_is_told_once_with_its_root(workspace: LocalWorkspace) -> None:
    root = workspace.post("ada", "general", "root")
    workspace.post("ada", "general", "reply", root, broadcast=True)
    assert kinds(workspace, 2) == ["message", "thread_broadcast"]
    assert told(workspace, 2)[1]["root"]["ts"] == root


def test_bots_are_told_with_their_bot_id(workspace: LocalWorkspace) -> None:
    workspace.post("deploybot", "general", "@Oxbow deployed")
    workspace.post_as_integration("general", "deployed", username="Oxbow")
    mention, message, old = told(workspace, 3)
    assert mention["bot_id"] == message["bot_id"] == old["bot_id"] == "B0DEPLOY01"
    assert (old["subtype"], old["username"]) == ("bot_message", "Oxbow")
    assert "user" not in old


def test_reactions_are_told(workspace: LocalWorkspace) -> None:
    ts = workspace.post("ada", "general", "done")
    workspace.react("bruno", "general", ts, "white_check_mark")
    workspace.unreact("bruno", "general", ts, "white_check_mark")
    added, removed = told(workspace, 3)[1:]
    assert (added["type"], removed["type"]) == ("reaction_added", "reaction_removed")
    assert added["item"] == {"type": "message", "channel": "C0GENERAL1", "ts": ts}


def test_what_happens_to_channels_is_told(workspace: LocalWorkspace) -> None:
    workspace.rename("shop-backend", "shop")
    workspace.share_externally("shop")
    workspace.unshare("shop")
    workspace.archive("shop")
    workspace.unarchive("shop")
    workspace.join("oxbow", "shop")
    workspace.delete_channel("shop")
    assert kinds(workspace, 7) == [
        "channel_rename",
        "channel_shared",
        "channel_unshared",
        "channel_archive",
        "channel_unarchive",
        "member_joined_channel",
        "channel_deleted",
    ]


def test_the_opened_home_is_told(workspace: LocalWorkspace) -> None:
    workspace.open_home("ada", tab="messages")
    assert told(workspace, 1)[0]["tab"] == "messages"


def test_any_other_event_can_be_told(workspace: LocalWorkspace) -> None:
    workspace.tell({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}})
    assert kinds(workspace, 1) == ["tokens_revoked"]


def test_slacks_own_stop_button_is_told(workspace: LocalWorkspace) -> None:
    thread = workspace.post("ada", "general", "hello")
    workspace.stop_session("bruno", "general", thread)
    [_, stopped] = told(workspace, 2)
    assert stopped == {
        "type": "agent_session_stopped",
        "channel": "C0GENERAL1",
        "user": workspace.user_id("bruno"),
        "thread_ts": thread,
        "streaming_message_ts": [],
        "event_ts": stopped["event_ts"],
    }
