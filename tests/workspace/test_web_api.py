"""The Web API, called by Slack's own client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workspace.local import LocalWorkspace
from tests.workspace.fixtures import web_client

GENERAL = "C0GENERAL1"
PRIVATE = "C0PRIVATE1"


def refusal(call: Callable[[], Any]) -> Mapping[str, Any]:
    """The body with which a call is refused."""
    with pytest.raises(SlackApiError) as refused:
        call()
    body = refused.value.response.data
    assert isinstance(body, dict)
    return body


def error(call: Callable[[], Any]) -> str:
    return str(refusal(call)["error"])


class TestTokens:
    def test_the_bot_is_told_who_it_is(self, client: WebClient) -> None:
        answer = client.auth_test()
        assert (answer["user_id"], answer["bot_id"]) == ("U0OXBOWBOT", "B0OXBOWBOT")

    def test_a_wrong_token_is_refused(self, workspace: LocalWorkspace) -> None:
        assert error(WebClient("xoxb-wrong", base_url=workspace.api_url).auth_test) == "invalid_auth"

    def test_no_token_is_refused(self, workspace: LocalWorkspace) -> None:
        assert error(WebClient(base_url=workspace.api_url).auth_test) == "not_authed"

    def test_connections_are_opened_with_the_app_token_alone(self, workspace: LocalWorkspace) -> None:
        client = web_client(workspace)
        assert (
            error(lambda: client.apps_connections_open(app_token=workspace.bot_token))
            == "not_allowed_token_type"
        )

    def test_a_missing_scope_names_what_is_needed_and_what_there_is(self) -> None:
        with LocalWorkspace(scopes=("chat:write", "channels:read")) as workspace:
            client = web_client(workspace)
            body = refusal(lambda: client.reactions_add(channel=GENERAL, timestamp="1.000001", name="eyes"))
        assert body["error"] == "missing_scope"
        assert body["needed"] == "reactions:write"
        assert body["provided"] == "channels:read,chat:write"

    def test_an_unknown_method_is_refused(self, client: WebClient) -> None:
        assert error(lambda: client.api_call("chat.shout")) == "unknown_method"


class TestPosting:
    def test_a_post_is_in_the_channel(self, workspace: LocalWorkspace, client: WebClient) -> None:
        posted = client.chat_postMessage(channel=GENERAL, text="hello")
        assert workspace.messages("general")[-1]["ts"] == posted["ts"]

    def test_a_reply_is_in_the_thread_and_not_in_the_channel(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        root = workspace.post("ada", "general", "question")
        client.chat_postMessage(channel=GENERAL, text="answer", thread_ts=root)
        assert [message["text"] for message in workspace.messages("general", root)] == ["question", "answer"]
        assert [message["text"] for message in workspace.messages("general")] == ["question"]

    def test_a_reply_to_a_reply_belongs_to_the_same_thread(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        root = workspace.post("ada", "general", "question")
        reply = workspace.post("bruno", "general", "hint", root)
        client.chat_postMessage(channel=GENERAL, text="answer", thread_ts=reply)
        assert len(workspace.messages("general", root)) == 3

    def test_a_broadcast_reply_is_in_both(self, workspace: LocalWorkspace, client: WebClient) -> None:
        root = workspace.post("ada", "general", "question")
        client.chat_postMessage(channel=GENERAL, text="answer", thread_ts=root, reply_broadcast=True)
        assert workspace.messages("general")[-1]["subtype"] == "thread_broadcast"

    def test_a_text_over_40_000_characters_is_cut_off_with_a_warning(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        posted = client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
        assert posted["warning"] == "message_truncated"
        assert len(workspace.message("general", posted["ts"])["text"]) == 40_000

    def test_an_ephemeral_message_is_seen_by_one_person_and_in_no_history(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        client.chat_postEphemeral(channel=GENERAL, user="U0ADA00001", text="psst")
        assert [message["text"] for message in workspace.ephemeral("ada")] == ["psst"]
        assert workspace.ephemeral("bruno") == []
        assert client.conversations_history(channel=GENERAL)["messages"] == []

    @pytest.mark.parametrize(
        ("channel", "expected"),
        [
            ("C0NOWHERE1", "channel_not_found"),
            ("C0RANDOM01", "not_in_channel"),
            ("C0ARCHIVE1", "is_archived"),
        ],
    )
    def test_a_post_is_refused_where_the_bot_cannot_write(
        self, client: WebClient, channel: str, expected: str
    ) -> None:
        assert error(lambda: client.chat_postMessage(channel=channel, text="hello")) == expected

    def test_a_post_without_content_is_refused(self, client: WebClient) -> None:
        call = {"channel": GENERAL, "text": ""}
        assert error(lambda: client.api_call("chat.postMessage", json=call)) == "no_text"

    def test_a_reply_to_nothing_is_refused(self, client: WebClient) -> None:
        assert (
            error(lambda: client.chat_postMessage(channel=GENERAL, text="hi", thread_ts="1.000001"))
            == "thread_not_found"
        )

    def test_metadata_has_a_size(self, client: WebClient) -> None:
        metadata = {"event_type": "oxbow_reply", "event_payload": {"key": "x" * 8_000}}
        assert (
            error(lambda: client.chat_postMessage(channel=GENERAL, text="hi", metadata=metadata))
            == "metadata_too_large"
        )

    def test_a_view_has_a_size(self, client: WebClient) -> None:
        view = {"type": "home", "blocks": [], "private_metadata": "x" * 250_000}
        assert error(lambda: client.views_publish(user_id="U0ADA00001", view=view)) == "view_too_large"


class TestChanging:
    def test_an_update_replaces_text_and_blocks(self, workspace: LocalWorkspace, client: WebClient) -> None:
        posted = client.chat_postMessage(channel=GENERAL, text="one", blocks=[{"type": "divider"}])
        client.chat_update(channel=GENERAL, ts=posted["ts"], text="two", blocks=[])
        message = workspace.message("general", posted["ts"])
        assert message["text"] == "two"
        assert "blocks" not in message

    def test_an_update_over_4_000_characters_is_refused(self, client: WebClient) -> None:
        ts = client.chat_postMessage(channel=GENERAL, text="one")["ts"]
        assert error(lambda: client.chat_update(channel=GENERAL, ts=ts, text="x" * 4_001)) == "msg_too_long"

    def test_nobody_changes_the_message_of_another(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        ts = workspace.post("ada", "general", "mine")
        assert (
            error(lambda: client.chat_update(channel=GENERAL, ts=ts, text="yours")) == "cant_update_message"
        )
        assert error(lambda: client.chat_delete(channel=GENERAL, ts=ts)) == "cant_delete_message"

    def test_a_deleted_message_is_gone(self, workspace: LocalWorkspace, client: WebClient) -> None:
        ts = client.chat_postMessage(channel=GENERAL, text="one")["ts"]
        client.chat_delete(channel=GENERAL, ts=ts)
        assert workspace.messages("general") == []
        assert error(lambda: client.chat_update(channel=GENERAL, ts=ts, text="two")) == "message_not_found"

    def test_a_reaction_is_given_once(self, workspace: LocalWorkspace, client: WebClient) -> None:
        ts = workspace.post("ada", "general", "hello")
        eyes = {"channel": GENERAL, "timestamp": ts, "name": "eyes"}
        client.reactions_add(**eyes)
        assert error(lambda: client.reactions_add(**eyes)) == "already_reacted"
        client.reactions_remove(**eyes)
        assert error(lambda: client.reactions_remove(**eyes)) == "no_reaction"


class TestReading:
    def test_replies_come_after_their_root_page_by_page(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        root = workspace.post("ada", "general", "0")
        for number in range(1, 5):
            workspace.post("bruno", "general", str(number), root)
        first = client.conversations_replies(channel=GENERAL, ts=root, limit=3)
        cursor = first["response_metadata"]["next_cursor"]
        second = client.conversations_replies(channel=GENERAL, ts=root, limit=3, cursor=cursor)
        assert [message["text"] for message in first["messages"] + second["messages"]] == list("01234")
        assert second["has_more"] is False

    def test_replies_can_be_asked_for_from_a_time_on(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        root = workspace.post("ada", "general", "root")
        seen = workspace.post("bruno", "general", "seen", root)
        workspace.post("bruno", "general", "new", root)
        answer = client.conversations_replies(channel=GENERAL, ts=root, oldest=seen)
        assert [message["text"] for message in answer["messages"]] == ["root", "new"]

    def test_metadata_is_shown_only_to_who_asks(self, client: WebClient) -> None:
        metadata = {"event_type": "oxbow_reply", "event_payload": {"key": "k1"}}
        ts = client.chat_postMessage(channel=GENERAL, text="answer", metadata=metadata)["ts"]
        plain = client.conversations_replies(channel=GENERAL, ts=ts)["messages"][0]
        full = client.conversations_replies(channel=GENERAL, ts=ts, include_all_metadata=True)["messages"][0]
        assert "metadata" not in plain
        assert full["metadata"] == metadata

    def test_history_is_newest_first(self, workspace: LocalWorkspace, client: WebClient) -> None:
        for text in ("one", "two"):
            workspace.post("ada", "general", text)
        answer = client.conversations_history(channel=GENERAL)
        assert [message["text"] for message in answer["messages"]] == ["two", "one"]

    def test_people_are_known_by_their_kind(self, client: WebClient) -> None:
        assert client.users_info(user="U0GIL00001")["user"]["is_ultra_restricted"]
        assert client.users_info(user="U0SAM00001")["user"]["is_stranger"]
        assert client.users_info(user="U0DEPLOY01")["user"]["is_bot"]
        assert error(lambda: client.users_info(user="U0NOBODY01")) == "user_not_found"


class TestChannels:
    def test_a_public_channel_is_described(self, client: WebClient) -> None:
        channel = client.conversations_info(channel=GENERAL)["channel"]
        assert channel["is_channel"]
        assert channel["is_member"]
        assert not channel["is_private"]

    @pytest.mark.parametrize("channel", [PRIVATE, "G0GROUPDM1", "D0OXBOW001", "C0NOWHERE1"])
    def test_public_scopes_do_not_reach_a_place_that_is_not_public(
        self, client: WebClient, channel: str
    ) -> None:
        assert error(lambda: client.conversations_info(channel=channel)) == "channel_not_found"

    def test_with_the_scope_a_private_channel_is_described(self) -> None:
        with LocalWorkspace(scopes=("groups:read",)) as workspace:
            assert web_client(workspace).conversations_info(channel=PRIVATE)["channel"]["is_private"]

    def test_a_channel_made_private_keeps_its_identifier_and_is_out_of_reach(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        workspace.convert_to_private("general")
        assert workspace.channel_id("general") == GENERAL
        assert error(lambda: client.conversations_info(channel=GENERAL)) == "channel_not_found"

    def test_sharing_is_described(self, workspace: LocalWorkspace, client: WebClient) -> None:
        workspace.share_externally("general", pending=True)
        pending = client.conversations_info(channel=GENERAL)["channel"]
        assert (pending["is_ext_shared"], pending["is_pending_ext_shared"]) == (False, True)
        workspace.share_externally("general")
        assert client.conversations_info(channel=GENERAL)["channel"]["is_ext_shared"]

    def test_the_bot_joins_a_public_channel_and_not_an_archived_one(self, client: WebClient) -> None:
        assert client.conversations_join(channel="C0RANDOM01")["channel"]["is_member"]
        assert error(lambda: client.conversations_join(channel="C0ARCHIVE1")) == "is_archived"

    def test_archiving_takes_the_bot_out(self, workspace: LocalWorkspace, client: WebClient) -> None:
        workspace.archive("general")
        channel = client.conversations_info(channel=GENERAL)["channel"]
        assert (channel["is_archived"], channel["is_member"]) == (True, False)

    def test_the_list_holds_public_channels(self, client: WebClient) -> None:
        listed = client.conversations_list(exclude_archived=True)["channels"]
        assert {"general", "random", "data-platform"} <= {channel["name"] for channel in listed}
        assert not {"salaries", "old-checkout"} & {channel["name"] for channel in listed}

    def test_a_permalink_leads_to_the_message_in_its_thread_on_the_page(
        self, workspace: LocalWorkspace, client: WebClient
    ) -> None:
        root = workspace.post("ada", "general", "root")
        reply = workspace.post("ada", "general", "reply", root)
        link = client.chat_getPermalink(channel=GENERAL, message_ts=reply)["permalink"]
        assert link == (
            f"{workspace.url}/archives/{GENERAL}/p{reply.replace('.', '')}?thread_ts={root}&cid={GENERAL}"
        )


def test_the_bots_own_conversations_are_listed_page_by_page(
    workspace: LocalWorkspace, client: WebClient
) -> None:
    first = client.users_conversations(types="public_channel", exclude_archived=True, limit=3)
    rest = client.users_conversations(
        types="public_channel", exclude_archived=True, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [channel["name"] for channel in [*first["channels"], *rest["channels"]]] == [
        "general",
        "data-platform",
        "shop-backend",
        "help-python",
        "northwind-parcels",
    ]
    assert rest["response_metadata"]["next_cursor"] == ""
