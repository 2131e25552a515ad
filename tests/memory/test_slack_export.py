"""A Slack export: threads are rebuilt, and what is not public is never opened."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from memory.errors import ImportProblem
from memory.imports.slack_export import SlackExport
from memory.imports.threads import ImportedThread


def message(ts: str, user: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "ts": ts, "user": user, "text": text} | more


DAYS: dict[str, list[dict[str, Any]]] = {
    "ops/2020-05-01.json": [
        message("100.000001", "U1", "import fails &lt;again&gt;", thread_ts="100.000001"),
        message("101.000001", "U1", "a lonely remark"),
        message("102.000001", "U2", "<@U1> has joined", subtype="channel_join"),
        message("103.000001", "U3", "build passed", thread_ts="100.000001", bot_id="B1"),
    ],
    "ops/2020-05-03.json": [
        message("300.000001", "U1", "thanks <@U2>", thread_ts="100.000001"),
    ],
    "ops/2020-05-02.json": [
        message("200.000001", "U2", "set tz", thread_ts="100.000001", subtype="thread_broadcast"),
        message("201.000001", "UBOT", "I am a bot", thread_ts="100.000001"),
    ],
    "secret/2020-05-01.json": [
        message("1.0", "U1", "salaries", thread_ts="1.0"),
        message("2.0", "U2", "are", thread_ts="1.0"),
    ],
}
LISTS: dict[str, list[dict[str, Any]]] = {
    "channels.json": [{"id": "C1", "name": "ops"}, {"id": "C2", "name": "empty"}],
    "groups.json": [{"id": "G1", "name": "secret"}],
    "dms.json": [{"id": "D1"}, {"id": "D2"}],
    "users.json": [
        {"id": "U1", "profile": {"display_name": "Ada"}},
        {"id": "U2", "profile": {"display_name": ""}, "real_name": "Bob"},
        {"id": "UBOT", "name": "bot", "is_bot": True},
    ],
}


def write(folder: Path, files: dict[str, Any]) -> Path:
    for name, value in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
    return folder


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write(tmp_path / "export", LISTS | DAYS)


def threads(source: SlackExport) -> list[ImportedThread]:
    return [thread for thread in source.threads() if thread is not None]


def test_a_thread_is_rebuilt_over_days_with_names_and_plain_text(export: Path) -> None:
    [thread] = threads(SlackExport(export, workspace_url="https://acme.slack.com/"))
    assert (thread.channel, thread.channel_name, thread.thread) == ("C1", "ops", "100.000001")
    assert [(said.author, said.text) for said in thread.messages] == [
        ("Ada", "import fails <again>"),
        ("Bob", "set tz"),
        ("Ada", "thanks @Bob"),
    ]
    assert thread.permalink == "https://acme.slack.com/archives/C1/p100000001"


def test_what_is_passed_over_is_counted(export: Path) -> None:
    source = SlackExport(export)
    threads(source)
    assert source.skipped == {
        "private channels": 1,
        "direct messages": 2,
        "messages of bots and notices": 3,
        "threads of fewer than two messages": 1,
        "private or externally shared channels": 0,
    }


def test_counts_what_it_will_read_without_counting_it_as_passed_over(export: Path) -> None:
    source = SlackExport(export)
    assert source.count() == len(list(SlackExport(export).threads())) == 2
    assert source.skipped.total() == 0


@pytest.mark.parametrize("mark", ["is_private", "is_ext_shared"])
def test_a_channel_that_is_marked_is_left_out(export: Path, mark: str) -> None:
    write(export, {"channels.json": [{"id": "C1", "name": "ops", mark: True}]})
    assert threads(SlackExport(export)) == []


@pytest.mark.parametrize("prefix", ["", "Acme Slack export/"])
def test_a_zip_reads_like_its_folder(export: Path, tmp_path: Path, prefix: str) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for file in sorted(export.rglob("*.json")):
            archive.write(file, prefix + file.relative_to(export).as_posix())
    assert threads(SlackExport(tmp_path / "export.zip")) == threads(SlackExport(export))


def test_a_message_that_stands_in_two_files_is_read_once(export: Path) -> None:
    write(export, {"ops/2020-05-04.json": DAYS["ops/2020-05-02.json"]})
    assert threads(SlackExport(export)) == threads(SlackExport(write(export, DAYS)))


def test_a_broken_day_is_named_with_its_line(export: Path) -> None:
    write(export, {"ops/2020-05-02.json": '[\n{"ts": "1.0"},\n{oops}\n]'})
    with pytest.raises(ImportProblem, match=r"ops/2020-05-02\.json, line 3 is not JSON"):
        threads(SlackExport(export))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"channels.json": "{}"}, r"channels\.json is not a list of objects"),
        ({"channels.json": "[1]"}, r"channels\.json is not a list of objects"),
        ({"channels.json": '[{"id": "C1"}]'}, "a channel has no `id` or no `name`"),
        ({"ops/2020-05-01.json": '[{"text": "x"}]'}, "a message has no time stamp `ts`"),
    ],
)
def test_a_file_of_another_shape_is_named(export: Path, files: dict[str, str], said: str) -> None:
    write(export, files)
    with pytest.raises(ImportProblem, match=said):
        threads(SlackExport(export))


def test_a_folder_that_is_no_export_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match=r"no channels\.json; give the folder or the \.zip"):
        SlackExport(tmp_path)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_text("no")
    with pytest.raises(ImportProblem, match=r"neither a folder nor a \.zip"):
        SlackExport(tmp_path / "export.zip")
    with pytest.raises(ImportProblem, match=r"neither a folder nor a \.zip"):
        SlackExport(tmp_path / "nowhere")


def test_what_was_said_before_a_channel_was_made_public_is_not_read(export: Path) -> None:
    opened = message("150.000001", "U1", "", subtype="channel_convert_to_public")
    later = [
        message("400.000001", "U1", "export fails", thread_ts="400.000001"),
        message("401.000001", "U2", "set the zone", thread_ts="400.000001"),
    ]
    write(export, {"ops/2020-05-04.json": [opened, *later]})
    read = SlackExport(export)
    assert [thread.thread for thread in read.threads() if thread] == ["400.000001"]
    assert read.skipped["threads from before their channel was public"] == 2
