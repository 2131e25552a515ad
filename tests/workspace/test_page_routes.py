"""The JSON that the page reads and writes, and its live changes."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from bot.workspace.local import LocalWorkspace
from bot.workspace.page_routes import DEEDS


def connection(workspace: LocalWorkspace) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(urlsplit(workspace.url).netloc, timeout=10))


def scene(workspace: LocalWorkspace, person: str) -> dict[str, Any]:
    with connection(workspace) as http:
        http.request("GET", f"/workspace/api/scene?as={person}")
        body: dict[str, Any] = json.loads(http.getresponse().read())
    return body


def do(workspace: LocalWorkspace, deed: str, **given: object) -> tuple[int, dict[str, Any]]:
    with connection(workspace) as http:
        headers = {"Content-Type": "application/json"}
        http.request("POST", f"/workspace/api/{deed}", json.dumps(given), headers)
        response = http.getresponse()
        return response.status, json.loads(response.read())


def changes(response: http.client.HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and body of each live change."""
    kind = ""
    for line in response:
        name, _, value = line.decode().strip().partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def names(seen: dict[str, Any]) -> set[str]:
    return {channel["name"] for channel in seen["channels"]}


def test_everybody_sees_public_channels_and_their_own_private_ones(workspace: LocalWorkspace) -> None:
    assert {"general", "salaries", "random"} <= names(scene(workspace, "ada"))
    assert "salaries" not in names(scene(workspace, "mei"))


def test_a_guest_and_a_stranger_see_their_channels_alone(workspace: LocalWorkspace) -> None:
    assert names(scene(workspace, "gil")) == {"help-python", "Oxbow"}
    assert names(scene(workspace, "sam")) == {"northwind-parcels", "Oxbow"}


def test_the_scene_carries_messages_suggestions_and_the_state_of_the_app(workspace: LocalWorkspace) -> None:
    ts = workspace.post("ada", "general", "hello")
    seen = scene(workspace, "bruno")
    assert seen["messages"]["C0GENERAL1"][0]["ts"] == ts
    assert seen["suggestions"] == ["@Oxbow the build is red"]
    assert seen["connections"] == 0


def test_an_ephemeral_message_is_in_one_scene_alone(workspace: LocalWorkspace) -> None:
    workspace.command("ada", "general", "help")
    assert len(scene(workspace, "ada")["messages"]["C0GENERAL1"]) == 1
    assert scene(workspace, "bruno")["messages"]["C0GENERAL1"] == []


def test_changes_arrive_live_and_only_where_they_may(workspace: LocalWorkspace) -> None:
    with connection(workspace) as http:
        http.request("GET", "/workspace/events?as=bruno")
        live = changes(http.getresponse())
        assert next(live) == ("ready", {})
        workspace.command("ada", "general", "help")  # its failure is told to Ada alone
        ts = workspace.post("ada", "general", "hello")
        workspace.react("ada", "general", ts, "eyes")
        workspace.delete("general", ts)
        seen = [next(live) for _ in range(3)]
    assert [kind for kind, _ in seen] == ["message", "message", "gone"]
    assert seen[0][1]["message"]["text"] == "hello"


def test_a_person_may_do_on_the_page_what_a_test_does_in_python(workspace: LocalWorkspace) -> None:
    posted = do(workspace, "post", user="ada", channel="C0GENERAL1", text="helo")[1]["ts"]
    where = {"user": "ada", "channel": "C0GENERAL1", "ts": posted}
    assert do(workspace, "edit", **where, text="hello") == (200, {})
    assert do(workspace, "react", **where, name="eyes") == (200, {})
    assert do(workspace, "unreact", **where, name="eyes") == (200, {})
    assert workspace.message("general", posted)["text"] == "hello"
    assert do(workspace, "delete", **where) == (200, {})
    assert workspace.messages("general") == []


def test_a_file_is_shared_and_opened_by_those_who_see_its_message(workspace: LocalWorkspace) -> None:
    given = {"user": "ada", "name": "a <b>.html", "content": base64.b64encode(b"<script>").decode()}
    private = do(workspace, "share", **given, channel=workspace.channel_id("salaries"))[1]["ts"]
    [file] = workspace.message("salaries", private)["files"]
    with connection(workspace) as http:
        http.request("GET", f"/workspace/files/{file['id']}?as=ada")
        answer = http.getresponse()
        assert (answer.status, answer.read()) == (200, b"<script>")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20%3Cb%3E.html"
        http.request("GET", f"/workspace/files/{file['id']}?as=mei")
        assert http.getresponse().status == 404
    assert do(workspace, "share", **given | {"content": "%"}, channel="C0GENERAL1")[0] == 400


def test_an_app_that_is_away_is_told_to_the_person(workspace: LocalWorkspace) -> None:
    command = {"user": "ada", "channel": "C0GENERAL1", "name": "/oxbow", "text": "help"}
    assert do(workspace, "command", **command) == (200, {"error": "dispatch_failed"})


def test_a_refusal_says_why(workspace: LocalWorkspace) -> None:
    assert do(workspace, "post", user="ada", channel="C0ARCHIVE1", text="hi") == (
        400,
        {"error": "is_archived"},
    )
    assert "there are: ada" in do(workspace, "post", user="zoe", channel="general", text="hi")[1]["error"]


def test_an_unknown_deed_is_answered_with_those_there_are(workspace: LocalWorkspace) -> None:
    status, body = do(workspace, "shout")
    assert status == 404
    assert body["error"] == f"there are: {', '.join(DEEDS)}"


def test_a_permalink_opens_the_thread_on_the_page(workspace: LocalWorkspace) -> None:
    with connection(workspace) as http:
        http.request("GET", "/archives/C0GENERAL1/p1700000001000002?thread_ts=1700000000.000001")
        location = http.getresponse().headers["location"]
    assert location == "/#/C0GENERAL1/1700000000.000001/1700000001.000002"


def test_the_page_runs_nothing_that_is_not_its_own(workspace: LocalWorkspace) -> None:
    with connection(workspace) as http:
        http.request("GET", "/")
        response = http.getresponse()
        policy = response.headers["content-security-policy"]
        body = response.read().decode()
    assert "default-src 'none'; script-src 'self'" in policy
    assert "<script>" not in body
