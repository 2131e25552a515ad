"""Files come from Slack's own hosts alone, whole or not at all."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.slack.errors import SlackUnavailable
from bot.slack.hearing.files import FILE_BYTES, FileRefused, Files, shared_files
from bot.slack.web import SlackWeb
from bot.workspace.local import LocalWorkspace
from bot.workspace.server import DOWNLOAD
from memory.log.events import Json
from memory.log.file_events import SharedFile
from tests.slack.fixtures import Slack


def file(address: str, *, size: int = 5, mimetype: str = "text/plain") -> SharedFile:
    return SharedFile(id="F1", name="a.log", mimetype=mimetype, size=size, address=address)


def posted(workspace: LocalWorkspace, content: bytes, *, stub: bool = False) -> SharedFile:
    """The file as the event of its message tells of it."""
    ts = workspace.share_file("ada", "general", "a.log", content, stub=stub)
    [told] = shared_files(workspace.message("general", ts))
    return told


@pytest.fixture
def files(slack: Slack) -> Files:
    return Files(slack.web, api_url=slack.workspace.api_url)


def test_a_file_is_brought_as_it_is(slack: Slack, files: Files) -> None:
    assert files.fetch(posted(slack.workspace, b"line\n\x00\xff")) == b"line\n\x00\xff"


def test_a_file_that_is_told_by_its_id_alone_is_looked_up(slack: Slack, files: Files) -> None:
    assert files.fetch(posted(slack.workspace, b"line", stub=True)) == b"line"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/files-pri/T1-F1/download/F1",
        "http://127.0.0.1:1/files-pri/T1-F1/download/F1",
        "file:///etc/passwd",
        "external:",
    ],
)
def test_the_token_goes_to_no_other_host(files: Files, address: str) -> None:
    with pytest.raises(FileRefused, match="not kept by Slack"):
        files.fetch(file(address))


@pytest.mark.parametrize(
    "address",
    [
        "https://files.slack.com.evil.example/x",
        "https://evilslack.com/x",
        "https://files.slack.com@evil.example/x",
        "http://files.slack.com/x",
        "https://files.slack.com:8443/x",
        "https://evil.example/files.slack.com",
    ],
)
def test_what_only_looks_like_slack_is_not_slack(slack: Slack, address: str) -> None:
    files = Files(slack.web, api_url="https://slack.com/api/")
    with pytest.raises(FileRefused, match="not kept by Slack"):
        files.fetch(file(address))


def test_the_sign_in_page_is_no_file(slack: Slack) -> None:
    stranger = WebClient("xoxb-other", base_url=slack.workspace.api_url)
    files = Files(SlackWeb(stranger), api_url=slack.workspace.api_url)
    with pytest.raises(FileRefused, match="sign-in page"):
        files.fetch(posted(slack.workspace, b"line"))


def test_an_empty_file_and_one_that_is_too_large_are_refused(slack: Slack, files: Files) -> None:
    with pytest.raises(FileRefused, match="empty"):
        files.fetch(posted(slack.workspace, b""))
    with pytest.raises(FileRefused, match="larger than 20 MB"):
        files.fetch(file("https://x", size=FILE_BYTES + 1))


def test_a_size_that_slack_did_not_tell_is_counted(slack: Slack, files: Files) -> None:
    with pytest.raises(FileRefused, match="larger than 20 MB"):
        files.fetch(posted(slack.workspace, bytes(FILE_BYTES + 1), stub=True))


def test_a_lost_connection_and_a_busy_slack_are_asked_again(slack: Slack, files: Files) -> None:
    told = posted(slack.workspace, b"line")
    slack.workspace.fail_next(DOWNLOAD, "503")
    slack.workspace.lose_next_request(DOWNLOAD)
    for _ in range(2):
        with pytest.raises(SlackUnavailable):
            files.fetch(told)
    assert files.fetch(told) == b"line"


def test_a_file_that_is_gone_is_refused(slack: Slack, files: Files) -> None:
    slack.workspace.fail_next("files.info", "file_not_found")
    with pytest.raises(FileRefused, match="I may not see it"):
        files.fetch(posted(slack.workspace, b"line", stub=True))


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({}, ()),
        ({"files": None}, ()),
        (
            {"files": [{"id": "F1", "mode": "external", "url_private": "https://drive.example/"}]},
            ("external:",),
        ),
        ({"files": [{"id": "F1", "mode": "tombstone"}]}, ("external:",)),
        (
            {"files": [{"id": "F1", "url_private": "https://files.slack.com/a"}]},
            ("https://files.slack.com/a",),
        ),
        ({"files": [{"id": "F1", "file_access": "check_file_info"}]}, ("",)),
    ],
)
def test_what_an_event_tells_of_files(told: Json, known: tuple[str, ...]) -> None:
    assert tuple(file.address for file in shared_files(told)) == known
