"""Files that people share: images reach the model, everything the workspace, and nothing is lost unsaid."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest

from bot.forge.plumbing import git
from bot.workspace.server import DOWNLOAD
from memory.log.change_events import PullRequestOpened
from memory.log.events import Json, ToolFinished
from memory.log.file_events import FileFetched, FilesShared
from tests.scenarios.shop import FIX, Shop
from tests.support.pictures import png
from tests.support.product import Product
from tests.support.script_model import ScriptModel, calls, in_turn, says


def share(
    oxbow: Product, name: str, content: bytes, text: str, thread: str | None = None, *, mimetype: str = ""
) -> str:
    """Ada shares a file with words, and both of Slack's events are heard, the one without files first."""
    ts = oxbow.workspace.share_file("ada", "general", name, content, text, thread, mimetype=mimetype)
    message = {**oxbow.workspace.message("general", ts), "channel": oxbow.workspace.channel_id("general")}
    if "@Oxbow" in text:
        bare = {key: value for key, value in message.items() if key not in ("files", "subtype")}
        oxbow.listener.message(bare)
    oxbow.listener.message(message)
    return ts


def images(messages: Sequence[Json]) -> list[bytes]:
    blocks = [block for message in messages for block in message["content"] if block["type"] == "image"]
    return [base64.b64decode(block["source"]["data"]) for block in blocks]


def outputs(oxbow: Product, thread: str) -> list[str]:
    events = oxbow.events("general", thread)
    return [event.output for event in events if isinstance(event, ToolFinished)]


def test_an_image_reaches_the_model(oxbow: Product) -> None:
    model = ScriptModel(in_turn(says("A grey square.")))
    thread = share(oxbow, "screen.jpg", png(), "@Oxbow what is this?")
    oxbow.settle(model)
    assert images(model.requests[0].messages) == [png()]
    assert 'name="screen.jpg" type="image/png"' in str(model.requests[0].messages)
    assert oxbow.answers("general", thread) == ["A grey square."]


def test_an_image_of_a_follow_up_reaches_the_running_turn(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow look")

    def script(messages: Sequence[Json]) -> list[Json]:
        if len(messages) == 1:
            share(oxbow, "screen.png", png(), "here", thread, mimetype="image/png")
            return calls("bash", command="echo one")
        return says("Seen.")

    model = ScriptModel(script)
    oxbow.settle(model)
    assert images(model.requests[-1].messages) == [png()]


def test_files_are_in_the_workspace_under_plain_names(oxbow: Product) -> None:
    model = ScriptModel(
        in_turn(calls("bash", command="cd uploads && ls && cat boot.log"), says("It says hello."))
    )
    thread = share(oxbow, "../../etc/boot.log", b"hello\n", "@Oxbow read it")
    share(oxbow, "boot.log", b"another\n", "and this", thread)
    oxbow.settle(model)
    [output] = outputs(oxbow, thread)
    assert output.endswith("boot.log\nhello\n")
    assert output.count("boot.log") == 2


@pytest.mark.parametrize("made", ["sed -i 's/first/fixed/' file", FIX], ids=["left as it is", "committed"])
def test_what_people_share_is_no_part_of_the_change(shop: Shop, made: str) -> None:
    thread = share(shop.oxbow, "boot.log", b"hello\n", "@Oxbow cart: the file is wrong")
    seen = calls("bash", command=f"cat uploads/boot.log && {made} && git status --short")
    shop.oxbow.settle(ScriptModel(in_turn(seen, says("It is right now."))))
    [opened] = shop.events(thread, PullRequestOpened)
    assert git("ls-tree", "-r", "--name-only", opened.head, cwd=shop.bare).split() == ["file"]
    assert "uploads" not in outputs(shop.oxbow, thread)[0]


def test_a_file_that_comes_later_is_there_for_the_next_command(oxbow: Product) -> None:
    thread = oxbow.say("ada", "general", "@Oxbow count")

    def script(messages: Sequence[Json]) -> list[Json]:
        match len(messages):
            case 1:
                share(oxbow, "more.csv", b"a,b\n", "here is more", thread)
                return calls("bash", command="ls")
            case 3:
                return calls("bash", command="cat uploads/more.csv")
            case _:
                return says("Two columns.")

    oxbow.settle(ScriptModel(script))
    assert outputs(oxbow, thread)[-1] == "a,b\n"


def test_what_only_says_that_it_is_an_image_is_a_file(oxbow: Product) -> None:
    model = ScriptModel(in_turn(says("Not an image.")))
    share(oxbow, "screen.png", b"<svg/>", "@Oxbow look", mimetype="image/png")
    oxbow.settle(model)
    assert images(model.requests[0].messages) == []
    assert 'path="/workspace/uploads/screen.png"' in str(model.requests[0].messages)


def test_a_file_that_cannot_be_had_is_told_in_the_thread_and_to_the_model(oxbow: Product) -> None:
    oxbow.workspace.fail_next(DOWNLOAD, "404")
    model = ScriptModel(in_turn(says("I cannot see it.")))
    thread = share(oxbow, "gone.log", b"hello", "@Oxbow read it")
    oxbow.settle(model)
    assert oxbow.answers("general", thread) == [
        ":warning: I could not read gone.log: Slack answered 404.",
        "I cannot see it.",
    ]
    assert 'name="gone.log" missing="Slack answered 404"' in str(model.requests[0].messages)


def test_a_delivery_that_is_repeated_brings_a_file_once(oxbow: Product) -> None:
    thread = share(oxbow, "a.log", b"hello", "@Oxbow read it")
    message = {**oxbow.workspace.message("general", thread), "channel": oxbow.workspace.channel_id("general")}
    oxbow.listener.message(message)
    oxbow.settle(ScriptModel(in_turn(says("Read."))))
    events = oxbow.events("general", thread)
    assert [type(e) for e in events if isinstance(e, FilesShared | FileFetched)] == [FilesShared, FileFetched]


def test_a_file_told_after_its_message_was_answered_is_answered_too(oxbow: Product) -> None:
    ts = oxbow.workspace.share_file("ada", "general", "a.png", png(), "@Oxbow look")
    message = {**oxbow.workspace.message("general", ts), "channel": oxbow.workspace.channel_id("general")}
    oxbow.listener.message({key: value for key, value in message.items() if key != "files"})
    model = ScriptModel(in_turn(says("I see nothing."), says("Now I see.")))
    oxbow.settle(model)
    oxbow.listener.message(message)
    oxbow.settle(model)
    assert images(model.requests[-1].messages) == [png()]
    assert oxbow.answers("general", ts)[-1] == "Now I see."
